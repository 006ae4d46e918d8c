import { useLocation } from 'preact-iso'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useState } from 'preact/hooks'
import type { User } from '../../client/index.ts'
import { lookWho, signOut } from '../latchkey.ts'
import { ActionButton } from '../ui/form.tsx'
import { mayLeave } from '../ui/leaving.ts'
import { Failed, Waiting } from '../ui/load.tsx'
import { online } from '../ui/online.ts'
import { Heading, Plate } from '../ui/plate.tsx'
import { Said, say } from '../ui/said.tsx'
import { viewer, type WhySignedOut } from '../viewer.ts'
import './account.css'
import { unseen } from './alerts.ts'
import { NewAlert } from './new-alert.tsx'
import { RecoveryBanner } from './recovery-banner.tsx'

const PLACES = [
  { href: '/account', name: 'Overview' },
  { href: '/notes', name: 'Notes' },
  { href: '/account/ways-in', name: 'Ways in' },
  { href: '/account/sessions', name: 'Sessions' },
  { href: '/account/activity', name: 'Activity' },
  { href: '/account/encryption', name: 'Encryption' },
  { href: '/account/recovery', name: 'Recovery' },
] as const

/**
 * A page for whoever is signed in, with the ways to the others; whoever is not is led to the sign-in, and comes back.
 * `children` is given the person.
 */
export function AccountFrame({ title, children }: { title: string; children: (user: User) => ComponentChildren }) {
  const who = viewer.value
  switch (who.kind) {
    case 'LOADING':
      return (
        <Plate>
          <Waiting words="Looking whether you are signed in" />
        </Plate>
      )
    case 'FAILED':
      return (
        <Plate>
          <Heading>That did not work yet</Heading>
          <Failed error={who.error} retry={lookWho} />
        </Plate>
      )
    case 'SIGNED_OUT':
      return <SignedOut why={who.why} />
    case 'SIGNED_IN':
      return (
        // Somebody else who signs in finds nothing of whoever was there before.
        <div class="account" key={who.user.id}>
          <Head user={who.user} />
          <main class="plate page">
            {!online.value && (
              <p class="note" role="status">
                You are offline. What you see may be out of date, and nothing can be saved until you are connected.
              </p>
            )}
            <Said />
            <NewAlert />
            <Heading>{title}</Heading>
            <RecoveryBanner />
            {children(who.user)}
          </main>
        </div>
      )
  }
}

const SIGNED_OUT: Readonly<Record<WhySignedOut, { title: string; words: string }>> = {
  NEVER: { title: 'You are not signed in', words: 'Sign in to see this page.' },
  ENDED: {
    title: 'Your session has ended',
    words: 'It ran out, or was ended on another device. Sign in again to go on where you were.',
  },
  LEFT: { title: 'You are signed out', words: 'Nothing of yours is left open in this browser.' },
  LEFT_ELSEWHERE: {
    title: 'You are signed out',
    words: 'You have signed out in another tab. Nothing of yours is left open in this browser.',
  },
}

function SignedOut({ why }: { why: WhySignedOut }) {
  const { url } = useLocation()
  const { title, words } = SIGNED_OUT[why]
  return (
    <Plate>
      <Heading>{title}</Heading>
      <p class="lead">{words}</p>
      <a class="button" href={`/sign-in?redirect_to=${encodeURIComponent(url)}`}>
        Sign in
      </a>
    </Plate>
  )
}

function Head({ user }: { user: User }) {
  const { path } = useLocation()
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  useEffect(() => {
    setOpen(false)
    say('')
  }, [path])
  return (
    <header class="head">
      <a class="home" href="/account">
        <img class="mark" src="/favicon.svg" alt="Latchkey, to the overview" width="48" height="48" />
      </a>
      <button
        type="button"
        class="second menu"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        Menu
        <UnseenCount />
      </button>
      <nav id={id} aria-label="Account" class={isOpen ? 'open' : ''}>
        <ul>
          {PLACES.map(({ href, name }) => (
            <li key={href}>
              <a href={href} aria-current={href === path ? 'page' : undefined}>
                {name}
                {href === '/account/activity' && <UnseenCount />}
              </a>
            </li>
          ))}
        </ul>
        <div class="who">
          <p class="quiet">
            <Address of={user.email} />
          </p>
          <ActionButton label="Sign out" working="Signing out" work={leave} />
        </div>
      </nav>
    </header>
  )
}

async function leave(): Promise<void> {
  if (await mayLeave()) await signOut()
}

/** How many alerts the person has not seen, beside what leads to them. */
function UnseenCount() {
  const count = unseen.value.length
  if (count === 0) return null
  return (
    <>
      {' '}
      <span class="badge count">
        {count}
        <span class="for-readers">{count === 1 ? ' new alert' : ' new alerts'}</span>
      </span>
    </>
  )
}

/** A mail address that breaks before its @, where it has to break. */
function Address({ of }: { of: string }) {
  const at = of.lastIndexOf('@')
  return (
    <>
      {of.slice(0, at)}
      <wbr />
      {of.slice(at)}
    </>
  )
}
