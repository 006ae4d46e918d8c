import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { logFailedSignIn } from '../sign-in/log-failed-sign-in.ts'

type Failure = {
  /** For the log alone: the caller is told the same for each. */
  reason: string
  /** The account that the try was aimed at, where it is known: the passkey's, or that of the address that was named. */
  account: { userId: string } | { email: string } | null
}

/** Logs a failed sign-in with its reason, for the account that it was aimed at, then gives the refusal to throw. */
export async function refuseLogin(context: Context, { reason, account }: Failure): Promise<AppError> {
  await logFailedSignIn(context, { method: 'PASSKEY', reason, userId: await idOf(context, account) })
  return passkeyInvalid()
}

async function idOf({ services }: Context, account: Failure['account']): Promise<string | null> {
  if (!account || 'userId' in account) return account?.userId ?? null
  const { email } = account
  const named = await services.database.systemDb.user.findUnique({ where: { email }, select: { id: true } })
  return named?.id ?? null
}

/** The one refusal of a passkey that proves nothing here. */
export function passkeyInvalid(): AppError {
  return new AppError(
    'PASSKEY_INVALID',
    'This passkey does not work here. Use another one; signing in by mail goes on working.',
    { field: 'response' },
  )
}
