import { removeInBatches } from '../../platform/jobs.ts'
import type { Job } from '../../platform/jobs.ts'
import { UNUSUAL_READS } from './thresholds.ts'

const DAY = 24 * 60 * 60_000

/** Removes alerts that are as old as the security log may get, and tallies of reads that nothing is held against any more. */
export const removeOldAlerts: Job = {
  name: 'alerts.remove-old-alerts',
  everyMs: 60 * 60_000,
  async run({ database: { systemDb }, config, now }) {
    const ago = (ms: number) => new Date(now().getTime() - ms)
    const old = { createdAt: { lt: ago(config.lifetimes.auditMs) } }
    await removeInBatches(
      (take) => systemDb.securityAlert.findMany({ where: old, select: { id: true }, take }),
      (ids) => systemDb.securityAlert.deleteMany({ where: { id: { in: ids } } }),
    )
    // An hour's worth at each time: one row for each user who was active in it.
    await systemDb.accessTally.deleteMany({ where: { hour: { lt: ago((UNUSUAL_READS.pastDays + 1) * DAY) } } })
  },
}
