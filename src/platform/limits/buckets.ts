import type { Bucket } from './limiter.ts'

/** How many points in time a log keeps at the most for one bucket. */
const LOG_LENGTH = 128

/**
 * How finely a bucket's log tells its calls apart, in milliseconds. Up to 128 calls are kept each by itself and the
 * limit is exact; above that, calls made within a 128th of the window share a line, and count as made at its end. So
 * a log stays short however high its limit, and still no window ever holds more than `max`.
 */
export function lineMs({ max, windowMs }: Bucket): number {
  return max <= LOG_LENGTH ? 1 : Math.max(1, Math.ceil(windowMs / LOG_LENGTH))
}

/** Throws for buckets that no limiter could count: no bucket, the same key twice, or a number that is not whole and positive. */
export function assertCountable(buckets: readonly Bucket[]): void {
  if (buckets.length === 0) throw new Error('A call must take from one bucket at the least; none was given.')
  if (new Set(buckets.map(({ key }) => key)).size < buckets.length)
    throw new Error('A call names the same bucket twice.')
  for (const { key, max, windowMs, cost = 1 } of buckets) {
    for (const [what, number] of Object.entries({ max, windowMs, cost })) {
      if (!Number.isSafeInteger(number) || number < 1)
        throw new Error(`${what} of ${key} must be a whole number above 0, not ${number}.`)
    }
  }
}
