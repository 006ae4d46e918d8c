import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { person } from '../viewer.ts'

export type Asked<TNeeded, TAnswer> = {
  needed: TNeeded
  answer: (given: TAnswer) => void
  /** Tells the questions apart: what was typed for one is not there in the next. */
  key: number
}

/**
 * A question that code asks and a dialog answers: `ask` waits until whoever shows `current` calls its `answer`, of which
 * the first counts. Questions wait for each other. `putOff` is the answer to those whose person has gone: nobody answers
 * for another.
 */
export function prompt<TNeeded, TAnswer>(
  putOff: TAnswer,
): {
  ask: (needed: TNeeded) => Promise<TAnswer>
  current: ReadonlySignal<Asked<TNeeded, TAnswer> | null>
} {
  const current = signal<(Asked<TNeeded, TAnswer> & { who: string | null }) | null>(null)
  let last: Promise<unknown> = Promise.resolve()
  let count = 0

  effect(() => {
    const who = person.value
    const asked = current.peek()
    if (asked && asked.who !== who) asked.answer(putOff)
  })

  function show(needed: TNeeded, who: string | null): Promise<TAnswer> {
    if (who !== person.peek()) return Promise.resolve(putOff)
    return new Promise((resolve) => {
      const key = (count += 1)
      const answer = (given: TAnswer): void => {
        // What began under a question may end when the next is open already.
        if (current.peek()?.key === key) current.value = null
        resolve(given)
      }
      current.value = { needed, answer, key, who }
    })
  }

  function ask(needed: TNeeded): Promise<TAnswer> {
    const who = person.peek()
    const asked = last.then(() => show(needed, who))
    last = asked
    return asked
  }
  return { ask, current }
}
