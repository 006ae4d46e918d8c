import { isLatchkeyError, ItemConflict } from '../../client/index.ts'
import type { NoteItem } from './note.ts'

/** What became of a note while somebody wrote over it. */
export type Clash = { kind: 'CHANGED'; current: NoteItem } | { kind: 'DELETED' }

/** What stands against a draft, where that is why it was refused. */
export function clashIn(error: unknown): Clash | null {
  if (error instanceof ItemConflict) return { kind: 'CHANGED', current: error.current as NoteItem } // of this collection
  return isLatchkeyError(error, 'NOT_FOUND') ? { kind: 'DELETED' } : null
}
