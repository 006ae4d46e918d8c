import { createClient, type User } from '../client/index.ts'
import { proofs } from './prove.tsx'
import { fetchAndNoteTime } from './server-clock.ts'
import { startEncryptionWorker } from './trusted-worker.ts'
import { unlocks } from './unlock.tsx'
import { lastPerson, sessionEnded, viewer, type Viewer } from './viewer.ts'

/**
 * This server. Whatever it refuses for want of a proof waits for one dialog, whatever needs the keys for another, and
 * goes on by itself.
 */
export const latchkey = createClient({
  url: '/graphql',
  credentials: 'same-origin',
  fetch: fetchAndNoteTime,
  onUnauthenticated: sessionEnded,
  onReauthenticationRequired: (needed) => proofs.ask(needed),
  encryption: { worker: startEncryptionWorker, onUnlockRequired: (needed) => unlocks.ask(needed) },
})

let looks = 0 // an answer that was overtaken, as by a sign-in, is not shown

/** Asks the server who is signed in. */
export async function lookWho(): Promise<void> {
  const mine = (looks += 1)
  const found = await latchkey.me().then(seen, (error: unknown): Viewer => ({ kind: 'FAILED', error }))
  if (mine === looks) viewer.value = found
}

function seen(user: User | null): Viewer {
  if (user) return { kind: 'SIGNED_IN', user }
  return { kind: 'SIGNED_OUT', why: viewer.value.kind === 'SIGNED_IN' ? 'ENDED' : 'NEVER' }
}

/** Notes that somebody signed in on this page, and tells the other tabs of this browser. */
export function signedIn(user: User): void {
  looks += 1
  viewer.value = { kind: 'SIGNED_IN', user }
  tabs.postMessage('signed-in')
}

/** Ends the session on the server, then on this page and in the other tabs of this browser. */
export async function signOut(): Promise<void> {
  const who = lastPerson.peek()
  await latchkey.logout()
  left('LEFT')
  if (who !== null) tabs.postMessage(signedOut(who))
}

function left(why: 'LEFT' | 'LEFT_ELSEWHERE'): void {
  looks += 1
  viewer.value = { kind: 'SIGNED_OUT', why }
}

// What tabs of one browser tell each other: one that waits for a mail learns that its link was opened in another.
const tabs = new BroadcastChannel('latchkey')

const signedOut = (who: string): string => `signed-out ${who}`

/** Follows who signs in and out in the other tabs of this browser; what it gives ends that. */
export function followOtherTabs(): () => void {
  const hear = ({ data }: MessageEvent): void => {
    // Shown without asking the server, which may not answer at the moment. The keys are locked by the sign-out already.
    if (data === signedOut(lastPerson.peek() ?? '')) left('LEFT_ELSEWHERE')
    else if (data === 'signed-in' || viewer.peek().kind === 'LOADING') void lookWho()
  }
  tabs.addEventListener('message', hear)
  return () => tabs.removeEventListener('message', hear)
}
