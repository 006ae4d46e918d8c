import { removeInBatches } from '../../platform/jobs.ts'
import type { Job } from '../../platform/jobs.ts'

const HOUR = 60 * 60_000

/** Removes links an hour after they expired; until then the log can tell a used one from an unknown one. */
export const removeDeadLinks: Job = {
  name: 'magic-link.remove-dead-links',
  everyMs: 10 * 60_000,
  async run({ database: { systemDb }, now }) {
    const before = new Date(now().getTime() - HOUR)
    await removeInBatches(
      (take) => systemDb.magicLink.findMany({ where: { expiresAt: { lt: before } }, select: { id: true }, take }),
      (ids) => systemDb.magicLink.deleteMany({ where: { id: { in: ids } } }),
    )
  },
}
