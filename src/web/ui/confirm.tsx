import { Dialog } from './dialog.tsx'
import { prompt } from './prompt.ts'

type Question = { title: string; words: string; action: string; isDangerous?: boolean }

const questions = prompt<Question, boolean>(false)

/** Asks whether something is wanted that is not easily undone. */
export const confirmed = (question: Question): Promise<boolean> => questions.ask(question)

/** Where the questions of `confirmed` are shown. */
export function Confirmation() {
  const asked = questions.current.value
  if (!asked) return null
  const { title, words, action, isDangerous = false } = asked.needed
  return (
    <Dialog key={asked.key} title={title} onClose={() => asked.answer(false)}>
      <p>{words}</p>
      <div class="buttons">
        <button type="button" class={isDangerous ? 'danger' : ''} onClick={() => asked.answer(true)}>
          {action}
        </button>
        <button type="button" class="second" onClick={() => asked.answer(false)}>
          Not now
        </button>
      </div>
    </Dialog>
  )
}
