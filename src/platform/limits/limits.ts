import type { Redis } from 'ioredis'
import type { Keyring } from '../crypto/keyring.ts'
import { networkOf } from '../http/network.ts'
import { LimiterUnavailableError } from './limiter.ts'
import type { Bucket, Taken } from './limiter.ts'
import { memoryLimiter } from './memory.ts'
import { redisLimiter } from './redis.ts'

/** Whom a limit counts. */
export type CountedBy = 'address' | 'device' | 'network' | 'user' | 'session'

/** One limit in force. */
export type LimitRow = {
  /** '<group>.<by>': a call names the group, and counts in each of its rows. */
  name: string
  group: string
  by: CountedBy
  max: number
  /** As people write it: '1h'. */
  window: string
  windowMs: number
  /** `shared`: one count for all processes. `local`: each process counts for itself, without a round trip. */
  counted: 'shared' | 'local'
  /** What becomes of a call when the shared store is away: it is counted locally, or refused. */
  storeAway: 'local' | 'refuse'
}

/** Who calls. A row that counts by a user or session is skipped where nobody is signed in. */
export type Caller = {
  ipAddress: string | null
  userId?: string | undefined
  sessionId?: string | undefined
  /** A mail address in its canonical form; needed where a row counts by it. Null: this call names none, and is not counted by it. */
  address?: string | null | undefined
  /** A browser that has proved the address before: the call counts in the rows by device, and in none by address. */
  deviceId?: string | undefined
}

/** A number of things that is worth knowing of when they happen within a window, and that refuses nothing. */
export type Threshold = { name: string; max: number; windowMs: number }

/** To whom something has happened. */
type Whom = { userId: string } | { ipAddress: string | null }

/** All limits, opened. */
export type Limits = {
  rows: readonly LimitRow[]
  /**
   * Counts a call in every row of the group, and in those of every call. Throws LimiterUnavailableError where a row
   * that refuses without its store has lost it. A call that a shared row refuses has counted in the local ones.
   */
  take(group: string, caller: Caller, cost?: number): Promise<Taken>
  /**
   * Counts something that has happened to somebody, over all processes, or in this one where the shared store is away.
   * True when it is the one that fills the threshold.
   */
  fills(threshold: Threshold, whom: Whom): Promise<boolean>
  /** Counts the same way. True for the one that fills the threshold, and for each that finds it full. */
  reaches(threshold: Threshold, whom: Whom): Promise<boolean>
  close(): Promise<void>
}

type LimitsOptions = {
  rows: readonly LimitRow[]
  /** The group whose rows count every call, whatever its own group. */
  everyCall: string
  /** Null: this process is alone, and counts everything itself. */
  redis: Redis | null
  keys: Keyring
  now: () => Date
  /** Begins the keys in Redis; for tests. */
  prefix?: string
}

const REMEMBERED_NETWORKS = 10_000

/** Opens the limits over memory, and over Redis where there is one. It does not close Redis. */
export function openLimits({ rows, everyCall, redis, keys, now, prefix }: LimitsOptions): Limits {
  const local = memoryLimiter({ now: () => now().getTime() })
  const shared = redis ? redisLimiter(redis, prefix === undefined ? {} : { prefix }) : local
  const networkHashes = new Map<string, string>()

  // Hashing costs more than counting, and one network asks often.
  const networkHash = (ipAddress: string | null): string => {
    const known = networkHashes.get(ipAddress ?? '')
    if (known) return known
    const hash = keys.mac('limit-keys', `network:${networkOf(ipAddress)}`)
    if (networkHashes.size >= REMEMBERED_NETWORKS) networkHashes.clear()
    networkHashes.set(ipAddress ?? '', hash)
    return hash
  }

  const idOf = (by: CountedBy, caller: Caller): string | undefined => {
    switch (by) {
      case 'user':
        return caller.userId
      case 'session':
        return caller.sessionId
      case 'network':
        return networkHash(caller.ipAddress)
      case 'device':
        return caller.deviceId && keys.mac('limit-keys', `device:${caller.deviceId}`)
      case 'address':
        if (caller.deviceId) return undefined
        if (caller.address === null) return undefined
        if (!caller.address) throw new Error('A limit by address was asked for without one.')
        return keys.mac('limit-keys', `address:${caller.address}`)
    }
  }

  const bucketsOf = (rowsAsked: readonly LimitRow[], caller: Caller, cost: number): Bucket[] =>
    rowsAsked.flatMap(({ name, by, max, windowMs }) => {
      const id = idOf(by, caller)
      return id === undefined ? [] : [{ key: `${name}:${id}`, max, windowMs, cost }]
    })

  const takeShared = async (rowsAsked: readonly LimitRow[], buckets: readonly Bucket[]): Promise<Taken> => {
    try {
      return await shared.take(buckets)
    } catch (error) {
      const mayGoOn = rowsAsked.every(({ storeAway }) => storeAway === 'local')
      if (error instanceof LimiterUnavailableError && mayGoOn) return local.take(buckets)
      throw error
    }
  }

  const count = async ({ name, max, windowMs }: Threshold, whom: Whom): Promise<Taken> => {
    const id = 'userId' in whom ? whom.userId : networkHash(whom.ipAddress)
    const bucket = { key: `${name}:${id}`, max, windowMs }
    return shared.take([bucket]).catch((error: unknown) => {
      if (error instanceof LimiterUnavailableError) return local.take([bucket])
      throw error
    })
  }

  const groups = byGroup(rows, everyCall, redis !== null)

  return {
    rows,
    take: async (group, caller, cost = 1) => {
      const asked = groups.get(group)
      if (!asked) throw new Error(`There is no limit named ${group}.`)
      const [localBuckets, sharedBuckets] = [
        bucketsOf(asked.local, caller, cost),
        bucketsOf(asked.shared, caller, cost),
      ]
      const first = localBuckets.length > 0 ? await local.take(localBuckets) : NOTHING_TAKEN
      if (!first.allowed || sharedBuckets.length === 0) return first
      const second = await takeShared(asked.shared, sharedBuckets)
      return { ...second, states: [...first.states, ...second.states] }
    },
    fills: async (threshold, whom) => {
      const { allowed, states } = await count(threshold, whom)
      return allowed && states[0]?.remaining === 0
    },
    reaches: async (threshold, whom) => (await count(threshold, whom)).states[0]?.remaining === 0,
    close: () => local.close(),
  }
}

const NOTHING_TAKEN: Taken = { allowed: true, retryAfterMs: 0, states: [] }

// Without a shared store all rows are local, and a call takes from all of them at once or from none.
function byGroup(rows: readonly LimitRow[], everyCall: string, hasStore: boolean) {
  return new Map(
    [...new Set(rows.map(({ group }) => group))].map((name) => {
      const asked = rows.filter(({ group }) => group === name || group === everyCall)
      const isShared = ({ counted }: LimitRow) => hasStore && counted === 'shared'
      return [name, { local: asked.filter((row) => !isShared(row)), shared: asked.filter(isShared) }]
    }),
  )
}
