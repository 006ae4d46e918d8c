import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { RotationOptions, RotationProgress } from '../../client/index.ts'

/** Turning over to new keys: what is shown meanwhile. */
export type Turning = {
  title: string | null
  view: ComponentChildren
  /** Does such work; null where the person stopped it. `isLong` shows it from the beginning. */
  run: <T>(work: (options: RotationOptions) => Promise<T>, options: { isLong: boolean }) => Promise<T | null>
}

type State = { progress: RotationProgress | null; stop: () => void }

/** The screen of a change of keys, with how far it is. Whoever leaves the page lets it go on for as long as the tab is open. */
export function useTurning(): Turning {
  const [state, setState] = useState<State | null>(null)
  const run: Turning['run'] = async (work, { isLong }) => {
    const controller = new AbortController()
    const stop = (): void => controller.abort()
    if (isLong) setState({ progress: null, stop })
    try {
      return await work({ signal: controller.signal, onProgress: (progress) => setState({ progress, stop }) })
    } catch (error) {
      if (controller.signal.aborted) return null
      throw error
    } finally {
      setState(null)
    }
  }
  return { title: state && 'Changing your keys', view: state && <Progress {...state} />, run }
}

function Progress({ progress, stop }: State) {
  const phase = phaseOf(progress)
  return (
    <div class="turning">
      <p class="lead" role="status">
        {phase.words}
      </p>
      <progress aria-label="Records under the new key" {...(phase.bar && { ...phase.bar })} />
      <p class="hint">{phase.count}</p>
      <p class="quiet">
        Keep this page open. If it is closed or the connection breaks, nothing is lost: any device of yours goes on with
        it once it is unlocked.
      </p>
      <button type="button" class="second" onClick={stop}>
        Stop here, go on later
      </button>
    </div>
  )
}

type Phase = { words: string; count: string; bar?: { max: number; value: number } }

function phaseOf(progress: RotationProgress | null): Phase {
  if (!progress)
    return { words: 'The new key is put in force, and everything is encrypted with it.', count: 'Just a moment' }
  const { done, total } = progress
  if (total === 0) return { words: 'The new key is in force.', count: 'There was nothing to encrypt anew' }
  return {
    words: 'The new key is in force. What you encrypted before is now encrypted anew.',
    count: `${done} of ${total} done`,
    bar: { max: total, value: done },
  }
}
