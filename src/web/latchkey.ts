import { createClient, type User } from '../client/index.ts'
import { proofs } from './prove.tsx'
import { fetchAndNoteTime } from './server-clock.ts'
import { startEncryptionWorker } from './trusted-worker.ts'
import { unlocks } from './unlock.tsx'
import { sessionEnded, viewer, type Viewer } from './viewer.ts'

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

/** Ends the session on the server, then on this page. */
export async function signOut(): Promise<void> {
  await latchkey.logout()
  looks += 1
  viewer.value = { kind: 'SIGNED_OUT', why: 'LEFT' }
  tabs.postMessage('signed-out')
}

// What tabs of one browser tell each other: one that waits for a mail learns that its link was opened in another.
const tabs = new BroadcastChannel('latchkey')

/** Calls back when somebody has signed in or out in another tab of this browser; what it gives ends that. */
export function onSignedElsewhere(act: () => void): () => void {
  const hear = ({ data }: MessageEvent): void => {
    if (data === 'signed-in' || data === 'signed-out') act()
  }
  tabs.addEventListener('message', hear)
  return () => tabs.removeEventListener('message', hear)
}
