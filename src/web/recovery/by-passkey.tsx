import { useState } from 'preact/hooks'
import { isPasskeySupported, type RecoveryMethod, type StillLocked } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { latchkey } from '../latchkey.ts'
import { TaskForm } from '../ui/form.tsx'
import { useTask } from '../ui/task.ts'
import { PLACES, STILL_LOCKED } from './recovery-words.ts'
import { useRecoveryRun, wordsForEnd } from './run-recovery.tsx'
import { BackToRecovery } from './back-to-recovery.tsx'

/** Opens the data by one touch of a passkey that unlocks, beside a proof by mail. */
export function ByPasskey() {
  const recovery = useRecoveryRun()
  const [locked, setLocked] = useState<StillLocked | null>(null)
  const task = useTask(async () => {
    setLocked(null)
    const end = await recovery.run((given) => latchkey.encryption.recoverWithPasskey(given))
    if (end?.kind === 'StillLocked') setLocked(end)
    else if (end?.kind === 'NotUsed') task.complain('No passkey was used. Try again, or take another way.')
    else if (end) task.complain(wordsForEnd(end))
  })
  return (
    <AccountFrame title={recovery.title ?? 'Use a passkey'}>
      {() =>
        recovery.view ?? (
          <>
            <p class="lead">
              One that you have let unlock your data. You confirm by a code from a mail, too; afterwards you have a new
              passphrase and eight new codes.
            </p>
            {locked && <Locked {...locked} />}
            {isPasskeySupported() ? (
              <TaskForm
                task={task}
                label={locked ? 'Try another passkey' : 'Use a passkey'}
                working="Waiting for your passkey"
              />
            ) : (
              <p class="note">This browser cannot use passkeys. Open this page on the device that holds yours.</p>
            )}
            <BackToRecovery />
          </>
        )
      }
    </AccountFrame>
  )
}

const OFFERS: Readonly<Record<Exclude<RecoveryMethod, 'PASSKEY'>, string>> = {
  RECOVERY_CODE: 'Use a recovery code',
  SECURITY_QUESTIONS: 'Answer your security questions',
}

/** The passkey was right, and opens no data: what would. */
function Locked({ reason, methods, passkeys }: StillLocked) {
  const others = methods.filter((method) => method !== 'PASSKEY')
  return (
    <div class="note" role="status">
      <p>
        <strong>It is you, and your data is still locked.</strong> This passkey signs you in, and does not open your
        data. {STILL_LOCKED[reason]}
      </p>
      {(others.length > 0 || passkeys.length > 0) && <p>What would open it:</p>}
      <ul>
        {passkeys.map(({ id, name }) => (
          <li key={id}>the passkey {name}</li>
        ))}
        {others.map((method) => (
          <li key={method}>
            <a href={PLACES[method]}>{OFFERS[method]}</a>
          </li>
        ))}
      </ul>
    </div>
  )
}
