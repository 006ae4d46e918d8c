import type { SystemTx } from '../../platform/db/types.ts'

/**
 * Locks an account's row until the transaction ends, and changes nothing. Whatever changes an account's passkeys takes
 * it first: two that lock in turns would wait for each other.
 */
export async function lockAccount(tx: SystemTx, userId: string): Promise<void> {
  await tx.user.updateMany({ where: { id: userId }, data: { passkeyCount: { increment: 0 } } })
}
