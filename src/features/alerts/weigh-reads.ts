import type { Services } from '../../services.ts'
import type { Job } from '../../platform/jobs.ts'
import type { ReadCount } from '../audit/read-tally.ts'
import { announceAlerts, raiseAlert } from './raise-alert.ts'
import { UNUSUAL_READS } from './thresholds.ts'

const [HOUR, DAY] = [60 * 60_000, 24 * 60 * 60_000] as const

/**
 * Adds what was read in this process since the last time to each user's tally of the hour, one write for a user, and
 * warns where the hour stands out. A process that dies takes half a minute's counts with it.
 */
export const weighReads: Job = {
  name: 'alerts.weigh-reads',
  everyMs: 30_000,
  async run(services) {
    for (const count of services.tally.take()) {
      // One user's fault, such as an account that is gone, must not cost the others their counts.
      await weigh(services, count).catch((error: unknown) =>
        services.log.error('alerts.reads-not-weighed', { userId: count.userId, error }),
      )
    }
  },
}

type Hour = { rows: number; missing: number }

async function weigh(services: Services, count: ReadCount): Promise<void> {
  const hour = await addToTally(services, count)
  if (!(await isUnusual(services, count.userId, hour))) return
  const raised = await services.database.systemDb.$transaction(async (tx) => {
    const user = await tx.user.findUnique({ where: { id: count.userId }, select: { id: true, email: true } })
    if (!user) return null
    const onceKey = `records.unusual-access:${services.now().toISOString().slice(0, 10)}`
    return raiseAlert(services, tx, { kind: 'records.unusual-access', user, onceKey, origin: count.origin })
  })
  announceAlerts(services, [raised])
}

function addToTally({ database, now }: Services, { userId, rows, missing }: ReadCount): Promise<Hour> {
  const key = { userId, hour: hourOf(now()) }
  return database.systemDb.accessTally.upsert({
    where: { userId_hour: key },
    create: { ...key, rows, missing },
    update: { rows: { increment: rows }, missing: { increment: missing } },
  })
}

async function isUnusual({ database, now }: Services, userId: string, { rows, missing }: Hour): Promise<boolean> {
  if (missing > UNUSUAL_READS.missing) return true
  if (rows < UNUSUAL_READS.rows) return false
  const hour = hourOf(now())
  const user = await database.systemDb.user.findUnique({ where: { id: userId }, select: { createdAt: true } })
  if (!user || now().getTime() - user.createdAt.getTime() < UNUSUAL_READS.newForMs) return false
  const since = new Date(hour.getTime() - UNUSUAL_READS.pastDays * DAY)
  const { _max: past } = await database.systemDb.accessTally.aggregate({
    where: { userId, hour: { gte: since, lt: hour } },
    _max: { rows: true },
  })
  return rows > UNUSUAL_READS.timesThePast * (past.rows ?? 0)
}

function hourOf(date: Date): Date {
  return new Date(Math.floor(date.getTime() / HOUR) * HOUR)
}
