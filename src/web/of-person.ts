import { effect, signal, type Signal } from '@preact/signals'
import { person } from './viewer.ts'

// What one person was told is not there for the next: every state that outlives a page and belongs to somebody is one of these.

/** State of whoever is signed in: `blank` again as soon as that is another person, or nobody. */
export function ofPerson<T>(blank: T): Signal<T> {
  const state = signal(blank)
  effect(() => {
    void person.value
    state.value = blank
  })
  return state
}

/** Tells later whether it is still the same person: an answer for one who has gone is dropped. */
export function whoAsks(): () => boolean {
  const who = person.peek()
  return () => who === person.peek()
}
