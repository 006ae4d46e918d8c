import { removeInBatches } from '../../platform/jobs.ts'
import type { Job } from '../../platform/jobs.ts'

const HOUR = 60 * 60_000

/** Removes codes an hour after they expired; until then the log can tell a used one from none. */
export const removeOldCodes: Job = {
  name: 'reauthentication.remove-old-codes',
  everyMs: 10 * 60_000,
  async run({ database: { systemDb }, now }) {
    const old = { expiresAt: { lt: new Date(now().getTime() - HOUR) } }
    await removeInBatches(
      (take) => systemDb.reauthenticationCode.findMany({ where: old, select: { id: true }, take }),
      (ids) => systemDb.reauthenticationCode.deleteMany({ where: { id: { in: ids } } }),
    )
  },
}
