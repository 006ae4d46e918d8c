import type { Redis } from 'ioredis'
import { closeRedis } from '../redis.ts'
import { memoryBus } from './bus.ts'
import type { Bus } from './bus.ts'

const CHANNEL = 'latchkey:bus'
const LONGEST_TOPIC = 100
// A connection whose other end vanished without a word is found out by this, and made anew.
const PING_MS = 15_000

/**
 * Wakes the hearers of all processes that share a Redis. It publishes over the given connection, and listens on one of
 * its own: a connection that listens can do nothing else. While Redis is away only this process' hearers are told.
 */
export function redisBus(redis: Redis): Bus {
  const here = memoryBus()
  const listening = redis.duplicate({ lazyConnect: false, enableOfflineQueue: true, autoResubscribe: true })
  listening.on('error', () => {}) // told of by the connection that is shared, and tried again without end
  listening.on('message', (_channel: string, topic: string) => {
    if (topic.length <= LONGEST_TOPIC) here.publish(topic)
  })
  // The first try may fail where Redis is away; each connection that is ready asks anew.
  listening.on('ready', () => void listening.subscribe(CHANNEL).catch(() => {}))
  const pinging = setInterval(() => {
    if (listening.status === 'ready') listening.ping().catch(() => listening.disconnect(true))
  }, PING_MS).unref()

  return {
    publish(topic) {
      here.publish(topic) // heard once more when it comes back from Redis, which does no harm
      redis.publish(CHANNEL, topic).catch(() => {})
    },
    subscribe: here.subscribe,
    async close() {
      clearInterval(pinging)
      await here.close()
      await closeRedis(listening)
    },
  }
}
