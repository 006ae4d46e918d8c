import { sessionNeeded } from '../../errors.ts'
import type { ScopedDb } from '../../platform/db/types.ts'

/** Nobody has no rows: whoever asks for some must sign in first. */
export const nobodysDb = new Proxy({} as ScopedDb, {
  get(_target, property) {
    // Asked of every value that an async function returns.
    if (property === 'then') return undefined
    throw sessionNeeded()
  },
})
