/**
 * Wakes whoever waits for news of a topic, in every process. A message says that there is something new and never what:
 * it is an id of ours, and whoever hears it reads for themselves. It may be lost or come twice, so that hearers look at
 * their own pace besides.
 */
export type Bus = {
  /** Tells all hearers of a topic, in this process at once and in the others soon. Never throws. */
  publish(topic: string): void
  /** Calls `hear` for each message on the topic until the returned function is called. */
  subscribe(topic: string, hear: () => void): () => void
  close(): Promise<void>
}

/** The hearers of one process. */
export function memoryBus(): Bus {
  const hearers = new Map<string, Set<() => void>>()
  return {
    publish(topic) {
      for (const hear of hearers.get(topic) ?? []) hear()
    },
    subscribe(topic, hear) {
      const known = hearers.get(topic) ?? new Set()
      // Each subscription is itself, also where the same function hears twice.
      const own = () => hear()
      hearers.set(topic, known.add(own))
      return () => {
        known.delete(own)
        if (known.size === 0 && hearers.get(topic) === known) hearers.delete(topic)
      }
    },
    close: () => {
      hearers.clear()
      return Promise.resolve()
    },
  }
}
