import type { AuthMethod } from '../../viewer.ts'
import { noteFailure } from '../alerts/note-failure.ts'
import type { AuditRow } from '../audit/audit-log.ts'
import type { SignedInContext } from './signed-in.ts'

type Outcome = {
  method: AuthMethod
  /** Why it failed, for the log alone; left out where it succeeded. */
  reason?: string
}

/** The line that tells that the viewer proved themselves again, or tried to. */
export function reauthenticationRow(
  { services, viewer, origin }: SignedInContext,
  { method, reason }: Outcome,
): AuditRow {
  const { user, session } = viewer
  const about = { userId: user.id, sessionId: session.id, tableName: 'sessions', recordId: session.id }
  const action = reason ? 'reauthentication.failed' : 'reauthentication.succeeded'
  const details = { method, ...(reason && { reason }) }
  return services.audit.row({ ...about, action, success: !reason, details }, origin)
}

/** Logs a failed try with its reason, and counts it towards a warning, as a failed sign-in. */
export async function logFailedReauthentication(context: SignedInContext, failure: Required<Outcome>): Promise<void> {
  await context.services.audit.commit([reauthenticationRow(context, failure)])
  noteFailure(context, context.viewer.user.id)
}
