import { useLocation } from 'preact-iso'
import { useRef, useState } from 'preact/hooks'
import { isLatchkeyError } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { Waiting } from '../ui/load.tsx'
import { Plate } from '../ui/plate.tsx'
import { viewer } from '../viewer.ts'
import { AlreadyIn } from './already-in.tsx'
import { Door, type Wish } from './door.tsx'
import { useGoOn, type Arrival } from './go-on.ts'
import { MailSent } from './mail-sent.tsx'
import { Onward } from './onward.tsx'
import { ownPlace } from './place-to-go.ts'
import './sign-in.css'

type Step = { kind: 'DOOR' } | { kind: 'MAIL_SENT'; expiresAt: Date } | { kind: 'DONE'; place: string }

/** Signing in: by a passkey where the browser has them, and always by mail. Whoever is signed in is told so. */
export function SignIn() {
  const who = viewer.value
  const signIn = useSignIn()
  const wasOut = useRef(false)
  if (who.kind === 'SIGNED_OUT') wasOut.current = true
  return <Plate>{shown()}</Plate>

  function shown() {
    if (signIn.step.kind === 'DONE') return <Onward place={signIn.step.place} />
    if (who.kind === 'LOADING') return <Waiting words="Looking whether you are signed in" />
    if (who.kind === 'SIGNED_IN') {
      return <AlreadyIn user={who.user} place={ownPlace(signIn.wish.redirectTo)} isElsewhere={wasOut.current} />
    }
    // Where the server could not tell who it is, the form will say what is amiss.
    if (signIn.step.kind === 'DOOR') return <Door {...signIn} />
    return <MailSent {...signIn} email={signIn.wish.email} expiresAt={signIn.step.expiresAt} />
  }
}

/** What was filled in, how far the sign-in has come, and what leads on. */
function useSignIn() {
  const { query } = useLocation()
  const goOn = useGoOn()
  const [step, setStep] = useState<Step>({ kind: 'DOOR' })
  const [wish, setWish] = useState<Wish>({
    email: '',
    rememberDevice: false,
    redirectTo: query['redirect_to'] ?? null,
    isPlaceRefused: false,
  })
  const change = (part: Partial<Wish>): void => setWish((before) => ({ ...before, ...part }))

  /** A place that the server does not allow is told, and left out of the next try. Anything else goes on. */
  function refusePlace(error: unknown): void {
    if (!isLatchkeyError(error, 'REDIRECT_NOT_ALLOWED')) throw error
    change({ redirectTo: null, isPlaceRefused: true })
  }

  async function sendMail(): Promise<void> {
    const { email, rememberDevice, redirectTo } = wish
    const { expiresAt } = await latchkey.requestMagicLink({ email, rememberDevice, redirectTo })
    setStep({ kind: 'MAIL_SENT', expiresAt: new Date(expiresAt) })
  }

  const arrive = (arrival: Arrival): void => setStep({ kind: 'DONE', place: goOn(arrival) })
  const back = (): void => setStep({ kind: 'DOOR' })
  return { step, wish, change, refusePlace, sendMail, arrive, back }
}

/** What the parts of the sign-in share. */
export type SigningIn = Omit<ReturnType<typeof useSignIn>, 'step'>
