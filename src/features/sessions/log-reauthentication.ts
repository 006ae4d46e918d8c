import type { Context } from '../../context.ts'
import type { AuthMethod } from '../../viewer.ts'
import { signedIn } from './signed-in.ts'

/** Logs that the viewer proved themselves again; with a reason, that a try failed. */
export async function logReauthentication(
  context: Context,
  { method, reason }: { method: AuthMethod; reason?: string },
): Promise<void> {
  const { audit } = context.services
  const { user, session } = signedIn(context)
  const event = {
    action: reason ? 'reauthentication.failed' : 'reauthentication.succeeded',
    userId: user.id,
    sessionId: session.id,
    success: !reason,
    details: { method, ...(reason && { reason }) },
  }
  await audit.commit([audit.row(event, context.origin)])
}
