import type { HighWaterMark } from './vault.ts'

/** Where a device remembers how new the keys were that it has seen. `localStorage` is one. */
export type EncryptionStorage = {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

export type HighWaterMarks = {
  /** The highest that was seen of a user's keys; null when none was. */
  seen(user: string): HighWaterMark | null
  /** Remembers a mark. One that is lower than what is known changes nothing. */
  remember(user: string, mark: HighWaterMark): void
  /** Forgets a user's mark. Throws what the storage does where that goes on holding it. */
  forget(user: string): void
}

/**
 * Remembers the newest keys that this device has seen of each user, so that a server cannot bring old ones back. A
 * storage that is missing, broken or emptied locks nobody out; what this page has seen itself is not forgotten with it.
 */
export function keepHighWaterMarks(storage: EncryptionStorage | null = pageStorage()): HighWaterMarks {
  const memory = new Map<string, HighWaterMark>()

  function seen(user: string): HighWaterMark | null {
    const mark = higher(memory.get(user) ?? null, readMark(storage, user))
    if (mark) memory.set(user, mark)
    return mark
  }

  return {
    seen,
    remember(user, { generation, ringRevision }) {
      const mark = higher(seen(user), { generation, ringRevision })
      if (!mark) return
      memory.set(user, mark)
      try {
        storage?.setItem(keyOf(user), JSON.stringify(mark))
      } catch {
        // Full, or forbidden: memory holds it.
      }
    },
    forget(user) {
      memory.delete(user)
      try {
        storage?.setItem(keyOf(user), JSON.stringify(null))
      } catch (error) {
        if (readMark(storage, user)) throw error
      }
    },
  }
}

const keyOf = (user: string): string => `latchkey:keys-seen:${user}`

/** Where there is one that may be used: a browser can forbid to even name it. */
function pageStorage(): EncryptionStorage | null {
  // Node has one behind a flag only, and warns of it when it is asked for.
  if (typeof globalThis.document === 'undefined') return null
  try {
    return globalThis.localStorage ?? null
  } catch {
    return null
  }
}

function readMark(storage: EncryptionStorage | null, user: string): HighWaterMark | null {
  try {
    const parsed: unknown = JSON.parse(storage?.getItem(keyOf(user)) ?? 'null')
    if (typeof parsed !== 'object' || parsed === null) return null
    const { generation, ringRevision } = parsed as Record<string, unknown> // any object may be asked for its names
    return isCount(generation) && isCount(ringRevision) ? { generation, ringRevision } : null
  } catch {
    return null
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0

/** Each of the two never goes back by itself. */
function higher(a: HighWaterMark | null, b: HighWaterMark | null): HighWaterMark | null {
  if (!a || !b) return a ?? b
  return {
    generation: Math.max(a.generation, b.generation),
    ringRevision: Math.max(a.ringRevision, b.ringRevision),
  }
}
