import { useEffect, useRef, useState } from 'preact/hooks'
import type { Passkey } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/fields.tsx'
import { TaskForm } from '../ui/form.tsx'
import { say } from '../ui/said.tsx'
import { useTask } from '../ui/task.ts'

/** Asks what a passkey is to be called. */
export function RenameDialog(props: { passkey: Passkey; renamed: () => Promise<void>; close: () => void }) {
  const { passkey, renamed, close } = props
  const [name, setName] = useState(passkey.name)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.select(), [])
  const task = useTask(async () => {
    const wanted = name.trim()
    if (wanted === passkey.name) return close()
    await latchkey.renameDevice({ id: passkey.id, name: wanted })
    await renamed()
    close()
    say(`The passkey is called “${wanted}” now.`)
  })
  return (
    <Dialog title="Rename this passkey" onClose={close}>
      <TaskForm
        task={task}
        label="Save"
        working="Saving"
        beside={
          <button type="button" class="second" onClick={close}>
            Not now
          </button>
        }
      >
        <Field
          label="Name"
          hint="Such as the device that it is on."
          value={name}
          maxLength={64}
          inputRef={field}
          autoComplete="off"
          isInvalid={task.problem !== ''}
          onValue={(value) => {
            task.complain('')
            setName(value)
          }}
        />
      </TaskForm>
    </Dialog>
  )
}
