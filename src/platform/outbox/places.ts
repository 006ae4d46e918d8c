import { within } from './within.ts'

type Parts<Item> = {
  /** How many items are worked on at once. */
  count: number
  /** Takes up to so many items, for nobody else. Fewer taken than seen: others were faster. */
  take(places: number): Promise<{ seen: number; taken: Item[] }>
  work(item: Item): Promise<void>
  onError(error: unknown): void
}

/** A number of places, each with one item that is worked on. */
export type Places = {
  /** Fills the free places with what there is, and goes on as long as there is more. */
  fill(): void
  /** Takes nothing more. */
  close(): void
  /** Waits until nothing is worked on; false when it took longer than `patienceMs`. */
  empty(patienceMs?: number): Promise<boolean>
}

/** Works on items as they come, so many at once. An item that takes long holds up its own place only. */
export function openPlaces<Item>({ count, take, work, onError }: Parts<Item>): Places {
  const occupied = new Set<Promise<void>>()
  let taking: Promise<void> | null = null
  let mayBeMore = false
  let closed = false

  const canTake = () => mayBeMore && !closed && occupied.size < count

  function fill(): void {
    mayBeMore = true
    taking ??= takeAll().finally(() => {
      taking = null
      if (canTake()) fill() // somebody asked at the last moment
    })
  }

  async function takeAll(): Promise<void> {
    while (canTake()) {
      mayBeMore = false
      try {
        const free = count - occupied.size
        const { seen, taken } = await take(free)
        for (const item of taken) begin(item)
        mayBeMore ||= seen === free || taken.length < seen
      } catch (error) {
        onError(error) // the next call of `fill` tries again
      }
    }
  }

  function begin(item: Item): void {
    const done: Promise<void> = work(item)
      .catch(onError)
      .finally(() => {
        occupied.delete(done)
        if (canTake()) fill()
      })
    occupied.add(done)
  }

  async function untilEmpty(): Promise<void> {
    while (taking || occupied.size > 0) await Promise.all([taking, ...occupied])
  }

  return {
    fill,
    close() {
      closed = true
    },
    async empty(patienceMs) {
      const emptied = untilEmpty().then(() => true)
      return patienceMs === undefined ? emptied : within(patienceMs, emptied).catch(() => false)
    },
  }
}
