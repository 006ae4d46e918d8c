import { removeInBatches } from '../../platform/jobs.ts'
import type { Job } from '../../platform/jobs.ts'

/** Removes lines of the security log that are past the retention time. */
export const removeOldEntries: Job = {
  name: 'audit.remove-old-entries',
  everyMs: 60 * 60_000,
  async run({ database: { systemDb }, config, now }) {
    const before = new Date(now().getTime() - config.lifetimes.auditMs)
    await removeInBatches(
      (take) => systemDb.auditEntry.findMany({ where: { timestamp: { lt: before } }, select: { id: true }, take }),
      (ids) => systemDb.auditEntry.deleteMany({ where: { id: { in: ids } } }),
    )
  },
}
