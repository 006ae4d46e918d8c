/**
 * A clock that never goes back and never stands still, whatever happens to the machine's: where that is set back, time
 * goes on from where it was, by the time that has really passed.
 */
export function steadyClock(
  clock: () => Date = () => new Date(),
  elapsedMs: () => number = () => performance.now(),
): () => Date {
  let latest = 0
  let seenAt = elapsedMs()
  return () => {
    const at = elapsedMs()
    latest = Math.max(latest + (at - seenAt), clock().getTime())
    seenAt = at
    return new Date(Math.floor(latest))
  }
}
