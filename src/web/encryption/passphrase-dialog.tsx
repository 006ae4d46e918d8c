import { useEffect, useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/fields.tsx'
import { TaskForm } from '../ui/form.tsx'
import { prompt } from '../ui/prompt.ts'
import { useTask } from '../ui/task.ts'

type Need = { title: string; words: string }

const passphrases = prompt<Need, string | null>(null)

/** Asks for the passphrase, and gives it once it has opened the keys; null when it is put off. */
export const askPassphrase = (need: Need): Promise<string | null> => passphrases.ask(need)

/** Where `askPassphrase` asks. */
export function PassphraseDialog() {
  // Whoever leaves the page puts it off.
  useEffect(() => () => passphrases.current.peek()?.answer(null), [])
  const asked = passphrases.current.value
  return asked && <Asking key={asked.key} need={asked.needed} answer={asked.answer} />
}

function Asking({ need, answer }: { need: Need; answer: (given: string | null) => void }) {
  const [passphrase, setPassphrase] = useState('')
  const task = useTask(async () => {
    await latchkey.encryption.unlock({ passphrase })
    answer(passphrase)
  })
  return (
    <Dialog title={need.title} onClose={() => answer(null)}>
      <p>{need.words}</p>
      <TaskForm
        task={task}
        label="Go on"
        working="Checking"
        beside={
          <button type="button" class="second" onClick={() => answer(null)}>
            Not now
          </button>
        }
      >
        <Field
          label="Passphrase"
          type="password"
          autoComplete="current-password"
          isInvalid={task.problem !== ''}
          value={passphrase}
          onValue={(typed) => {
            task.complain('')
            setPassphrase(typed)
          }}
        />
      </TaskForm>
    </Dialog>
  )
}
