import { Redis } from 'ioredis'

/** Told once for each time that Redis goes away, and once when it is back. */
export type RedisListeners = { onAway?: (error: Error) => void; onBack?: () => void }

/**
 * Opens Redis and waits for the first try to connect, whether it succeeds or not. A command fails within a second when
 * Redis is away, instead of waiting for it; the connection comes back by itself.
 */
export async function openRedis(url: string, { onAway, onBack }: RedisListeners = {}): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    // A command that was given up must not run later, when its caller has done something else.
    autoResendUnfulfilledCommands: false,
    // Long enough that a process which was busy with something else does not take its own delay for Redis'.
    commandTimeout: 1_000,
    connectTimeout: 2_000,
    // A peer that vanished without a word is found out, and the connection made anew.
    socketTimeout: 2_000,
    retryStrategy: (tries) => Math.min(50 * 2 ** tries, 2_000),
    // After a failover the old primary answers READONLY until the name leads to the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  })

  let away = false
  const tellAway = (reason: string): void => {
    if (!away) onAway?.(new Error(reason))
    away = true
  }
  // The message alone: a refused sign-in to Redis carries its command, and with it the password.
  redis.on('error', ({ message }: Error) => tellAway(message))
  redis.on('reconnecting', () => tellAway('The connection was closed.'))
  redis.on('ready', () => {
    if (away) onBack?.()
    away = false
  })

  await redis.connect().catch(() => {}) // told by the listener; it keeps trying
  return redis
}

/** Resolves when Redis answers; throws when it does not within a second. */
export async function pingRedis(redis: Redis): Promise<void> {
  await redis.ping()
}

/** Lets the commands under way finish, then closes the connection for good. */
export async function closeRedis(redis: Redis): Promise<void> {
  await redis.quit().catch(() => {})
  redis.disconnect()
}
