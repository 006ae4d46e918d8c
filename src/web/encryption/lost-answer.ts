import { isLatchkeyError, type CodeSteps } from '../../client/index.ts'

const LOST = ['NETWORK', 'UNEXPECTED_ANSWER', 'UNAVAILABLE'] as const

/** Whether no answer came that tells what the server has done. */
export const isAnswerLost = (error: unknown): boolean => LOST.some((code) => isLatchkeyError(error, code))

type Watched<TSteps> = {
  /** The steps, for the work. */
  steps: TSteps
  /** Whether an error of the work leaves open which keys are in force. */
  isInDoubt: (error: unknown) => boolean
}

/** Steps that tell when their last is done: from then on new keys are sent, and a lost answer leaves them in doubt. */
export function watched<TSteps extends Required<Pick<CodeSteps, 'typeBack'>>>(steps: TSteps): Watched<TSteps> {
  let isSent = false
  const typeBack: CodeSteps['typeBack'] = async (asked) => {
    const typed = await steps.typeBack(asked)
    isSent = typed !== null
    return typed
  }
  return { steps: { ...steps, typeBack }, isInDoubt: (error) => isSent && isAnswerLost(error) }
}
