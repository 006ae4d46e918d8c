import type { Redis } from 'ioredis'
import { assertCountable, lineMs } from './buckets.ts'
import { LimiterUnavailableError } from './limiter.ts'
import type { Bucket, Limiter, Taken } from './limiter.ts'

/**
 * One call, whole: looks at every bucket, and writes to all of them or to none. A bucket is a list of pairs (when, how
 * many), oldest first, with the same rules as in memory. A server whose clock was set back counts from the bucket's
 * last call on. ARGV: a test's clock or '', then for each key max, window, line and cost.
 */
const TAKE = `
local clock = tonumber(ARGV[1])
if not clock then
  local time = redis.call('TIME')
  clock = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function text(number) return string.format('%.0f', number) end

local buckets, retryAfter = {}, 0
for i, key in ipairs(KEYS) do
  local max, window, line, cost = tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1]), tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 1])
  local log = redis.call('LRANGE', key, 0, -1)
  local last = tonumber(log[#log - 1])
  local now = clock
  if last then now = math.max(clock, last - line + 1) end

  local past, used, oldest = 0, 0, nil
  for n = 1, #log, 2 do
    if tonumber(log[n]) + window <= now then
      past = past + 2
    else
      oldest = oldest or tonumber(log[n])
      used = used + tonumber(log[n + 1])
    end
  end

  if used + cost > max then
    local wait, left = window, used
    for n = past + 1, #log, 2 do
      left = left - tonumber(log[n + 1])
      if left + cost <= max then
        wait = tonumber(log[n]) + window - now
        break
      end
    end
    retryAfter = math.max(retryAfter, wait)
  end
  buckets[i] = { key = key, window = window, cost = cost, line = line, now = now, past = past, used = used, oldest = oldest,
    last = last, lastCount = tonumber(log[#log]), live = #log - past }
end

local answer = { retryAfter }
for _, bucket in ipairs(buckets) do
  if retryAfter == 0 then
    if bucket.past > 0 then redis.call('LTRIM', bucket.key, bucket.past, -1) end
    local at = math.floor(bucket.now / bucket.line) * bucket.line + bucket.line - 1
    if bucket.live > 0 and bucket.last == at then
      redis.call('LSET', bucket.key, -1, text(bucket.lastCount + bucket.cost))
    else
      redis.call('RPUSH', bucket.key, text(at), text(bucket.cost))
    end
    redis.call('PEXPIRE', bucket.key, text(at + bucket.window - clock))
    bucket.used = bucket.used + bucket.cost
    bucket.oldest = bucket.oldest or at
  end
  answer[#answer + 1] = bucket.used
  answer[#answer + 1] = bucket.oldest and (bucket.oldest + bucket.window - bucket.now) or 0
end
return answer
`

type RedisLimiterOptions = {
  /** The keys share a hash tag, so that a cluster keeps them on one node and the script may reach them all. */
  prefix?: string
  /** A test's clock. Without it the clock is the server's, one for all processes. */
  now?: () => number
}

type TakeCommand = { takeFromBuckets(keys: number, ...keysAndNumbers: (string | number)[]): Promise<number[]> }

/**
 * Counts in Redis, for all processes that share it; one round trip a call. It does not own the connection, and closing
 * it leaves that open. Every failure to count is a LimiterUnavailableError.
 */
export function redisLimiter(redis: Redis, { prefix = 'latchkey:{limits}:', now }: RedisLimiterOptions = {}): Limiter {
  redis.defineCommand('takeFromBuckets', { lua: TAKE })
  const commands = redis as Redis & TakeCommand // defineCommand has just added it; its type cannot tell

  return {
    take: async (buckets) => {
      assertCountable(buckets)
      const keys = buckets.map(({ key }) => prefix + key)
      const numbers = buckets.flatMap((bucket) => [bucket.max, bucket.windowMs, lineMs(bucket), bucket.cost ?? 1])
      const answer = await commands
        .takeFromBuckets(keys.length, ...keys, now?.() ?? '', ...numbers)
        .catch((error: unknown) => {
          throw new LimiterUnavailableError(error)
        })
      return readAnswer(buckets, answer)
    },
    close: async () => {},
  }
}

function readAnswer(buckets: readonly Bucket[], [retryAfterMs = 0, ...pairs]: readonly number[]): Taken {
  const states = buckets.map(({ max, windowMs }, i) => {
    const [used = max, resetMs = windowMs] = pairs.slice(2 * i)
    return { max, windowMs, remaining: Math.max(0, max - used), resetMs }
  })
  return { allowed: retryAfterMs === 0, retryAfterMs, states }
}
