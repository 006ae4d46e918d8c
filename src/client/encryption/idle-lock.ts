export type IdleLock = {
  /** Counts from now on. */
  touch(): void
  /** Counts no more. */
  stop(): void
  /** Whether the time is over: a timer may have slept with the computer. */
  isOver(): boolean
}

// What a timer can count (2^31 - 1 ms), some 24 days.
const LONGEST_MS = 2_147_483_647

/** Calls `lock` when nothing was used for so many minutes; never for 0. */
export function startIdleLock(minutes: number, lock: () => void): IdleLock {
  const idleMs = Math.min(minutes * 60_000, LONGEST_MS)
  let lastUse: number | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  function wait(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (isOver()) lock()
      else if (lastUse !== null) wait(lastUse + idleMs - Date.now())
    }, ms)
    letProcessEnd(timer)
  }

  function isOver(): boolean {
    return lastUse !== null && idleMs > 0 && Date.now() - lastUse >= idleMs
  }

  return {
    touch() {
      const isCounting = lastUse !== null
      lastUse = Date.now()
      if (idleMs > 0 && !isCounting) wait(idleMs)
    },
    stop() {
      lastUse = null
      clearTimeout(timer)
    },
    isOver,
  }
}

/** In Node a timer is an object that keeps the process alive unless it is told not to. */
function letProcessEnd(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref()
}
