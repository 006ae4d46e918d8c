import { useEffect, useRef, useState } from 'preact/hooks'
import type { RecoveryStatus } from '../../client/index.ts'
import { isLatchkeyError } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { latchkey } from '../latchkey.ts'
import { Field } from '../ui/fields.tsx'
import { TaskForm } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { useTask } from '../ui/task.ts'
import { BackToRecovery } from './back-to-recovery.tsx'

/** Sets three security questions, or others in their place. */
export function SetQuestions() {
  const [isDone, setDone] = useState(false)
  return (
    <AccountFrame title={isDone ? 'Your questions are set' : 'Security questions'}>
      {() => (
        <>
          {isDone ? <AreSet /> : <MaySet done={() => setDone(true)} />}
          <BackToRecovery />
        </>
      )}
    </AccountFrame>
  )
}

function AreSet() {
  return (
    <p class="lead">
      They open your data from seven days on: so nobody who gets into your account sets their own and answers them the
      next day. A full change of keys and a recovery take them away again; you are told when that happens.
    </p>
  )
}

type Asked = { isOn: boolean; status: RecoveryStatus }

async function look(): Promise<Asked> {
  const [{ enabled }, status] = await Promise.all([latchkey.encryption.status(), latchkey.encryption.recoveryStatus()])
  return { isOn: enabled, status }
}

function MaySet({ done }: { done: () => void }) {
  const asked = useLoad(look)
  return (
    <Loaded from={asked}>
      {({ isOn, status }) => {
        if (!status.takesQuestions) return <p class="note">This server does not offer security questions.</p>
        if (!isOn) return <EncryptionFirst />
        return <QuestionsForm isReplacing={status.questions.length > 0} done={done} />
      }}
    </Loaded>
  )
}

function EncryptionFirst() {
  return (
    <p class="note">
      There is nothing to recover yet. <a href="/account/encryption">Switch on encryption</a> first.
    </p>
  )
}

const THREE = [0, 1, 2] as const
const NOTHING = { questions: ['', '', ''], answers: ['', '', ''], passphrase: '' } as const

type Typed = { questions: readonly string[]; answers: readonly string[]; passphrase: string }
type List = 'questions' | 'answers'

function QuestionsForm({ isReplacing, done }: { isReplacing: boolean; done: () => void }) {
  const [typed, setTyped] = useState<Typed>(NOTHING)
  const [wrong, setWrong] = useState('')
  const task = useTask(async () => {
    setWrong('')
    const missing = firstMissing(typed)
    if (missing) {
      setWrong(missing.field)
      task.complain(missing.words)
      return
    }
    try {
      await latchkey.encryption.setSecurityQuestions(typed)
      setTyped(NOTHING)
      done()
    } catch (error) {
      if (isLatchkeyError(error)) setWrong(error.code === 'SECRET_WRONG' ? 'passphrase' : (error.field ?? ''))
      throw error
    }
  })
  const type = (changed: Partial<Typed>): void => {
    task.complain('')
    setWrong('')
    setTyped({ ...typed, ...changed })
  }
  return (
    <>
      <Guidance isReplacing={isReplacing} />
      <TaskForm task={task} label={isReplacing ? 'Replace the questions' : 'Set the questions'} working="Sealing them">
        {THREE.map((index) => (
          <Pair key={index} index={index} typed={typed} wrong={wrong} type={type} />
        ))}
        <PointedAt
          label="Your passphrase"
          type="password"
          autoComplete="current-password"
          hint="It opens your keys for this, though they may be unlocked already."
          isInvalid={wrong === 'passphrase'}
          value={typed.passphrase}
          onValue={(passphrase) => type({ passphrase })}
        />
      </TaskForm>
    </>
  )
}

function Guidance({ isReplacing }: { isReplacing: boolean }) {
  return (
    <>
      <p class="lead">Two right answers of three open your data, after a wait of two days in which you can stop it.</p>
      <div class="guidance">
        <h2>Choose with care: this is the weakest way</h2>
        <ul>
          <li>Ask what nobody can look up or guess, also nobody who knows you well: no pet, no school, no birthday.</li>
          <li>Use your own words, such as: what lay under the stairs of the old house?</li>
          <li>Ask what you will answer with the same words in five years.</li>
          <li>Whoever runs this server can read the questions, and never an answer.</li>
          {isReplacing && <li>The questions that you have now end, and new ones count from seven days on.</li>}
        </ul>
      </div>
    </>
  )
}

function Pair(props: { index: number; typed: Typed; wrong: string; type: (changed: Partial<Typed>) => void }) {
  const { index, typed, wrong, type } = props
  const field = (list: List) => ({
    autoComplete: 'off',
    isInvalid: wrong === `${list}[${index}]` || (wrong === list && index === 0),
    value: typed[list][index] ?? '',
    onValue: (text: string) => type({ [list]: typed[list].map((before, at) => (at === index ? text : before)) }),
  })
  return (
    <fieldset class="pair">
      <legend class="for-readers">Question {index + 1}</legend>
      <PointedAt label={`Question ${index + 1}`} maxLength={200} {...field('questions')} />
      <PointedAt label={`Answer ${index + 1}`} autoCapitalize="none" spellcheck={false} {...field('answers')} />
    </fieldset>
  )
}

/** A field that takes the focus once it is found wrong. */
function PointedAt(props: Parameters<typeof Field>[0]) {
  const field = useRef<HTMLInputElement>(null)
  const { isInvalid } = props
  useEffect(() => {
    if (isInvalid === true) field.current?.focus()
  }, [isInvalid])
  return <Field {...props} inputRef={field} />
}

/** Told before the keys are opened, which takes a moment. */
function firstMissing({ questions, answers, passphrase }: Typed): { field: string; words: string } | null {
  for (const index of THREE) {
    if (!questions[index]?.trim()) return { field: `questions[${index}]`, words: `Question ${index + 1} is empty.` }
    if (!answers[index]?.trim()) return { field: `answers[${index}]`, words: `Answer ${index + 1} is empty.` }
  }
  return passphrase === '' ? { field: 'passphrase', words: 'Type your passphrase, too.' } : null
}
