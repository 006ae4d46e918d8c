import { useLocation } from 'preact-iso'
import { useEffect } from 'preact/hooks'
import { lookWho } from '../latchkey.ts'
import { Failed, Waiting } from '../ui/load.tsx'
import { Heading } from '../ui/plate.tsx'
import { viewer, type WhySignedOut } from '../viewer.ts'

const WHY: Readonly<Record<Exclude<WhySignedOut, 'NEVER'>, string>> = {
  ENDED: 'Your session has ended. Sign in again to go on.',
  LEFT: 'You are signed out.',
  LEFT_ELSEWHERE: 'You have signed out in another tab.',
}

/** The way in. Whoever is signed in already is led to the overview. */
export function Home() {
  const { route } = useLocation()
  const who = viewer.value
  const isSignedIn = who.kind === 'SIGNED_IN'
  useEffect(() => {
    if (isSignedIn) route('/account', true)
  }, [isSignedIn, route])
  return (
    <main class="plate">
      <img class="mark" src="/favicon.svg" alt="" width="48" height="48" />
      <Heading>Latchkey</Heading>
      <p class="lead">
        You sign in here with your mail address, and there is no password to lose. What you save is yours: nobody else
        who signs in here can reach it.
      </p>
      {(who.kind === 'LOADING' || isSignedIn) && <Waiting words="Looking whether you are signed in" />}
      {who.kind === 'FAILED' && <Failed error={who.error} retry={lookWho} />}
      <div role="status">{who.kind === 'SIGNED_OUT' && who.why !== 'NEVER' && <p class="note">{WHY[who.why]}</p>}</div>
      {who.kind === 'SIGNED_OUT' && (
        <a class="button" href="/sign-in">
          Sign in
        </a>
      )}
      <nav class="development" aria-labelledby="development">
        <h2 id="development">In development</h2>
        <ul>
          <li>
            <a href="/graphql" target="_self">
              GraphiQL
            </a>
            <span>try the API, as the person who is signed in</span>
          </li>
          <li>
            <a href="/dev/mailbox" target="_self">
              Mailbox
            </a>
            <span>the mails that this server would have sent</span>
          </li>
        </ul>
      </nav>
    </main>
  )
}
