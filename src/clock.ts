/** A clock that never goes back, whatever happens to the machine's: a time once passed stays passed. */
export function steadyClock(clock: () => Date = () => new Date()): () => Date {
  let latest = 0
  return () => {
    latest = Math.max(latest, clock().getTime())
    return new Date(latest)
  }
}
