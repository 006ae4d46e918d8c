import { useState } from 'preact/hooks'
import { isLatchkeyError, type AnswersGiven, type RecoveryRequest, type RecoveryStatus } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { latchkey } from '../latchkey.ts'
import { Field } from '../ui/fields.tsx'
import { ActionButton, TaskForm } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { useTask, type Task } from '../ui/task.ts'
import { whenAndHowLong } from './recovery-words.ts'
import { useRecoveryRun, wordsForEnd } from './run-recovery.tsx'
import { BackToRecovery } from './back-to-recovery.tsx'
import { stop, useMinutes } from './under-way.tsx'

const NO_ANSWERS = ['', '', ''] as const

/** Opens the data by two answers of three, after a wait of two days. */
export function ByAnswers() {
  const recovery = useRecoveryRun()
  const [answers, setAnswers] = useState<readonly string[]>(NO_ANSWERS)
  const [waiting, setWaiting] = useState<RecoveryRequest | null>(null)
  const [wrongTries, setWrongTries] = useState(0)
  const task = useTask(async () => {
    try {
      const end = await recovery.run((given) =>
        latchkey.encryption.recoverWithQuestions({ answers: givenIn(answers), ...given }),
      )
      if (end && end.kind !== 'Waiting') {
        task.complain(wordsForEnd(end))
        return
      }
      if (end) setWaiting(end.request)
      setAnswers(NO_ANSWERS)
      setWrongTries(0)
    } catch (error) {
      if (!isLatchkeyError(error, 'PROOF_INVALID')) throw error
      setWrongTries(wrongTries + 1)
      task.complain(wrong(wrongTries + 1))
    }
  })
  const form = { answers, setAnswers, task }
  const title = recovery.title ?? (waiting ? 'Your answers are right' : 'Answer two of three')
  return (
    <AccountFrame title={title}>
      {() =>
        recovery.view ?? (
          <>
            {waiting ? <Wait request={waiting} stopped={() => setWaiting(null)} /> : <Ask {...form} />}
            <BackToRecovery />
          </>
        )
      }
    </AccountFrame>
  )
}

const MOST_TRIES = 5

// The server does not tell how often it was tried elsewhere, or before the page was loaded.
function wrong(tries: number): string {
  const count = tries === 1 ? 'once' : `${tries} times`
  return tries >= MOST_TRIES
    ? 'These answers are not right either. After five wrong tries this way is closed for seven days. Take another way, if you have one.'
    : `These answers are not right, or one of them is not. You have tried ${count} here; the fifth wrong try closes this way for seven days. If you are less sure of one, leave it out and answer the third.`
}

/** By the index of their question; what was left empty is left out. */
function givenIn(answers: readonly string[]): AnswersGiven {
  const [first = '', second = '', third = ''] = answers.map((answer) => answer.trim())
  return { ...(first && { 0: first }), ...(second && { 1: second }), ...(third && { 2: third }) }
}

type Form = {
  answers: readonly string[]
  setAnswers: (answers: readonly string[]) => void
  task: Task<void>
}

function Ask(form: Form) {
  const status = useLoad(() => latchkey.encryption.recoveryStatus())
  return (
    <Loaded from={status}>
      {(value) =>
        value.questions.length > 0 ? (
          <>
            <BegunAlready request={value.request} changed={status.reload} />
            <Questions questions={value.questions} {...form} />
          </>
        ) : (
          <p class="note">
            You have no security questions, or they went with keys that were changed. Take another way, if you have one.
          </p>
        )
      }
    </Loaded>
  )
}

function BegunAlready({ request, changed }: Pick<RecoveryStatus, 'request'> & { changed: () => Promise<void> }) {
  useMinutes()
  if (request?.method !== 'SECURITY_QUESTIONS') return null
  if (request.state === 'READY') {
    return (
      <p class="note">
        The wait is over. Give the same answers again, or another two that are right; it can be done until{' '}
        {whenAndHowLong(request.expiresAt)}.
      </p>
    )
  }
  if (request.state !== 'WAITING') return null
  return (
    <div class="note">
      <p>
        The wait runs until {whenAndHowLong(request.availableAt)}. If your answers were found right, there is nothing to
        do before. Giving them again does not make it longer.
      </p>
      <ActionButton label="Stop it" about="the recovery by your answers" work={() => stop(changed)} />
    </div>
  )
}

function Questions({ questions, answers, setAnswers, task }: Form & Pick<RecoveryStatus, 'questions'>) {
  return (
    <>
      <p class="lead">
        Answer two, and leave out the one that you are least sure of. Capitals, spaces and signs do not matter. After
        five wrong tries this way is closed for seven days.
      </p>
      <TaskForm task={task} label="Give these answers" working="Just a moment">
        {questions.map((question, index) => (
          <Field
            key={question}
            label={question}
            autoComplete="off"
            autoCapitalize="none"
            spellcheck={false}
            isInvalid={task.problem !== '' && answers[index] !== ''}
            value={answers[index] ?? ''}
            onValue={(typed) => {
              task.complain('')
              setAnswers(answers.map((before, at) => (at === index ? typed : before)))
            }}
          />
        ))}
      </TaskForm>
    </>
  )
}

function Wait({ request, stopped }: { request: RecoveryRequest; stopped: () => void }) {
  useMinutes()
  return (
    <>
      <p class="lead">
        Come back on <strong>{whenAndHowLong(request.availableAt)}</strong>, and give two right answers once more, on
        any device. Then your data opens.
      </p>
      <p>
        The wait protects you: we have sent you a mail, and send two more, each with a button that stops it. You can
        close this page; it can be done for seven days after the wait.
      </p>
      <ActionButton label="Stop it" kind="second" work={() => stop(async () => stopped())} />
    </>
  )
}
