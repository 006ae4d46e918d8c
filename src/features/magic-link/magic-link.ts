import type { MagicLink } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'

/**
 * Uses a link up: one conditional write that gives the row to exactly one caller, and null to all others. The link
 * must be unused and not yet expired.
 */
export async function consumeOnce(tx: SystemTx, id: string, now: Date): Promise<MagicLink | null> {
  const [link] = await tx.magicLink.updateManyAndReturn({
    where: { id, consumedAt: null, expiresAt: { gt: now } },
    data: { consumedAt: now },
  })
  return link ?? null
}

/** Why a link cannot be redeemed, for the log alone; null when it can. The caller is told the same in each case. */
export function whyDead(link: MagicLink | null, now: Date): 'unknown' | 'used' | 'expired' | null {
  if (!link) return 'unknown'
  if (link.consumedAt) return 'used'
  return link.expiresAt > now ? null : 'expired'
}
