import type { FreshStart, Prisma } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'

/** Stops an account's wait for a fresh start. What was stopped; null when there was nothing. */
export function stopFreshStart(tx: SystemTx, userId: string): Promise<FreshStart | null> {
  return remove(tx, { userId })
}

/** The same by the hash of the token in the link of its mails; null also for one that has run out by `now`. */
export function stopFreshStartByLink(tx: SystemTx, cancelHash: string, now: Date): Promise<FreshStart | null> {
  return remove(tx, { cancelHash, expiresAt: { gt: now } })
}

// The deletion decides: of two that stop the same one, one alone tells of it.
async function remove(tx: SystemTx, where: Prisma.FreshStartWhereInput): Promise<FreshStart | null> {
  const found = await tx.freshStart.findFirst({ where })
  if (!found) return null
  const { userId, createdAt } = found
  const { count } = await tx.freshStart.deleteMany({ where: { userId, createdAt } })
  return count > 0 ? found : null
}
