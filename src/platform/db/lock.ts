export type Lock = {
  /** Waits until all who asked earlier have released; returns the release, which may be called more than once. */
  take(): Promise<() => void>
  /** Runs the work while holding the lock. */
  hold<Result>(work: () => Promise<Result> | Result): Promise<Result>
}

/** A lock within this process: first come, first served. */
export function createLock(): Lock {
  let held = false
  const waiting: (() => void)[] = []

  async function take(): Promise<() => void> {
    if (held) await new Promise<void>((resolve) => waiting.push(resolve))
    held = true
    let released = false
    return () => {
      if (released) return
      released = true
      const next = waiting.shift()
      if (next)
        next() // still held: nobody can come in between
      else held = false
    }
  }

  return {
    take,
    async hold(work) {
      const release = await take()
      try {
        return await work()
      } finally {
        release()
      }
    },
  }
}
