/** Does a piece of work for each item, so many at once, and gives the results in the items' order. The first failure ends it. */
export async function inTurns<TItem, TResult>(
  items: readonly TItem[],
  atOnce: number,
  work: (item: TItem) => Promise<TResult>,
): Promise<TResult[]> {
  const results = new Array<TResult>(items.length)
  const waiting = items.entries()
  let failed = false
  const lane = async () => {
    for (const [index, item] of waiting) {
      if (failed) return
      results[index] = await work(item)
    }
  }
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, lane)
  try {
    await Promise.all(lanes)
  } catch (error) {
    failed = true
    throw error
  }
  return results
}
