import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { changeKeys, slotsWritten } from '../encryption/change-keys.ts'
import { closeOpenRequest } from '../encryption/close-open-request.ts'
import { forgetQuestions } from '../encryption/forget-questions.ts'

/** Removes the viewer's security questions; a recovery by them that is open is closed. NOT_FOUND when none are set. */
export async function removeSecurityQuestions(context: Context): Promise<void> {
  const { database } = context.services
  await changeKeys(context, async ({ tx, userId }) => {
    if (!(await forgetQuestions(tx, userId))) throw new AppError('NOT_FOUND', 'No security questions are set.')
    await tx.encryptionKeys.updateMany({ where: { userId }, data: slotsWritten })
    await closeOpenRequest(tx, userId, 'superseded', await database.now(tx), { method: 'SECURITY_QUESTIONS' })
    return {
      action: 'recovery.questions-removed',
      tableName: 'security_questions',
      recordId: userId,
      alert: { kind: 'recovery.questions-removed' },
    }
  })
}
