import type { Context } from '../../context.ts'
import type { AuthMethod } from '../../viewer.ts'
import { noteFailure } from '../alerts/note-failure.ts'

type Failure = {
  method: AuthMethod
  /** For the log alone: the caller is told the same for each reason. */
  reason: string
  /** The account that the try was aimed at, where it is known. */
  userId: string | null
}

/** Logs a failed sign-in with its reason, for the account that it was aimed at, and counts it towards a warning. */
export async function logFailedSignIn(context: Context, { method, reason, userId }: Failure): Promise<void> {
  const { services, origin, viewer } = context
  const event = {
    action: 'login.failed',
    userId,
    sessionId: viewer?.session.id ?? null,
    success: false,
    details: { method, reason },
  }
  await services.audit.commit([services.audit.row(event, origin)])
  services.metrics.signIn(method, 'failed')
  noteFailure(context, userId)
}
