import { describe, expect, onTestFinished, test } from 'vitest'
import type { Bucket, Limiter } from '../../../src/platform/limits/limiter.ts'
import { openMemory, openOnRedis, TEST_REDIS_URL } from './openers.ts'
import type { Clock, OpenLimiter } from './openers.ts'

const HOUR = 3_600_000
const START = 1_700_000_000_000
const three: Bucket = { key: 'three', max: 3, windowMs: HOUR }
const two: Bucket = { key: 'two', max: 2, windowMs: HOUR }

const stores: { name: string; open: OpenLimiter; left: boolean }[] = [
  { name: 'in memory', open: openMemory, left: false },
  { name: 'on Redis', open: openOnRedis, left: !TEST_REDIS_URL },
]

describe.each(stores.filter(({ left }) => !left))('a limiter $name', ({ open }) => {
  const openAt = async (ms: number): Promise<{ limiter: Limiter; clock: Clock }> => {
    const clock = { ms }
    const { limiter, close } = await open(clock)
    onTestFinished(close)
    return { limiter, clock }
  }

  test('L1: of a hundred calls at once against three, three pass', async () => {
    const { limiter } = await openAt(START)
    const taken = await Promise.all(Array.from({ length: 100 }, () => limiter.take([three])))
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(3)
  })

  test('says how many are left, and when the oldest call leaves', async () => {
    const { limiter, clock } = await openAt(START)
    expect(await limiter.take([three])).toEqual({
      allowed: true,
      retryAfterMs: 0,
      states: [{ max: 3, windowMs: HOUR, remaining: 2, resetMs: HOUR }],
    })
    clock.ms += 1_000
    const { states } = await limiter.take([three])
    expect(states).toEqual([{ max: 3, windowMs: HOUR, remaining: 1, resetMs: HOUR - 1_000 }])
  })

  test('tells the exact wait: a millisecond less is refused, and then the call passes', async () => {
    const { limiter, clock } = await openAt(START)
    for (const pause of [0, 10_000, 20_000]) {
      clock.ms = START + pause
      await limiter.take([three])
    }
    clock.ms = START + 30_000
    const { allowed, retryAfterMs, states } = await limiter.take([three])
    expect({ allowed, retryAfterMs }).toEqual({ allowed: false, retryAfterMs: HOUR - 30_000 })
    expect(states).toEqual([{ max: 3, windowMs: HOUR, remaining: 0, resetMs: HOUR - 30_000 }])

    clock.ms += retryAfterMs - 1
    expect((await limiter.take([three])).retryAfterMs).toBe(1)
    clock.ms += 1
    expect((await limiter.take([three])).allowed).toBe(true)
    expect((await limiter.take([three])).retryAfterMs).toBe(10_000)
  })

  test('slides: two full windows cannot meet at an edge', async () => {
    const edge = Math.ceil(START / HOUR) * HOUR
    const { limiter, clock } = await openAt(edge - 1)
    for (let call = 0; call < 3; call += 1) await limiter.take([three])
    clock.ms = edge + 1
    expect((await limiter.take([three])).allowed).toBe(false)
  })

  test('does not count what it refuses', async () => {
    const { limiter, clock } = await openAt(START)
    for (let call = 0; call < 50; call += 1) {
      clock.ms += 1
      await limiter.take([three])
    }
    clock.ms = START + HOUR + 3
    expect((await limiter.take([three])).states[0]?.remaining).toBe(2)
  })

  test('takes from all buckets or from none', async () => {
    const { limiter } = await openAt(START)
    await limiter.take([two])
    await limiter.take([two])
    for (let call = 0; call < 5; call += 1) {
      const taken = await limiter.take([three, two])
      expect(taken.allowed).toBe(false)
      expect(taken.states.map(({ remaining }) => remaining)).toEqual([3, 0])
    }
    expect((await limiter.take([three])).states[0]?.remaining).toBe(2)
  })

  test('takes from both of two buckets in parallel, as many as the narrower allows', async () => {
    const { limiter } = await openAt(START)
    const taken = await Promise.all(Array.from({ length: 60 }, () => limiter.take([three, two])))
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(2)
    expect((await limiter.take([three])).states[0]?.remaining).toBe(0)
  })

  test('waits for the bucket that frees last', async () => {
    const { limiter, clock } = await openAt(START)
    const minute: Bucket = { key: 'minute', max: 1, windowMs: 60_000 }
    await limiter.take([minute])
    clock.ms += 5_000
    await limiter.take([two])
    await limiter.take([two])
    clock.ms += 5_000
    expect((await limiter.take([minute, two])).retryAfterMs).toBe(HOUR - 5_000)
  })

  test('counts a call by its cost, and waits until all of it fits', async () => {
    const { limiter, clock } = await openAt(START)
    const ten: Bucket = { key: 'ten', max: 10, windowMs: HOUR }
    await limiter.take([{ ...ten, cost: 4 }])
    clock.ms += 1_000
    await limiter.take([{ ...ten, cost: 5 }])
    clock.ms += 1_000
    expect((await limiter.take([{ ...ten, cost: 2 }])).retryAfterMs).toBe(HOUR - 2_000)
    expect((await limiter.take([{ ...ten, cost: 6 }])).retryAfterMs).toBe(HOUR - 1_000)
    expect((await limiter.take([{ ...ten, cost: 11 }])).retryAfterMs).toBe(HOUR)
    expect((await limiter.take([ten])).states[0]?.remaining).toBe(0)
  })

  test('keeps buckets apart by their keys', async () => {
    const { limiter } = await openAt(START)
    for (let call = 0; call < 4; call += 1) await limiter.take([three])
    expect((await limiter.take([{ ...three, key: 'another' }])).allowed).toBe(true)
  })

  test('is not fooled by a clock that is set back', async () => {
    const { limiter, clock } = await openAt(START)
    for (let call = 0; call < 2; call += 1) await limiter.take([three])
    clock.ms = START - 10 * HOUR
    expect((await limiter.take([three])).allowed).toBe(true)
    expect((await limiter.take([three])).allowed).toBe(false)
    clock.ms = START + HOUR - 1
    expect((await limiter.take([three])).allowed).toBe(false)
  })

  test('never lets more than a high limit pass in any window, and then opens again', async () => {
    const { limiter, clock } = await openAt(START)
    const many: Bucket = { key: 'many', max: 1_000, windowMs: HOUR }
    const passed: number[] = []
    for (let step = 0; step < 3_000; step += 1) {
      clock.ms += 2_400 // two hours in all, at one and a half times the limit
      if ((await limiter.take([many])).allowed) passed.push(clock.ms)
    }
    const most = Math.max(...passed.map((at, i) => passed.slice(i).filter((later) => later < at + HOUR).length))
    expect(most).toBeLessThanOrEqual(1_000)
    expect(passed.length).toBeGreaterThan(1_950)
  })

  test('refuses to count nonsense', async () => {
    const { limiter } = await openAt(START)
    const nonsense: Bucket[][] = [
      [],
      [three, three],
      [{ ...three, max: 0 }],
      [{ ...three, cost: 0 }],
      [{ ...three, cost: 1.5 }],
      [{ ...three, cost: -1 }],
      [{ ...three, windowMs: Number.NaN }],
    ]
    for (const buckets of nonsense) await expect(limiter.take(buckets)).rejects.toThrow(/bucket|whole number/)
  })

  test('answers as a plain log of calls would, over a thousand random steps', async () => {
    const { limiter, clock } = await openAt(START)
    const random = randomFrom(7)
    const logs = new Map<string, number[]>()
    for (let step = 0; step < 1_000; step += 1) {
      clock.ms += Math.floor(random() * 2_000)
      const buckets = ['a', 'b', 'c']
        .filter(() => random() < 0.6)
        .map((key) => ({
          key,
          max: 1 + (key.charCodeAt(0) % 5) * 4,
          windowMs: key === 'a' ? 10_000 : 30_000,
          cost: 1 + Math.floor(random() * 3),
        }))
      if (buckets.length === 0) continue
      expect(await limiter.take(buckets)).toEqual(takeFromLogs(logs, buckets, clock.ms))
    }
  })
})

// What the limiters must agree with: every call by itself, in order, and nothing clever.
function takeFromLogs(logs: Map<string, number[]>, buckets: readonly Required<Bucket>[], now: number) {
  const live = ({ key, windowMs }: Bucket) => (logs.get(key) ?? []).filter((at) => at + windowMs > now)
  const waits = buckets.map((bucket) => {
    const calls = live(bucket)
    if (calls.length + bucket.cost <= bucket.max) return 0
    const leaving = calls[calls.length + bucket.cost - bucket.max - 1]
    return leaving === undefined ? bucket.windowMs : leaving + bucket.windowMs - now
  })
  const allowed = waits.every((wait) => wait === 0)
  if (allowed)
    for (const bucket of buckets) logs.set(bucket.key, [...live(bucket), ...new Array<number>(bucket.cost).fill(now)])
  const states = buckets.map((bucket) => {
    const [oldest, ...rest] = live(bucket)
    const { max, windowMs } = bucket
    return oldest === undefined
      ? { max, windowMs, remaining: max, resetMs: 0 }
      : { max, windowMs, remaining: max - rest.length - 1, resetMs: oldest + windowMs - now }
  })
  return { allowed, retryAfterMs: Math.max(...waits), states }
}

// Mulberry32: the same steps in every run.
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
