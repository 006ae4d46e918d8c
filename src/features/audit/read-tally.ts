import type { Origin } from '../../context.ts'
import type { Access, OwnedModelName } from '../../platform/db/types.ts'

/** What a user has read since it was last asked. */
export type ReadCount = {
  userId: string
  rows: number
  /** Ids that were asked for, and are no row of the user's. */
  missing: number
  /** Where the last of it came from. */
  origin: Origin
}

/** Counts in memory, so that no read waits for its being counted. */
export type ReadTally = {
  note(userId: string, access: Access, origin: Origin): void
  /** What was counted since the last call. */
  take(): ReadCount[]
}

/** A person's data. The account's own tables are read by the app at its own pace, and say little. */
const COUNTED: readonly OwnedModelName[] = ['Record']

const MOST_USERS = 100_000

export function openReadTally(): ReadTally {
  let counts = new Map<string, ReadCount>()
  return {
    note(userId, { model, ids, missing = 0 }, origin) {
      // By the ids: a count of rows, which names none, has shown none of them.
      if (!COUNTED.includes(model) || ids.length + missing === 0) return
      const known = counts.get(userId)
      if (!known && counts.size >= MOST_USERS) return
      counts.set(userId, {
        userId,
        rows: (known?.rows ?? 0) + ids.length,
        missing: (known?.missing ?? 0) + missing,
        origin,
      })
    },
    take() {
      const taken = [...counts.values()]
      counts = new Map()
      return taken
    },
  }
}
