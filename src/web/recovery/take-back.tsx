import { useState } from 'preact/hooks'
import { isLatchkeyError, type SecretFound, type TakenBack } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { RecoveryCodeField } from '../encryption/recovery-code-field.tsx'
import { latchkey } from '../latchkey.ts'
import { Field } from '../ui/fields.tsx'
import { TaskForm } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { useTask } from '../ui/task.ts'
import { whenAndHowLong } from './recovery-words.ts'
import { BackToRecovery } from './back-to-recovery.tsx'

type Outcome = { kind: 'ASKING' } | { kind: 'GONE' } | { kind: 'DONE'; taken: TakenBack }

const TITLES = {
  ASKING: 'Take back what was locked',
  GONE: 'Nothing is kept any more',
  DONE: 'It is yours again',
} as const

/** Opens by a secret that was found again what a new start gave up, and encrypts it with the new keys. */
export function TakeBack() {
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'ASKING' })
  return (
    <AccountFrame title={TITLES[outcome.kind]}>
      {() => (
        <>
          {outcome.kind === 'ASKING' && (
            <Kept ended={(taken) => setOutcome(taken ? { kind: 'DONE', taken } : { kind: 'GONE' })} />
          )}
          {outcome.kind === 'GONE' && <p class="lead">What the old keys locked was deleted after 30 days.</p>}
          {outcome.kind === 'DONE' && <Taken {...outcome.taken} />}
          <BackToRecovery />
        </>
      )}
    </AccountFrame>
  )
}

function Taken({ records, unreadable }: TakenBack) {
  return (
    <>
      <p class="lead">
        {records === 1
          ? '1 record is encrypted with your new keys now, and opens like all others.'
          : `${records} records are encrypted with your new keys now, and open like all others.`}
      </p>
      {unreadable.length > 0 && (
        <p class="note">
          {unreadable.length === 1 ? '1 record does' : `${unreadable.length} records do`} not open by this. Another old
          passphrase or code may open more.
        </p>
      )}
      <a class="button fit" href="/notes">
        To my notes
      </a>
    </>
  )
}

function Kept({ ended }: { ended: (taken: TakenBack | null) => void }) {
  const status = useLoad(() => latchkey.encryption.recoveryStatus())
  return (
    <Loaded from={status}>
      {({ formerKeysUntil }) =>
        formerKeysUntil === null ? (
          <p class="lead">Nothing is kept from before: there was no new start, or it is more than 30 days ago.</p>
        ) : (
          <Found until={formerKeysUntil} ended={ended} />
        )
      }
    </Loaded>
  )
}

type Kind = 'passphrase' | 'code'

const FIELDS: Readonly<Record<Kind, { label: string; choice: string; hint: string }>> = {
  passphrase: { label: 'The old passphrase', choice: 'A passphrase', hint: 'From before the new start.' },
  code: { label: 'The old recovery code', choice: 'A recovery code', hint: 'One of the old eight that was not used.' },
}

const foundBy = (kind: Kind, secret: string): SecretFound =>
  kind === 'code' ? { code: secret } : { passphrase: secret }

function Found({ until, ended }: { until: string; ended: (taken: TakenBack | null) => void }) {
  const [kind, setKind] = useState<Kind>('passphrase')
  const [secret, setSecret] = useState('')
  const [done, setDone] = useState(0)
  const task = useTask(async () => {
    const onProgress = ({ records }: { records: number }): void => setDone(records)
    try {
      const taken = await latchkey.encryption.takeBackFormer({ ...foundBy(kind, secret), onProgress })
      setSecret('')
      ended(taken)
    } catch (error) {
      if (!isLatchkeyError(error, 'SECRET_WRONG')) throw error
      task.complain('That opens nothing of what is kept. Is it typed right, and from before the new start?')
    }
  })
  const type = (typed: string): void => {
    task.complain('')
    setSecret(typed)
  }
  const { label, hint } = FIELDS[kind]
  const field = { label, hint, isInvalid: task.problem !== '', value: secret, onValue: type }
  return (
    <>
      <p class="lead">
        What your old keys locked is kept until {whenAndHowLong(until)}. What you have found opens it, and your new keys
        lock it anew.
      </p>
      <TaskForm task={task} label="Take it back" working="Taking it back">
        <Kinds
          kind={kind}
          choose={(other) => {
            type('') // a passphrase is not to be seen as a code would be
            setKind(other)
          }}
        />
        {kind === 'code' ? <RecoveryCodeField {...field} /> : <Field {...field} type="password" autoComplete="off" />}
        <p class="quiet" role="status">
          {task.isRunning &&
            done > 0 &&
            `${done} taken back so far. Keep this page open; closed, it can be begun again.`}
        </p>
      </TaskForm>
    </>
  )
}

function Kinds({ kind, choose }: { kind: Kind; choose: (kind: Kind) => void }) {
  return (
    <fieldset class="found">
      <legend>What have you found?</legend>
      {(['passphrase', 'code'] as const).map((one) => (
        <label key={one} class="check">
          <input type="radio" name="found" checked={kind === one} onChange={() => choose(one)} />
          <span>{FIELDS[one].choice}</span>
        </label>
      ))}
    </fieldset>
  )
}
