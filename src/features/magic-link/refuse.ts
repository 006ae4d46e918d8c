import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { logFailedSignIn } from '../sign-in/log-failed-sign-in.ts'

const REFUSALS = {
  LINK_INVALID: 'This link is unknown, used, or too old. Ask for a new one.',
  CODE_INVALID: 'This code is wrong or too old, or another browser asked for it. After five tries a new one is needed.',
} as const

type Failure = {
  code: keyof typeof REFUSALS
  /** For the log alone: the caller is told the same for each reason. */
  reason: string
  /** The address that the link was sent to, where it is known. */
  email?: string | undefined
}

/** Logs a failed try with its reason, for the account that it was aimed at, then gives the refusal to throw. */
export async function refuse(context: Context, failure: Failure): Promise<AppError> {
  const { systemDb } = context.services.database
  const account = failure.email
    ? await systemDb.user.findUnique({ where: { email: failure.email }, select: { id: true } })
    : null
  await logFailedSignIn(context, { method: 'MAGIC_LINK', reason: failure.reason, userId: account?.id ?? null })
  return new AppError(failure.code, REFUSALS[failure.code])
}
