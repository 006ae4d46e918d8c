/** One count to take from: at most `max` within any `windowMs`, by the server's clock (a sliding window). */
export type Bucket = {
  /** Names the limit and whom it counts, already hashed: no address or token stands in it. */
  key: string
  max: number
  windowMs: number
  /** How much this call takes; 1 unless told. */
  cost?: number
}

/** Where a bucket stands after a call, in the order of the buckets asked for. */
export type BucketState = {
  max: number
  windowMs: number
  remaining: number
  /** Milliseconds until the oldest counted call leaves the window, and `remaining` grows; 0 when none is counted. */
  resetMs: number
}

export type Taken = {
  allowed: boolean
  /** 0 when allowed; else milliseconds until the same call would pass (a whole window for one that never would). */
  retryAfterMs: number
  states: BucketState[]
}

/**
 * The one atomic limiter. Takes from all the buckets or from none; a refused call is not counted. However many calls
 * come at once, and from however many processes that share it, no more than `max` pass within a window.
 */
export type Limiter = {
  take(buckets: readonly Bucket[]): Promise<Taken>
  close(): Promise<void>
}

/** The limiter's store (Redis) cannot be reached. The caller decides between a local limit and refusing. */
export class LimiterUnavailableError extends Error {
  constructor(cause: unknown) {
    super('The store of the limits cannot be reached.', { cause })
    this.name = 'LimiterUnavailableError'
  }
}
