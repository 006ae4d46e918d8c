import type { Context } from '../../context.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { raiseAlert } from '../alerts/raise-alert.ts'
import type { Alert, RaisedAlert } from '../alerts/raise-alert.ts'
import { slotsWritten } from '../encryption/change-keys.ts'
import { forgetQuestions } from '../encryption/forget-questions.ts'

/**
 * Removes an account's security questions because their owner did not set them, in a transaction that has locked the
 * account: a stranger's answers would be a way in that outlives his session. The alert that tells of it; null where none were set.
 */
export async function takeQuestionsAway(
  { services, viewer, origin }: Context,
  tx: SystemTx,
  user: Alert['user'],
): Promise<RaisedAlert | null> {
  if (!(await forgetQuestions(tx, user.id))) return null
  await tx.encryptionKeys.updateMany({ where: { userId: user.id }, data: slotsWritten })
  const action = 'recovery.questions-removed'
  const sessionId = viewer?.user.id === user.id ? viewer.session.id : null
  const event = { action, userId: user.id, sessionId, tableName: 'security_questions', recordId: user.id }
  const row = services.audit.row({ ...event, details: { by: 'alert' } }, origin)
  await tx.auditEntry.create({ data: row })
  return raiseAlert(services, tx, { kind: action, user, onceKey: `${action}:${row.id}`, origin })
}
