import { assertCountable, lineMs } from './buckets.ts'
import type { Bucket, BucketState, Limiter } from './limiter.ts'

/** What one bucket remembers: when calls were made, oldest first, and how many at each point. */
type Log = {
  key: string
  at: number[]
  counts: number[]
  used: number
  /** When its last call leaves the window. */
  until: number
  queue: Queue
  older: Log | null
  newer: Log | null
}

/** Logs in the order of their last call, which is the order in which they run out. */
type Queue = { oldest: Log | null; newest: Log | null }

/** The logs of one window's length. Logs at their limit queue apart, so that they are the last to make room. */
type Shelf = { windowMs: number; logs: Map<string, Log>; open: Queue; full: Queue; lines: number }

const LINES_PER_WINDOW = 100_000
const SWEPT_PER_CALL = 16

type MemoryLimiterOptions = {
  /** The clock, in milliseconds. One that is set back stands still until it has caught up. */
  now?: () => number
  /** How many lines of logs are kept at the most for all buckets of one window's length. */
  maxLines?: number
}

/**
 * Counts within this process, in bounded memory. When it is full, the bucket that was used longest ago makes room:
 * first of those that have calls left, then of those at their limit. To free one bucket, an attacker must get
 * `maxLines` calls accepted within its window, each counted against limits of its own.
 */
export function memoryLimiter({ now = Date.now, maxLines = LINES_PER_WINDOW }: MemoryLimiterOptions = {}): Limiter & {
  lines(): number
} {
  const shelves = new Map<number, Shelf>()
  let latest = 0

  const shelfFor = (windowMs: number): Shelf => {
    const known = shelves.get(windowMs)
    if (known) return known
    const made: Shelf = { windowMs, logs: new Map(), open: emptyQueue(), full: emptyQueue(), lines: 0 }
    shelves.set(windowMs, made)
    return made
  }

  const takeNow = (buckets: readonly Bucket[]) => {
    assertCountable(buckets)
    latest = Math.max(latest, Math.floor(now()))
    const time = latest
    const asked = buckets.map((bucket) => {
      const shelf = shelfFor(bucket.windowMs)
      sweep(shelf, time)
      while (shelf.lines >= maxLines) makeRoom(shelf)
      const log = shelf.logs.get(bucket.key)
      if (log) dropPast(shelf, log, time)
      return { bucket, shelf, log }
    })
    const retryAfterMs = Math.max(...asked.map(({ bucket, log }) => waitFor(bucket, log, time)))
    if (retryAfterMs > 0) {
      return { allowed: false, retryAfterMs, states: asked.map(({ bucket, log }) => stateOf(bucket, log, time)) }
    }
    return {
      allowed: true,
      retryAfterMs: 0,
      states: asked.map(({ bucket, shelf }) => stateOf(bucket, count(shelf, bucket, time), time)),
    }
  }

  return {
    take: async (buckets) => takeNow(buckets),
    close: async () => shelves.clear(),
    lines: () => [...shelves.values()].reduce((sum, { lines }) => sum + lines, 0),
  }
}

/** Milliseconds until the bucket has room for the call; 0 when it has. */
function waitFor({ max, windowMs, cost = 1 }: Bucket, log: Log | undefined, time: number): number {
  let used = log?.used ?? 0
  if (used + cost <= max) return 0
  for (const [line, at] of log?.at.entries() ?? []) {
    used -= log?.counts[line] ?? 0
    if (used + cost <= max) return at + windowMs - time
  }
  return windowMs
}

function stateOf({ max, windowMs }: Bucket, log: Log | undefined, time: number): BucketState {
  const oldest = log?.at[0]
  return {
    max,
    windowMs,
    remaining: Math.max(0, max - (log?.used ?? 0)),
    resetMs: oldest === undefined ? 0 : oldest + windowMs - time,
  }
}

function count(shelf: Shelf, bucket: Bucket, time: number): Log {
  const { key, max, windowMs, cost = 1 } = bucket
  const line = lineMs(bucket)
  const at = Math.floor(time / line) * line + line - 1
  const log = shelf.logs.get(key) ?? addLog(shelf, key)

  const last = log.at.length - 1
  if (log.at[last] === at) {
    log.counts[last] = (log.counts[last] ?? 0) + cost
  } else if (last < 0) {
    // Most logs never have a second line, and an array that is pushed to makes room for seventeen.
    log.at = [at]
    log.counts = [cost]
    shelf.lines += 1
  } else {
    log.at.push(at)
    log.counts.push(cost)
    shelf.lines += 1
  }
  log.used += cost
  log.until = at + windowMs
  leave(log)
  join(log.used < max ? shelf.open : shelf.full, log)
  return log
}

function addLog(shelf: Shelf, key: string): Log {
  const log: Log = { key, at: [], counts: [], used: 0, until: 0, queue: shelf.open, older: null, newer: null }
  shelf.logs.set(key, log)
  join(shelf.open, log)
  return log
}

function dropPast(shelf: Shelf, log: Log, time: number): void {
  for (let oldest = log.at[0]; oldest !== undefined && oldest + shelf.windowMs <= time; oldest = log.at[0]) {
    log.at.shift()
    log.used -= log.counts.shift() ?? 0
    shelf.lines -= 1
  }
}

// A few at each call: more leave than come, and no single call pays for a long silence.
function sweep(shelf: Shelf, time: number): void {
  for (const queue of [shelf.open, shelf.full]) {
    for (let swept = 0; swept < SWEPT_PER_CALL && queue.oldest && queue.oldest.until <= time; swept += 1)
      forget(shelf, queue.oldest)
  }
}

function makeRoom(shelf: Shelf): void {
  const leastUseful = shelf.open.oldest ?? shelf.full.oldest
  if (!leastUseful) throw new Error('A shelf counts lines that no log has.')
  forget(shelf, leastUseful)
}

function forget(shelf: Shelf, log: Log): void {
  leave(log)
  shelf.logs.delete(log.key)
  shelf.lines -= log.at.length
}

function emptyQueue(): Queue {
  return { oldest: null, newest: null }
}

function join(queue: Queue, log: Log): void {
  log.queue = queue
  log.older = queue.newest
  if (queue.newest) queue.newest.newer = log
  else queue.oldest = log
  queue.newest = log
}

function leave(log: Log): void {
  if (log.older) log.older.newer = log.newer
  else log.queue.oldest = log.newer
  if (log.newer) log.newer.older = log.older
  else log.queue.newest = log.older
  log.older = null
  log.newer = null
}
