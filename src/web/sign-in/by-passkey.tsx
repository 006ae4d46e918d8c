import { useEffect, useRef } from 'preact/hooks'
import { isAutofillSupported, isLatchkeyError } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { TaskForm } from '../ui/form.tsx'
import { useTask } from '../ui/task.ts'
import { explain, whyNot } from '../words.ts'
import { useOneAtATime } from './one-at-a-time.ts'
import { notePasskeyUsed } from './passkey-used.ts'
import type { SigningIn } from './sign-in.tsx'

type Props = SigningIn & { isMain: boolean; onUnavailable: () => void }

/**
 * A passkey by a button, and among the suggestions of the address field where the browser can do that. The same touch
 * opens the keys of whoever lets a passkey do so.
 */
export function ByPasskey({ wish, arrive, refusePlace, isMain, onUnavailable }: Props) {
  const button = useRef<HTMLButtonElement>(null)
  const newest = useRef(wish)
  newest.current = wish
  const beginOne = useOneAtATime()
  const task = useTask(async () => {
    const outcome = await signIn({ autofill: false, signal: beginOne() })
    if (outcome?.kind !== 'NotUsed') return
    task.complain(whyNot(outcome.reason, { to: 'sign-in' }))
    void offerInField()
  })

  async function signIn(how: { autofill: boolean; signal: AbortSignal }) {
    const { redirectTo } = newest.current
    const outcome = await latchkey
      .signInWithPasskey({
        ...how,
        unlock: true,
        rememberDevice: () => newest.current.rememberDevice,
        ...(redirectTo !== null && { redirectTo }),
      })
      .catch(refusePlace)
    if (outcome?.kind === 'SignedIn') {
      notePasskeyUsed()
      arrive(outcome)
    }
    return outcome
  }

  async function offerInField(): Promise<void> {
    const signal = beginOne() // before anything else may begin, such as by the button
    if (!(await isAutofillSupported())) return
    try {
      await signIn({ autofill: true, signal })
    } catch (error) {
      // Nobody asked for this yet, unless a passkey was chosen: then the server has answered.
      if (isLatchkeyError(error, 'PASSKEY_INVALID')) task.complain(explain(error).text)
      if (isLatchkeyError(error, 'PASSKEYS_UNAVAILABLE')) onUnavailable()
    }
  }

  useEffect(() => {
    if (isMain) button.current?.focus()
  }, [])
  useEffect(() => void offerInField(), [wish.isPlaceRefused])
  const kind = isMain ? 'main' : 'second'
  return (
    <TaskForm task={task} label="Use a passkey" working="Waiting for your passkey" kind={kind} buttonRef={button} />
  )
}
