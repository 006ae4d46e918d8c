import { useLocation } from 'preact-iso'
import type { ComponentType } from 'preact'
import { person } from '../viewer.ts'
import { ByAnswers } from './by-answers.tsx'
import { ByCode } from './by-code.tsx'
import { ByPasskey } from './by-passkey.tsx'
import { ChooseWay } from './choose-way.tsx'
import { NewStart } from './new-start.tsx'
import { SetQuestions } from './set-questions.tsx'
import { TakeBack } from './take-back.tsx'
import { WaysBack } from './ways-back.tsx'
import './recovery.css'

const VIEWS: Readonly<Record<string, ComponentType>> = {
  choose: ChooseWay,
  code: ByCode,
  answers: ByAnswers,
  passkey: ByPasskey,
  questions: SetQuestions,
  anew: NewStart,
  'take-back': TakeBack,
}

/** What there is to recover encrypted data by, and each way to do it: `?way=` says which. */
export function Recovery() {
  const { query } = useLocation()
  const way = query.way ?? ''
  const View = (Object.hasOwn(VIEWS, way) ? VIEWS[way] : undefined) ?? WaysBack
  // What was typed or opened by one person is not there for the next, in the same tab.
  return <View key={person.value} />
}
