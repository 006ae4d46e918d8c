/** Whether two values are the same JSON. The order of an object's members says nothing. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, at) => isSameJson(one, b[at]))
  }
  const [ours, theirs] = [Object.entries(a), new Map<string, unknown>(Object.entries(b))]
  return (
    ours.length === theirs.size && ours.every(([name, one]) => theirs.has(name) && isSameJson(one, theirs.get(name)))
  )
}
