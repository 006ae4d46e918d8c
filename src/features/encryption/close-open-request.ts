import type { Prisma, RecoveryRequest } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'

/** Why a request of recovery was closed. A kind of words in the table: never renamed. */
export type CloseReason = 'completed' | 'cancelled' | 'too-many-tries' | 'expired' | 'superseded'

/**
 * Closes the account's open request of recovery, in a transaction that has locked the account: whatever it has released
 * or would release is worth nothing from then on. It stands here because each change of the keys themselves ends it.
 * `at` by the database's clock. Null when none is open, or not such a one.
 */
export async function closeOpenRequest(
  tx: SystemTx,
  userId: string,
  closeReason: CloseReason,
  at: Date,
  only: Prisma.RecoveryRequestWhereInput = {},
): Promise<RecoveryRequest | null> {
  const [closed] = await tx.recoveryRequest.updateManyAndReturn({
    where: { AND: only, userId, isOpen: true },
    data: { isOpen: null, closeReason, closedAt: at, usedSlot: null },
  })
  return closed ?? null
}
