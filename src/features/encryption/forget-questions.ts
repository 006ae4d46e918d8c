import type { SystemTx } from '../../platform/db/types.ts'

/**
 * Removes an account's security questions and the slots that their answers open, in a transaction that has locked the
 * account. False when none were set.
 */
export async function forgetQuestions(tx: SystemTx, userId: string): Promise<boolean> {
  await tx.keySlot.deleteMany({ where: { userId, kind: 'SECURITY_QUESTIONS' } })
  const { count } = await tx.securityQuestions.deleteMany({ where: { userId } })
  return count > 0
}
