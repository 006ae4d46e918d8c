import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Limiter } from '../../../src/platform/limits/limiter.ts'
import { memoryLimiter } from '../../../src/platform/limits/memory.ts'
import { redisLimiter } from '../../../src/platform/limits/redis.ts'
import { closeRedis, openRedis } from '../../../src/platform/redis.ts'

export const TEST_REDIS_URL = process.env['TEST_REDIS_URL']

/** A clock that stands until it is set. */
export type Clock = { ms: number }

/** Opens a limiter over a store of its own, for one test. */
export type OpenLimiter = (clock: Clock) => Promise<{ limiter: Limiter; close: () => Promise<void> }>

export const openMemory: OpenLimiter = async (clock) => {
  const limiter = memoryLimiter({ now: () => clock.ms })
  return { limiter, close: () => limiter.close() }
}

export const openOnRedis: OpenLimiter = async (clock) => {
  const { prefix, connect, close } = await openTestRedis()
  return { limiter: redisLimiter(await connect(), { prefix, now: () => clock.ms }), close }
}

/** Connections to the test's Redis, and a prefix of the test's own; what stands under it goes away with `close`. */
export async function openTestRedis() {
  const url = TEST_REDIS_URL ?? ''
  const prefix = `test:{${randomUUID()}}:`
  const connections: Redis[] = []
  const connect = async (): Promise<Redis> => {
    const redis = await openRedis(url)
    connections.push(redis)
    return redis
  }
  const close = async (): Promise<void> => {
    const [first] = connections
    const keys = (await first?.keys(`${prefix}*`)) ?? []
    if (keys.length > 0) await first?.del(keys)
    await Promise.all(connections.map(closeRedis))
  }
  return { prefix, connect, close }
}
