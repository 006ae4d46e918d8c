import { removeInBatches } from '../../platform/jobs.ts'
import type { Job } from '../../platform/jobs.ts'
import { DAY, HOUR } from './requests.ts'

// Longer than any lock that follows from a closed one.
const KEPT_MS = 30 * DAY

/**
 * Closes requests whose time is over, and removes those that were closed a month ago, by the database's clock. They are
 * refused already; this keeps the table small.
 */
export const removeOldRequests: Job = {
  name: 'recovery.remove-old-requests',
  everyMs: HOUR,
  async run({ database }) {
    const { systemDb } = database
    const now = await database.now()
    await systemDb.recoveryRequest.updateMany({
      where: { isOpen: true, expiresAt: { lte: now } },
      data: { isOpen: null, closeReason: 'expired', closedAt: now, usedSlot: null },
    })
    const old = { closedAt: { lt: new Date(now.getTime() - KEPT_MS) } }
    await removeInBatches(
      (take) => systemDb.recoveryRequest.findMany({ where: old, select: { id: true }, take }),
      (ids) => systemDb.recoveryRequest.deleteMany({ where: { id: { in: ids } } }),
    )
  },
}
