import { useRef, useState } from 'preact/hooks'
import type { RecoveryStatus } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { InDoubt } from '../encryption/in-doubt.tsx'
import { useKeySteps } from '../encryption/key-steps.tsx'
import { watched } from '../encryption/lost-answer.ts'
import { latchkey } from '../latchkey.ts'
import { whoAsks } from '../of-person.ts'
import { serverNow } from '../server-clock.ts'
import { Field } from '../ui/fields.tsx'
import { ActionButton, TaskForm } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { say } from '../ui/said.tsx'
import { useTask, type Task } from '../ui/task.ts'
import { whenAndHowLong } from './recovery-words.ts'
import { BackToRecovery } from './back-to-recovery.tsx'
import { stop, useMinutes } from './under-way.tsx'

/** Begins anew with empty keys, for whoever has lost every way in: asked for, waited for seven days, then done. */
export function NewStart() {
  const keys = useKeySteps()
  const [title, setTitle] = useState(TITLES.ASKING)
  const given = useRef(0) // the generation of the keys that are given up
  const task = useTask(async () => {
    say('') // of a try before
    given.current = (await latchkey.encryption.status()).generation
    await keys.run(async (all) => {
      const sending = watched(all)
      try {
        const { kind } = await latchkey.encryption.completeFreshStart(sending.steps)
        if (kind === 'Enabled') setTitle(TITLES.DONE)
      } catch (error) {
        if (!sending.isInDoubt(error)) throw error
        setTitle(TITLES.IN_DOUBT)
      }
    })
  })

  async function look(): Promise<void> {
    const isTheirs = whoAsks()
    const { generation } = await latchkey.encryption.status()
    if (!isTheirs()) return
    const isBegun = generation > given.current
    if (!isBegun) say(NOT_BEGUN)
    setTitle(isBegun ? TITLES.DONE : TITLES.ASKING)
  }
  return (
    <AccountFrame title={keys.title ?? title}>
      {(user) =>
        keys.view ?? (
          <>
            {title === TITLES.DONE && <BegunAnew />}
            {title === TITLES.IN_DOUBT && (
              <InDoubt words="Your new keys may be in force already, or not." look={look} />
            )}
            {title !== TITLES.DONE && title !== TITLES.IN_DOUBT && (
              <State
                email={user.email}
                begin={task}
                asked={(isAsked) => setTitle(isAsked ? TITLES.WAITS : TITLES.ASKING)}
              />
            )}
            <BackToRecovery />
          </>
        )
      }
    </AccountFrame>
  )
}

const NOT_BEGUN =
  'Nothing was changed: the new keys did not arrive. Begin once more, and throw the codes of the first try away after that.'

const TITLES: Readonly<Record<'ASKING' | 'WAITS' | 'IN_DOUBT' | 'DONE', string>> = {
  ASKING: 'Begin anew',
  WAITS: 'You have asked to begin anew',
  IN_DOUBT: 'Keep your new codes',
  DONE: 'You have new keys',
}

function BegunAnew() {
  return (
    <>
      <p class="lead">Your new passphrase and codes are in force. What you encrypt from now on is safe with them.</p>
      <p>
        What the old keys locked is kept for 30 days. If the old passphrase or one of the old codes turns up, take it
        back under Recovery. Passkeys go on signing you in; let each unlock again under{' '}
        <a href="/account/encryption">Encryption</a>.
      </p>
      <a class="button fit" href="/notes">
        To my notes
      </a>
    </>
  )
}

function State({ email, begin, asked }: { email: string; begin: Task<void>; asked: (isAsked: boolean) => void }) {
  const status = useLoad(() => latchkey.encryption.recoveryStatus())
  useMinutes()
  return (
    <Loaded from={status}>
      {({ freshStart }) => {
        if (!freshStart) {
          const put = (value: RecoveryStatus): void => {
            status.put(value)
            asked(true)
          }
          return <Request email={email} asked={put} />
        }
        const isReady = new Date(freshStart.availableAt).getTime() <= serverNow()
        const changed = async (): Promise<void> => {
          await status.reload()
          asked(false)
        }
        const part = { freshStart, changed }
        return isReady ? <Ready {...part} begin={begin} /> : <Waits {...part} />
      }}
    </Loaded>
  )
}

function Request({ email, asked }: { email: string; asked: (status: RecoveryStatus) => void }) {
  const [typed, setTyped] = useState('')
  const task = useTask(async () => asked(await latchkey.encryption.requestFreshStart(typed)))
  return (
    <>
      <p class="lead">
        With no passphrase, no code, no passkey that unlocks and no answers, nobody can open your data. You can begin
        again with empty keys.
      </p>
      <ul class="facts-list">
        <li>Nothing happens for seven days. You are reminded by mail, and can stop it.</li>
        <li>After that you have seven days to do it, and what is encrypted now is given up.</li>
        <li>It is kept for 30 days more, in case the old passphrase or a code turns up. Then it is deleted.</li>
        <li>What you have saved without encryption stays as it is.</li>
      </ul>
      <TaskForm task={task} label="Ask to begin anew" working="Asking" kind="danger">
        <Field
          label="Your mail address, to say that you mean it"
          type="email"
          autoComplete="off"
          autoCapitalize="none"
          spellcheck={false}
          hint={`Type ${email}`}
          isInvalid={task.problem !== ''}
          value={typed}
          onValue={(text) => {
            task.complain('')
            setTyped(text)
          }}
        />
      </TaskForm>
    </>
  )
}

type Part = { freshStart: NonNullable<RecoveryStatus['freshStart']>; changed: () => Promise<void> }

function Waits({ freshStart, changed }: Part) {
  return (
    <>
      <p class="lead">
        You can begin anew from <strong>{whenAndHowLong(freshStart.availableAt)}</strong> on, for seven days.
      </p>
      <p>Until then nothing changes. If you find your passphrase or a code meanwhile, use it, and stop this.</p>
      <StopIt changed={changed} />
    </>
  )
}

function Ready({ freshStart, changed, begin }: Part & { begin: Task<void> }) {
  return (
    <>
      <p class="lead">
        The wait is over. You choose a new passphrase and get new codes; what is encrypted now is given up at the end of
        these steps, and not before.
      </p>
      <p class="quiet">It can be done until {whenAndHowLong(freshStart.expiresAt)}.</p>
      <TaskForm task={begin} label="Begin anew" working="Just a moment" beside={<StopIt changed={changed} />} />
    </>
  )
}

const StopIt = ({ changed }: Pick<Part, 'changed'>) => (
  <ActionButton label="Stop it" about="the new start" kind="second" work={() => stop(changed)} />
)
