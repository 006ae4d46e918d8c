import { effect, signal } from '@preact/signals'
import { latchkey } from '../latchkey.ts'
import { viewer } from '../viewer.ts'
import { kindOf, type Kind, type NoteItem, type Written } from './note.ts'

/** What is being written: over which note (null for a new one), where it belongs, and as it was at first. */
export type Draft = Written & {
  user: string
  place: string
  base: NoteItem | null
  was: Written
  /** The keys were locked since: it is not shown before they are open again. */
  isCovered: boolean
}

/**
 * The one draft. It is kept beside the page, so that it outlives the end of a session; and only in memory, as it may be
 * meant for nobody else's eyes.
 */
export const draft = signal<Draft | null>(null)

// What a session's end cuts off waits for its writer. A sign-out is meant for all that is open, and so is another's sign-in.
effect(() => {
  const who = viewer.value
  const kept = draft.peek()
  if (!kept) return
  const isLeft = who.kind === 'SIGNED_OUT' && (who.why === 'LEFT' || who.why === 'LEFT_ELSEWHERE')
  const isOver = isLeft || (who.kind === 'SIGNED_OUT' && !isUnsaved(kept))
  if (isOver || (who.kind === 'SIGNED_IN' && who.user.id !== kept.user)) draft.value = null
})

latchkey.encryption.onChange(({ kind }) => {
  const kept = draft.peek()
  if (!kept || !isOfKind('encrypted', kept)) return
  draft.value = kind === 'UNLOCKED' || isUnsaved(kept) ? { ...kept, isCovered: kind === 'LOCKED' } : null
})

/** Whether it holds a text that is kept so, or is to be. */
function isOfKind(kind: Kind, { kind: chosen, base }: Draft): boolean {
  return chosen === kind || (base !== null && kindOf(base) === kind)
}

/** Whether whoever reads it may do so without a proof or a passphrase. */
export const isPlain = (one: Draft): boolean => !isOfKind('sealed', one) && !isOfKind('encrypted', one)

/** Whether something would be lost without the draft. */
export function isUnsaved(one: Draft | null): one is Draft {
  if (!one) return false
  const { was } = one
  return one.title !== was.title || one.text !== was.text || one.kind !== was.kind
}

/** Begins a draft. */
export function beginDraft(about: Pick<Draft, 'user' | 'place' | 'base'>, was: Written): void {
  draft.value = { ...about, ...was, was, isCovered: false }
}

/** Writes in the draft. */
export function write(changes: Partial<Written>): void {
  if (draft.value) draft.value = { ...draft.value, ...changes }
}

/** Shows the draft again. */
export function uncover(): void {
  if (draft.value) draft.value = { ...draft.value, isCovered: false }
}

/** Lets go of the draft. */
export function dropDraft(): void {
  draft.value = null
}

/** Lets go of a draft in which nothing was written: it holds no more than the note, which may be closed by now. */
export function dropUnwritten(): void {
  if (!isUnsaved(draft.peek())) dropDraft()
}
