import { computed, effect, signal } from '@preact/signals'
import type { User } from '../client/index.ts'

/** Why nobody is signed in: nobody was, or the session ended while the page was open, or they signed out, here or in another tab. */
export type WhySignedOut = 'NEVER' | 'ENDED' | 'LEFT' | 'LEFT_ELSEWHERE'

/** Who looks at the page. */
export type Viewer =
  | { kind: 'LOADING' }
  | { kind: 'SIGNED_OUT'; why: WhySignedOut }
  | { kind: 'SIGNED_IN'; user: User }
  | { kind: 'FAILED'; error: unknown }

/** Who looks at the page now; every part that shows something of theirs follows it. */
export const viewer = signal<Viewer>({ kind: 'LOADING' })

/** The id of who is signed in; null where nobody is, as far as it is known. */
export const person = computed(() => (viewer.value.kind === 'SIGNED_IN' ? viewer.value.user.id : null))

/** The id of who was signed in here last, though they may have gone. */
export const lastPerson = signal<string | null>(null)

effect(() => {
  if (person.value !== null) lastPerson.value = person.value
})

/** What the server says of a session that is no more. */
export function sessionEnded(): void {
  if (viewer.value.kind === 'SIGNED_OUT') return
  viewer.value = { kind: 'SIGNED_OUT', why: viewer.value.kind === 'SIGNED_IN' ? 'ENDED' : 'NEVER' }
}
