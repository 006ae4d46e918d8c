import { effect, signal } from '@preact/signals'
import { person } from '../viewer.ts'
import type { NoteItem, Written } from './note.ts'

/** What is being written: over which note (null for a new one), where it belongs, and as it was at first. */
export type Draft = Written & { user: string; place: string; base: NoteItem | null; was: Written }

/**
 * The one draft. It is kept beside the page, so that it outlives the end of a session; and only in memory, as it may be
 * meant for nobody else's eyes.
 */
export const draft = signal<Draft | null>(null)

effect(() => {
  const who = person.value
  if (who !== null && draft.peek() && draft.peek()?.user !== who) draft.value = null
})

/** Whether something would be lost without the draft. */
export function isUnsaved(one: Draft | null): one is Draft {
  if (!one) return false
  const { was } = one
  return one.title !== was.title || one.text !== was.text || one.kind !== was.kind
}

/** Begins a draft. */
export function beginDraft(about: Pick<Draft, 'user' | 'place' | 'base'>, was: Written): void {
  draft.value = { ...about, ...was, was }
}

/** Writes in the draft. */
export function write(changes: Partial<Written>): void {
  if (draft.value) draft.value = { ...draft.value, ...changes }
}

/** Lets go of the draft. */
export function dropDraft(): void {
  draft.value = null
}

/** Lets go of a draft in which nothing was written: it holds no more than the note, which may be closed by now. */
export function dropUnwritten(): void {
  if (!isUnsaved(draft.peek())) dropDraft()
}
