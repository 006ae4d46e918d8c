export type TabLocks = {
  /** Hears from now on of locks in other tabs. */
  listen(): void
  /** Tells the other tabs to lock. */
  announce(): void
  /** Hears no more. */
  close(): void
}

const CHANNEL = 'latchkey-encryption'
const LOCK = 'lock'

/**
 * Lets the tabs of one origin lock each other. Who can speak there can at worst lock. Nothing outside of browsers, where
 * an open channel would keep the process alive.
 */
export function joinTabs(lock: () => void): TabLocks {
  let channel: BroadcastChannel | null = null

  function close(): void {
    channel?.close()
    channel = null
  }

  return {
    listen() {
      channel ??= openChannel()
      if (channel) channel.onmessage = (event: unknown) => void (isLock(event) && lock())
    },
    announce() {
      channel ??= openChannel()
      channel?.postMessage(LOCK)
      close() // whoever tells others to lock is locking too
    },
    close,
  }
}

function openChannel(): BroadcastChannel | null {
  if (typeof globalThis.document === 'undefined' || typeof BroadcastChannel === 'undefined') return null
  try {
    return new BroadcastChannel(CHANNEL)
  } catch {
    return null // a browser may forbid it to a page without storage
  }
}

const isLock = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'data' in event && event.data === LOCK
