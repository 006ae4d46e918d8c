import { ofPerson } from '../of-person.ts'

const said = ofPerson('')

/** Tells what was done, on whatever page the person is. Empty takes it back. */
export function say(text: string): void {
  said.value = text
}

/** Where what `say` tells is shown. It is there from the beginning, as readers need it. */
export function Said() {
  return (
    <div role="status" class="said-place">
      {said.value !== '' && (
        <p class="note said">
          <span>{said.value}</span>
          <button type="button" class="plain" onClick={() => say('')}>
            Close
          </button>
        </p>
      )}
    </div>
  )
}
