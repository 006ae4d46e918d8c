import { expect, test } from 'vitest'
import type { Bucket } from '../../../src/platform/limits/limiter.ts'
import { memoryLimiter } from '../../../src/platform/limits/memory.ts'

const HOUR = 3_600_000
const bucket = (key: string, max = 3): Bucket => ({ key, max, windowMs: HOUR })

test('forgets what is past its window, a few at each call', async () => {
  const clock = { ms: 1_000 }
  const limiter = memoryLimiter({ now: () => clock.ms })
  for (let key = 0; key < 1_000; key += 1) await limiter.take([bucket(`old ${key}`)])
  expect(limiter.lines()).toBe(1_000)
  clock.ms += HOUR
  for (let call = 0; call < 100; call += 1) await limiter.take([bucket('new', 100)])
  expect(limiter.lines()).toBe(1)
})

test('holds no more than its cap, however many keys come', async () => {
  const limiter = memoryLimiter({ now: () => 1_000, maxLines: 500 })
  for (let key = 0; key < 20_000; key += 1) await limiter.take([bucket(`key ${key}`), bucket(`other ${key}`)])
  expect(limiter.lines()).toBeLessThanOrEqual(501)
})

test('a flood of new keys does not free one that is at its limit', async () => {
  const limiter = memoryLimiter({ now: () => 1_000, maxLines: 500 })
  for (let call = 0; call < 3; call += 1) await limiter.take([bucket('victim')])
  for (let key = 0; key < 20_000; key += 1) await limiter.take([bucket(`flood ${key}`)])
  expect((await limiter.take([bucket('victim')])).allowed).toBe(false)
})

test('a flood in one window does not free a key of another', async () => {
  const limiter = memoryLimiter({ now: () => 1_000, maxLines: 500 })
  await limiter.take([bucket('victim')])
  for (let key = 0; key < 2_000; key += 1) await limiter.take([{ key: `flood ${key}`, max: 1, windowMs: 60_000 }])
  expect((await limiter.take([bucket('victim')])).states[0]?.remaining).toBe(1)
})

test('refused calls make no room and take none', async () => {
  const clock = { ms: 1_000 }
  const limiter = memoryLimiter({ now: () => clock.ms, maxLines: 500 })
  for (let key = 0; key < 600; key += 1) await limiter.take([bucket(`key ${key}`, 1)])
  const before = limiter.lines()
  for (let call = 0; call < 5_000; call += 1) await limiter.take([bucket('key 599', 1), bucket(`fresh ${call}`)])
  expect(limiter.lines()).toBeGreaterThanOrEqual(before - 1)
})

test('a bucket with a high limit keeps a short log', async () => {
  const clock = { ms: 1_000 }
  const limiter = memoryLimiter({ now: () => clock.ms })
  for (let call = 0; call < 50_000; call += 1) {
    clock.ms += 100
    await limiter.take([bucket('busy', 1_000_000)])
  }
  expect(limiter.lines()).toBeLessThanOrEqual(129)
})
