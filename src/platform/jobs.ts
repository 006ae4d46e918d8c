import type { Services } from '../services.ts'

/** Work that is done again and again. Several processes may do it at once, so it must be harmless when repeated. */
export type Job = { name: string; everyMs: number; run(services: Services): Promise<void> }

export type JobRunner = { stop(): Promise<void> }

/** Runs each job soon after the start and then at its pace, with some jitter, so that processes do not march in step. */
export function startJobs(services: Services, jobs: readonly Job[]): JobRunner {
  const timers = new Map<Job, NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  let stopped = false

  const schedule = (job: Job, delayMs: number) => {
    if (stopped) return
    const timer = setTimeout(() => {
      const done: Promise<void> = runJob(services, job).finally(() => {
        running.delete(done)
        schedule(job, job.everyMs * (0.9 + Math.random() * 0.2))
      })
      running.add(done)
    }, delayMs)
    timers.set(job, timer.unref())
  }

  for (const job of jobs) schedule(job, 10_000 + Math.random() * 20_000)
  return {
    async stop() {
      stopped = true
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all(running)
    },
  }
}

async function runJob(services: Services, job: Job): Promise<void> {
  try {
    await job.run(services)
  } catch (error) {
    services.log.error('job.failed', { job: job.name, error })
  }
}

const BATCH = 1_000

/**
 * Removes rows in batches, so that no statement holds its locks for long: `find` gives the ids of up to `take` rows,
 * `remove` deletes them. Rows that another process removed meanwhile are no error.
 */
export async function removeInBatches(
  find: (take: number) => Promise<{ id: string }[]>,
  remove: (ids: string[]) => Promise<unknown>,
): Promise<number> {
  let removed = 0
  for (;;) {
    const rows = await find(BATCH)
    if (rows.length > 0) await remove(rows.map((row) => row.id))
    removed += rows.length
    if (rows.length < BATCH) return removed
  }
}
