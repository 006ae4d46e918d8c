import { useLayoutEffect, useRef, useState, useEffect } from 'preact/hooks'
import { isLatchkeyError } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { serverNow } from '../server-clock.ts'
import { CodeField } from '../ui/fields.tsx'
import { Problem, SubmitButton, TaskForm } from '../ui/form.tsx'
import { Heading } from '../ui/plate.tsx'
import { useTask } from '../ui/task.ts'
import type { SigningIn } from './sign-in.tsx'

const SECONDS_BETWEEN_MAILS = 30

type Props = SigningIn & { email: string; expiresAt: Date }

/** What is shown once a mail was sent: its code can be typed here, while it lives. */
export function MailSent({ email, expiresAt, sendMail, arrive, back }: Props) {
  const [isChecking, setChecking] = useState(false)
  const seconds = useSecondsUntil(expiresAt)
  if (seconds === 0 && !isChecking) return <TooOld email={email} sendMail={sendMail} back={back} />
  return (
    <>
      <Heading takesFocus={false}>Look in your mail</Heading>
      <p class="lead">
        If <strong>{email}</strong> can sign in here, a mail is on its way. Open its link in this browser, or type its
        code.
      </p>
      <ByCode key={expiresAt.getTime()} seconds={seconds} arrive={arrive} onChecking={setChecking} />
      <p class="development aside">
        <a href="/dev/mailbox" target="_blank">
          Open the development mailbox
        </a>
      </p>
      <Again sendMail={sendMail} back={back} />
    </>
  )
}

type CodeProps = Pick<SigningIn, 'arrive'> & { seconds: number; onChecking: (isChecking: boolean) => void }

function ByCode({ seconds, arrive, onChecking }: CodeProps) {
  const field = useRef<HTMLInputElement>(null)
  const [code, setCode] = useState('')
  useEffect(() => field.current?.focus(), [])
  const task = useTask(async () => {
    if (code.length !== 6) {
      task.complain('The code has six digits.')
      return field.current?.focus()
    }
    onChecking(true)
    try {
      const result = await latchkey.verifyMagicCode({ code })
      if (result.__typename === 'SignedIn') arrive(result)
      else task.complain('Use the link in the mail instead.')
    } catch (error) {
      if (isLatchkeyError(error, 'CODE_INVALID')) field.current?.select()
      throw error
    } finally {
      onChecking(false)
    }
  })
  return (
    <TaskForm task={task} label="Sign in" working="Checking">
      <CodeField
        inputRef={field}
        value={code}
        isInvalid={task.problem !== '' && !task.isWaiting}
        hint={<TimeLeft seconds={seconds} />}
        onValue={(value) => {
          if (!task.isWaiting) task.complain('')
          setCode(value)
        }}
        onComplete={() => field.current?.form?.requestSubmit()}
      />
    </TaskForm>
  )
}

function TimeLeft({ seconds }: { seconds: number }) {
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  return (
    <>
      Works for{' '}
      <span role="timer" aria-live="off">
        {text}
      </span>
    </>
  )
}

function Again({ sendMail, back }: Pick<SigningIn, 'sendMail' | 'back'>) {
  const [said, setSaid] = useState('')
  const task = useTask(async () => {
    setSaid('')
    await sendMail()
    setSaid('Sent again. The newest mail counts.')
    task.holdBack(SECONDS_BETWEEN_MAILS)
  })
  useLayoutEffect(() => task.holdBack(SECONDS_BETWEEN_MAILS), [])
  return (
    <form
      noValidate
      class="more"
      onSubmit={(event) => {
        event.preventDefault()
        void task.run()
      }}
    >
      <p class="quiet">No mail after a minute? Look among the spam, or have it sent again.</p>
      <Problem text={task.problem} />
      <div class="row">
        <SubmitButton task={task} label="Send it again" working="Sending" kind="plain" />
        <AnotherAddress back={back} />
      </div>
      <p class="said-again" role="status">
        {said}
      </p>
    </form>
  )
}

function TooOld({ email, sendMail, back }: Pick<SigningIn, 'sendMail' | 'back'> & { email: string }) {
  const task = useTask(sendMail)
  return (
    <>
      <Heading>That mail is too old now</Heading>
      <p class="lead">
        Its link and its code have ended. Ask for new ones for <strong>{email}</strong>.
      </p>
      <TaskForm task={task} label="Send a new link" working="Sending" />
      <AnotherAddress back={back} />
    </>
  )
}

const AnotherAddress = ({ back }: Pick<SigningIn, 'back'>) => (
  <button type="button" class="plain" onClick={back}>
    Use another address
  </button>
)

/** How many seconds are left by the server's clock, counted down. */
function useSecondsUntil(end: Date): number {
  const [, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000)
    return () => clearInterval(timer)
  }, [])
  return Math.max(0, Math.floor((end.getTime() - serverNow()) / 1000))
}
