import { removeInBatches } from '../../platform/jobs.ts'
import type { Job } from '../../platform/jobs.ts'

/** Removes sessions that are past their end or their idle limit. They are refused already; this keeps the table small. */
export const removeDeadSessions: Job = {
  name: 'sessions.remove-dead-sessions',
  everyMs: 10 * 60_000,
  async run({ database: { systemDb }, config, now }) {
    const ago = (ms: number) => new Date(now().getTime() - ms)
    const dead = {
      OR: [
        { expiresAt: { lt: now() } },
        { remembered: false, lastActivityAt: { lt: ago(config.lifetimes.idleMs) } },
        { remembered: true, lastActivityAt: { lt: ago(config.lifetimes.rememberedIdleMs) } },
      ],
    }
    await removeInBatches(
      (take) => systemDb.session.findMany({ where: dead, select: { id: true }, take }),
      // The condition again: a session that was renewed meanwhile stays.
      (ids) => systemDb.session.deleteMany({ where: { id: { in: ids }, ...dead } }),
    )
  },
}
