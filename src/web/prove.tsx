import { useRef, useState } from 'preact/hooks'
import { isLatchkeyError, type Reauthentication } from '../client/index.ts'
import { useOneAtATime } from './sign-in/one-at-a-time.ts'
import { Dialog } from './ui/dialog.tsx'
import { CodeField } from './ui/fields.tsx'
import { ActionButton, TaskForm } from './ui/form.tsx'
import { prompt } from './ui/prompt.ts'
import { useTask } from './ui/task.ts'
import { whyNot } from './words.ts'

/** Asks for a proof that it is the person; whatever needed it then goes on. False when it is put off. */
export const proofs = prompt<Reauthentication, boolean>(false)

/** Where `proofs` are asked for: by a passkey or by a code from a mail, whichever would do. */
export function ProofDialog() {
  const asked = proofs.current.value
  if (!asked) return null
  const { needed, answer, key } = asked
  return (
    <Dialog key={key} title="Is it you?" onClose={() => answer(false)}>
      <p>What you are about to do needs a fresh proof that it is you.</p>
      {needed.methods.includes('PASSKEY') && <ByPasskey needed={needed} done={() => answer(true)} />}
      {needed.methods.includes('MAGIC_LINK') && <ByCode needed={needed} done={() => answer(true)} />}
      {!needed.methods.includes('MAGIC_LINK') && (
        <p class="quiet">
          A code by mail does not do here. If all your passkeys are lost, signing in by mail goes on, and your data
          stays within reach.
        </p>
      )}
      <button type="button" class="plain" onClick={() => answer(false)}>
        Not now
      </button>
    </Dialog>
  )
}

type Way = { needed: Reauthentication; done: () => void }

function ByPasskey({ needed: { client, methods }, done }: Way) {
  const beginOne = useOneAtATime()
  const task = useTask(async () => {
    const outcome = await client.reauthenticateWithPasskey({ signal: beginOne() })
    if (outcome.kind === 'Proved') done()
    else task.complain(whyNot(outcome.reason, { to: 'prove', methods }))
  })
  return <TaskForm task={task} label="Use a passkey" working="Waiting for your passkey" />
}

function ByCode({ needed: { client, methods }, done }: Way) {
  const [sent, setSent] = useState(0)
  const [code, setCode] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const ask = useTask(async () => {
    await client.requestReauthenticationCode()
    setSent(1)
    queueMicrotask(() => field.current?.focus())
  })
  const check = useTask(async () => {
    try {
      await client.reauthenticateWithCode({ code })
      done()
    } catch (error) {
      if (isLatchkeyError(error, 'CODE_INVALID')) field.current?.select()
      throw error
    }
  })
  async function sendAnother(): Promise<void> {
    await client.requestReauthenticationCode()
    check.complain('')
    setCode('')
    setSent((count) => count + 1)
    field.current?.focus()
  }
  if (sent === 0) {
    const kind = methods.includes('PASSKEY') ? 'second' : 'main'
    return <TaskForm task={ask} label="Mail me a code" working="Sending" kind={kind} />
  }
  return (
    <TaskForm
      task={check}
      label="Go on"
      working="Checking"
      beside={<ActionButton label="Send another" working="Sending" work={sendAnother} />}
    >
      <p class="quiet" role="status">
        {sent === 1
          ? 'A mail with six digits is on its way to you.'
          : 'Another mail is on its way. Only the newest digits work.'}
      </p>
      <CodeField
        inputRef={field}
        value={code}
        isInvalid={check.problem !== ''}
        onValue={(value) => {
          check.complain('')
          setCode(value)
        }}
        onComplete={() => field.current?.form?.requestSubmit()}
      />
    </TaskForm>
  )
}
