import type { Log } from './log.ts'

/** Work that an answer does not wait for. */
export type Background = {
  /** Begins the work. What it throws is logged under its name. */
  run(name: string, work: () => Promise<unknown>): void
  /** Resolves once nothing is under way. */
  settled(): Promise<void>
}

/** Most at once: under a flood the rest is left undone, rather than let it fill the memory. */
const MOST_AT_ONCE = 1_000

export function openBackground(log: Log): Background {
  const underWay = new Set<Promise<void>>()
  return {
    run(name, work) {
      if (underWay.size >= MOST_AT_ONCE) return log.warn('background.left-undone', { name })
      const done: Promise<void> = Promise.resolve()
        .then(work)
        .then(
          () => {},
          (error: unknown) => log.error('background.failed', { name, error }),
        )
        .finally(() => underWay.delete(done))
      underWay.add(done)
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
