import { removeInBatches } from '../../platform/jobs.ts'
import type { Job } from '../../platform/jobs.ts'

/** Removes challenges that nobody answered in time. They are refused already; this keeps the table small. */
export const removeOldChallenges: Job = {
  name: 'passkeys.remove-old-challenges',
  everyMs: 10 * 60_000,
  async run({ database: { systemDb }, now }) {
    const old = { expiresAt: { lt: now() } }
    await removeInBatches(
      (take) => systemDb.passkeyChallenge.findMany({ where: old, select: { id: true }, take }),
      (ids) => systemDb.passkeyChallenge.deleteMany({ where: { id: { in: ids } } }),
    )
  },
}
