import type { FreshStart, Prisma } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'

/** Stops an account's wait for a fresh start, where it is such a one. What was stopped; null when there was nothing. */
export async function stopFreshStart(
  tx: SystemTx,
  userId: string,
  only: Prisma.FreshStartWhereInput,
): Promise<FreshStart | null> {
  const found = await tx.freshStart.findFirst({ where: { AND: only, userId } })
  if (!found) return null
  // The deletion decides: of two that stop the same one, one alone tells of it.
  const { count } = await tx.freshStart.deleteMany({ where: { userId, createdAt: found.createdAt } })
  return count > 0 ? found : null
}
