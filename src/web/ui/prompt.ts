import { signal, type ReadonlySignal } from '@preact/signals'

export type Asked<TNeeded, TAnswer> = { needed: TNeeded; answer: (given: TAnswer) => void }

/**
 * A question that code asks and a dialog answers: `ask` waits until whoever shows `current` calls its `answer`. Questions
 * wait for each other.
 */
export function prompt<TNeeded, TAnswer>(): {
  ask: (needed: TNeeded) => Promise<TAnswer>
  current: ReadonlySignal<Asked<TNeeded, TAnswer> | null>
} {
  const current = signal<Asked<TNeeded, TAnswer> | null>(null)
  let last: Promise<unknown> = Promise.resolve()

  function show(needed: TNeeded): Promise<TAnswer> {
    return new Promise((resolve) => {
      const answer = (given: TAnswer): void => {
        current.value = null
        resolve(given)
      }
      current.value = { needed, answer }
    })
  }

  function ask(needed: TNeeded): Promise<TAnswer> {
    const asked = last.then(() => show(needed))
    last = asked
    return asked
  }
  return { ask, current }
}
