import type { Changes, Item, PrivateRecord } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'

/**
 * A note of the example app. Its text is in one of three fields, and which one decides who can read it; the title and
 * the kind are always plain.
 */
export type Note = {
  title: string
  kind: 'plain' | 'sealed'
  text: string
  sealedText: string
  encryptedText: string
}

export type NoteItem = Item<Partial<Note>>

/** Who can read a note's text. */
export type Kind = 'plain' | 'sealed' | 'encrypted'

/** What a person writes. */
export type Written = { title: string; kind: Kind; text: string }

/** The name of the collection on the server. */
export const COLLECTION = 'notes'

/** The notes of whoever is signed in. The SDK puts each field where it is declared to belong. */
export const notes = latchkey.collection<Partial<Note>>(COLLECTION, {
  encrypted: ['encryptedText'],
  sealed: ['sealedText'],
})

/** The kinds in the order in which they are offered, each with one sentence of what it means. */
export const KINDS: readonly { kind: Kind; name: string; words: string }[] = [
  { kind: 'plain', name: 'Plain', words: 'The server can read it. You see it at once, wherever you are signed in.' },
  {
    kind: 'sealed',
    name: 'Sealed',
    words: 'The server keeps it sealed, and opens it only after a fresh proof that it is you.',
  },
  {
    kind: 'encrypted',
    name: 'Encrypted',
    words: 'Only your devices can read it, by your passphrase. The server never can.',
  },
]

/** What a kind is called, and what it means. */
export const about = (kind: Kind): { name: string; words: string } =>
  KINDS.find((one) => one.kind === kind) ?? { name: kind, words: '' }

const FIELD_OF = { plain: 'text', sealed: 'sealedText', encrypted: 'encryptedText' } as const

/** The kind of a note. That it is encrypted is told by what is there, and not by what the server says of it. */
export function kindOf({ value, keyState }: NoteItem): Kind {
  if (keyState !== 'NONE') return 'encrypted'
  return value.kind === 'sealed' ? 'sealed' : 'plain'
}

/** The same of a record as a list gives it, whose texts need not be opened for that. */
export function kindOfRecord({ encryptedData, data }: PrivateRecord): Kind {
  if (encryptedData !== null) return 'encrypted'
  const isSealed = typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'sealed'
  return isSealed ? 'sealed' : 'plain'
}

/** The text of a note as far as it came with it; null for one that is sealed, locked or does not open. */
export function textOf(item: NoteItem): string | null {
  const kind = kindOf(item)
  if (kind === 'sealed') return null
  const text: unknown = item.value[FIELD_OF[kind]] // another app may have written something else there
  if (typeof text === 'string') return text
  return item.keyState === 'LOCKED' || item.keyState === 'UNREADABLE' ? null : ''
}

/** The text that is sealed in a note. Refused unless the session has a fresh proof; the client asks for one. */
export async function unsealed(item: NoteItem): Promise<string> {
  const { sealedText } = await notes.getSealed(item)
  return typeof sealedText === 'string' ? sealedText : ''
}

/** A note as it is read while the keys are locked. */
export function closed(item: NoteItem): NoteItem {
  const { encryptedText: _, ...value } = item.value
  return { ...item, value, keyState: 'LOCKED', origin: { ...item.origin, opened: null } }
}

/** A note to call by its title. */
export const titleOf = (title: string | null | undefined): string => title || 'Without a title'

/** Saves a new note. */
export const createNote = ({ title, kind, text }: Written): Promise<NoteItem> =>
  notes.create({ title, ...(kind !== 'encrypted' && { kind }), [FIELD_OF[kind]]: text })

/**
 * Saves what was written over a note as it was read: an `ItemConflict` where it was changed since. A text that moves to
 * another field is taken from its former one in the same update. `isTextKept` leaves the text alone.
 */
export function updateNote(item: NoteItem, written: Written, isTextKept = false): Promise<NoteItem> {
  const { title, kind, text } = written
  // That a note is encrypted is seen by what is in it, so that it need not be said, and cannot be said wrongly.
  const changes: Changes<Partial<Note>> = { title, kind: kind === 'encrypted' ? undefined : kind }
  const former = kindOf(item)
  if (former !== kind) changes[FIELD_OF[former]] = undefined
  if (former !== kind || !isTextKept) changes[FIELD_OF[kind]] = text
  return notes.update(item, changes)
}
