import type { ComponentChildren } from 'preact'
import { useCallback, useRef, useState } from 'preact/hooks'
import type { NotRecovered, Recovered, RecoverySteps, RotationOptions, RotationProgress } from '../../client/index.ts'
import { RENEWAL, useKeySteps, type KeySteps } from '../encryption/key-steps.tsx'
import { isAnswerLost } from '../encryption/lost-answer.ts'
import { CutOff } from './cut-off.tsx'
import { RecoveredView } from './recovered.tsx'
import { Reencrypting } from './reencrypting.tsx'

/** What the SDK's recoveries are given here. */
export type Given = RecoverySteps & RotationOptions

/** How a recovery ended whose data is open: what the SDK told, or what is known after it was cut off. */
export type Done = Pick<Recovered, 'passkeys' | 'passkeysLost' | 'questionsLost' | 'unreadable'> | null

type Stage =
  | { kind: 'ASKING' }
  | { kind: 'REENCRYPTING'; progress: RotationProgress }
  /** The answer to the new keys was lost, or the connection while records were encrypted anew. */
  | { kind: 'CUT_OFF' }
  | { kind: 'DONE'; done: Done }

export type RecoveryRun = {
  /** The title of what `view` shows. */
  title: string | null
  /** What to show in the place of the page; null while the page itself asks. */
  view: ComponentChildren
  /** Does a recovery. What is left for the page to tell: what it came to when not to open data; null when all is told. */
  run: <T extends { kind: string }>(recover: (given: Given) => Promise<T | Recovered>) => Promise<T | null>
}

/** One recovery from its first step to its end, whichever way it takes. */
export function useRecoveryRun(): RecoveryRun {
  const keys = useKeySteps(RENEWAL)
  const [stage, setStage] = useState<Stage>({ kind: 'ASKING' })
  const passphrase = useRef<string | null>(null)
  const onProgress = useCallback((progress: RotationProgress) => setStage({ kind: 'REENCRYPTING', progress }), [])

  async function run<T extends { kind: string }>(recover: (given: Given) => Promise<T | Recovered>): Promise<T | null> {
    const sealing = { isBegun: false }
    try {
      const outcome = await keys.run((steps) => recover({ ...watched(steps, passphrase, sealing), onProgress }))
      if (!isRecovered(outcome)) return outcome
      passphrase.current = null
      setStage({ kind: 'DONE', done: outcome })
      return null
    } catch (error) {
      if (!sealing.isBegun || !isAnswerLost(error)) throw error
      setStage({ kind: 'CUT_OFF' })
      return null
    }
  }

  const ends = {
    onProgress,
    finished: () => {
      passphrase.current = null
      setStage({ kind: 'DONE', done: null })
    },
    again: () => setStage({ kind: 'ASKING' }),
  }
  const shown = shownAt(stage, ends)
  return shown ? { ...shown, run } : { title: keys.title, view: keys.view, run }
}

type Ends = { onProgress: (progress: RotationProgress) => void; finished: () => void; again: () => void }

function shownAt(stage: Stage, ends: Ends): Pick<RecoveryRun, 'title' | 'view'> | null {
  switch (stage.kind) {
    case 'ASKING':
      return null
    case 'REENCRYPTING':
      return { title: 'Locking your data with the new keys', view: <Reencrypting progress={stage.progress} /> }
    case 'CUT_OFF':
      return { title: 'The connection broke at the last step', view: <CutOff {...ends} /> }
    case 'DONE':
      return { title: 'Your data is open again', view: <RecoveredView done={stage.done} /> }
  }
}

/**
 * The steps, with two things noted. The passphrase is asked for before a code is tried: after a wrong code it is taken
 * once more, unasked. And from the last step on new keys are sent: an answer that is lost then leaves them in doubt.
 */
function watched(
  { explain: _, ...steps }: KeySteps,
  passphrase: { current: string | null },
  sealing: { isBegun: boolean },
): Omit<KeySteps, 'explain'> {
  return {
    ...steps,
    choosePassphrase: async (choice) => {
      if (passphrase.current !== null && !choice.fault) return passphrase.current
      return (passphrase.current = await steps.choosePassphrase(choice))
    },
    typeBack: async (asked) => {
      const typed = await steps.typeBack(asked)
      sealing.isBegun = typed !== null
      return typed
    },
  }
}

const isRecovered = (outcome: { kind: string }): outcome is Recovered => outcome.kind === 'Recovered'

/** What to say about a recovery that ended without opening data, where every way has the same words for it. */
export function wordsForEnd(outcome: Pick<NotRecovered, 'kind'>): string {
  return outcome.kind === 'RotatedElsewhere'
    ? 'Your keys were changed on another device meanwhile, so the codes that you saw are void. Unlock with the newest passphrase, or begin again.'
    : ''
}
