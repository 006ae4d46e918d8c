import { useEffect, useRef, useState } from 'preact/hooks'
import { isLatchkeyError } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { RecoveryCodeField } from '../encryption/recovery-code-field.tsx'
import { latchkey } from '../latchkey.ts'
import { TaskForm } from '../ui/form.tsx'
import { useTask } from '../ui/task.ts'
import { useRecoveryRun, wordsForEnd } from './run-recovery.tsx'
import { BackToRecovery } from './back-to-recovery.tsx'

/** Opens the data by one of the codes on paper. */
export function ByCode() {
  const recovery = useRecoveryRun()
  const [code, setCode] = useState('')
  const task = useTask(async () => {
    try {
      const end = await recovery.run((given) => latchkey.encryption.recoverWithCode({ code, ...given }))
      if (end === null) setCode('')
      else task.complain(wordsForEnd(end))
    } catch (error) {
      if (!isLatchkeyError(error, 'PROOF_INVALID')) throw error
      task.complain(WRONG)
    }
  })
  return (
    <AccountFrame title={recovery.title ?? 'Use a recovery code'}>
      {() =>
        recovery.view ?? (
          <>
            <p class="lead">
              One of the eight that you wrote down. It is used up by this; afterwards you have a new passphrase and
              eight new codes.
            </p>
            <TaskForm task={task} label="Go on" working="Just a moment">
              <Code
                code={code}
                isInvalid={task.problem !== ''}
                type={(typed) => {
                  task.complain('')
                  setCode(typed)
                }}
              />
            </TaskForm>
            <BackToRecovery />
          </>
        )
      }
    </AccountFrame>
  )
}

const WRONG =
  'That code is wrong, or was used before. Compare it with your paper, or take another one. If you gave the same one a moment ago, wait ten seconds. The passphrase that you chose is kept for the next try.'

/** Takes the focus once the code is found wrong. */
function Code({ code, isInvalid, type }: { code: string; isInvalid: boolean; type: (typed: string) => void }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (isInvalid) field.current?.focus()
  }, [isInvalid])
  return (
    <RecoveryCodeField
      label="Recovery code"
      hint="Capitals, spaces and dashes do not matter."
      inputRef={field}
      isInvalid={isInvalid}
      value={code}
      onValue={type}
    />
  )
}
