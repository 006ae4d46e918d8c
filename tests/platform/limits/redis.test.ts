import { connect as connectTo, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LimiterUnavailableError } from '../../../src/platform/limits/limiter.ts'
import type { Bucket } from '../../../src/platform/limits/limiter.ts'
import { redisLimiter } from '../../../src/platform/limits/redis.ts'
import { closeRedis, openRedis, pingRedis } from '../../../src/platform/redis.ts'
import { openTestRedis, TEST_REDIS_URL } from './openers.ts'

const three: Bucket = { key: 'three', max: 3, windowMs: 3_600_000 }

test('a Redis that was never there: a call is unavailable, and nothing crashes or repeats itself', async () => {
  const { told, listeners } = listen()
  const redis = await openRedis('redis://127.0.0.1:1', listeners)
  onTestFinished(() => closeRedis(redis))
  const limiter = redisLimiter(redis)
  for (let call = 0; call < 20; call += 1) await expect(limiter.take([three])).rejects.toThrow(LimiterUnavailableError)
  await expect(pingRedis(redis)).rejects.toThrow()
  expect(told).toEqual(['away'])
})

describe.skipIf(!TEST_REDIS_URL)('on Redis', () => {
  test('L1: of a hundred calls through two processes against three, three pass', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    const one = redisLimiter(await connect(), { prefix })
    const other = redisLimiter(await connect(), { prefix })
    const taken = await Promise.all(Array.from({ length: 100 }, (_, call) => (call % 2 ? one : other).take([three])))
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(3)
  })

  test('counts by the server clock, and every key runs out by itself', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    const redis = await connect()
    const limiter = redisLimiter(redis, { prefix })
    await limiter.take([three])
    await limiter.take([three])
    await limiter.take([three])
    const { allowed, retryAfterMs } = await limiter.take([three])
    expect(allowed).toBe(false)
    expect(retryAfterMs).toBeGreaterThan(3_500_000)
    expect(retryAfterMs).toBeLessThanOrEqual(3_600_000)
    const ttl = await redis.pttl(`${prefix}three`)
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(3_600_000)
  })

  test('a refused call writes nothing', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    const redis = await connect()
    const limiter = redisLimiter(redis, { prefix })
    const one = { ...three, key: 'one', max: 1 }
    await limiter.take([one])
    await limiter.take([one, three])
    expect(await redis.exists(`${prefix}three`)).toBe(0)
  })

  test('works on after the server forgot the script', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    const redis = await connect()
    const limiter = redisLimiter(redis, { prefix })
    await limiter.take([three])
    await redis.script('FLUSH')
    expect((await limiter.take([three])).states[0]?.remaining).toBe(1)
  })

  test('a key that holds something else is unavailable, not free', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    const redis = await connect()
    await redis.set(`${prefix}three`, 'text')
    await expect(redisLimiter(redis, { prefix }).take([three])).rejects.toThrow(LimiterUnavailableError)
  })

  test('a line that goes silent, then breaks, then heals: unavailable, unavailable, counted on', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    await connect() // cleans up
    const line = await openLine(new URL(TEST_REDIS_URL ?? ''))
    onTestFinished(line.close)
    const { told, listeners } = listen()
    const redis = await openRedis(line.url, listeners)
    onTestFinished(() => closeRedis(redis))
    const limiter = redisLimiter(redis, { prefix })
    expect((await limiter.take([three])).states[0]?.remaining).toBe(2)

    line.silence()
    await expect(limiter.take([three])).rejects.toThrow(LimiterUnavailableError)
    line.break()
    await expect.poll(() => told).toEqual(['away'])
    await expect(limiter.take([three])).rejects.toThrow(LimiterUnavailableError)

    line.heal()
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['away', 'back'])
    expect((await limiter.take([three])).allowed).toBe(true)
  })
})

// Listeners that keep what they are told.
function listen() {
  const told: string[] = []
  return { told, listeners: { onAway: () => told.push('away'), onBack: () => told.push('back') } }
}

// A line to Redis that can be silenced, broken and healed.
async function openLine(target: URL) {
  let state: 'whole' | 'broken' = 'whole'
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    if (state === 'broken') return void near.destroy()
    const far = connectTo(Number(target.port || 6379), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The line has no port.')
  const breakAll = () => {
    state = 'broken'
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  return {
    url: `redis://127.0.0.1:${address.port}${target.pathname}`,
    silence: () => sockets.forEach((socket) => socket.unpipe().pause()),
    break: breakAll,
    heal: () => {
      state = 'whole'
    },
    close: async () => {
      breakAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
