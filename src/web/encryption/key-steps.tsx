import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { RenewalSteps, SetupSteps } from '../../client/index.ts'
import { Explain } from './explain-step.tsx'
import { ChoosePassphrase } from './passphrase-step.tsx'
import { ShowCodes } from './codes-step.tsx'
import { TypeBack } from './type-back-step.tsx'
import { TouchPasskey } from './touch-step.tsx'
import './key-steps.css'

/** Every step that the SDK asks a page to show, whatever makes the keys: a set-up, a recovery, a rotation, a fresh start. */
export type KeySteps = SetupSteps & Required<Pick<RenewalSteps, 'touchPasskey'>>

export type KeyStep = keyof KeySteps

/** What a step's screen is given. */
export type StepProps<TAnswer> = {
  answer: (given: TAnswer) => void
  callOff: () => void
  /** It was answered, and what comes next is not there yet. */
  isWorking: boolean
  /** 'Step 2 of 4'. */
  place: string | null
}

export type ShownSteps = {
  /** The title of the page while a step is shown, for `AccountFrame`; null when none is. */
  title: string | null
  /** The step to show now, in the place of the page; null when none is. */
  view: ComponentChildren
  /**
   * Does work that asks by the steps, and ends with their view. A view that leaves the page calls the work off. `counted`
   * are the steps that this work has, where they are not those of the hook.
   */
  run: <T>(work: (steps: KeySteps) => Promise<T>, counted?: readonly KeyStep[]) => Promise<T>
}

type Asked = { title: string; draw: (isWorking: boolean) => VNode; callOff: () => void }

const ALL: readonly KeyStep[] = ['explain', 'choosePassphrase', 'showCodes', 'typeBack']
/** The steps that come where keys are made anew, and not for the first time. */
export const RENEWAL: readonly KeyStep[] = ['choosePassphrase', 'showCodes', 'typeBack']
/** The steps that come where codes alone are made. */
export const CODES: readonly KeyStep[] = ['showCodes', 'typeBack']

/**
 * The screens of the steps: hand what `run` gives to the SDK's method, show `view` while there is one. `expected` are the
 * steps that are counted, in their order.
 */
export function useKeySteps(expected: readonly KeyStep[] = ALL): ShownSteps {
  const [asked, setAsked] = useState<Asked | null>(null)
  const [isWorking, setWorking] = useState(false)
  const isGone = useRef(false)
  useEffect(() => {
    isGone.current = false
    return () => void (isGone.current = true)
  }, [])

  const show = (counted: readonly KeyStep[]): Show =>
    function showStep(step, title, calledOff, draw) {
      if (isGone.current) return Promise.resolve(calledOff)
      return new Promise((resolve) => {
        const answer = (given: typeof calledOff): void => {
          setWorking(true)
          resolve(given)
        }
        const given = { answer, callOff: () => answer(calledOff), place: placeOf(step, counted) }
        setWorking(false)
        setAsked({ title, callOff: given.callOff, draw: (isNowWorking) => draw({ ...given, isWorking: isNowWorking }) })
      })
    }

  async function run<T>(work: (steps: KeySteps) => Promise<T>, counted = expected): Promise<T> {
    try {
      return await work(stepsOver(show(counted)))
    } finally {
      setAsked(null) // and with it the codes
      setWorking(false)
    }
  }

  const view = asked && <StepPlace callOff={asked.callOff}>{asked.draw(isWorking)}</StepPlace>
  return { title: asked?.title ?? null, view, run }
}

type Show = <T>(step: KeyStep, title: string, calledOff: T, draw: (props: StepProps<T>) => VNode) => Promise<T>

const stepsOver = (show: Show): KeySteps => ({
  explain: (benefits) =>
    show('explain', 'Only you can read it', false, (props) => <Explain {...props} benefits={benefits} />),
  choosePassphrase: (choice) =>
    show<string | null>('choosePassphrase', 'Choose a passphrase', null, (props) => (
      <ChoosePassphrase {...props} choice={choice} />
    )),
  showCodes: ({ codes }) =>
    show('showCodes', 'Your recovery codes', false, (props) => <ShowCodes {...props} codes={codes} />),
  typeBack: ({ positions, fault }) =>
    show<readonly string[] | null>('typeBack', 'Type two codes back', null, (props) => (
      <TypeBack {...props} positions={positions} fault={fault} />
    )),
  touchPasskey: (passkey) =>
    show('touchPasskey', 'Shall this passkey go on unlocking?', false, (props) => (
      <TouchPasskey {...props} name={passkey.name} />
    )),
})

function placeOf(step: KeyStep, expected: readonly KeyStep[]): string | null {
  const at = expected.indexOf(step)
  return at === -1 || expected.length === 1 ? null : `Step ${at + 1} of ${expected.length}`
}

/** Calls the step off when it leaves the page unanswered. */
function StepPlace({ callOff, children }: { callOff: () => void; children: ComponentChildren }) {
  const newest = useRef(callOff)
  newest.current = callOff
  useEffect(() => () => newest.current(), [])
  return <>{children}</>
}
