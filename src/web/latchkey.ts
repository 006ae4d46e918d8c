import { createClient } from '../client/index.ts'
import { proofs } from './prove.tsx'
import { fetchAndNoteTime } from './server-clock.ts'
import { startEncryptionWorker } from './trusted-worker.ts'
import { unlocks } from './unlock.tsx'
import { sessionEnded, viewer } from './viewer.ts'

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

/** Asks the server who is signed in. */
export async function lookWho(): Promise<void> {
  try {
    const user = await latchkey.me()
    viewer.value = user ? { kind: 'SIGNED_IN', user } : { kind: 'SIGNED_OUT', hasEnded: false }
  } catch (error) {
    viewer.value = { kind: 'FAILED', error }
  }
}

export async function signOut(): Promise<void> {
  await latchkey.logout()
  viewer.value = { kind: 'SIGNED_OUT', hasEnded: false }
}

// What tabs of one browser tell each other: one that waits for a mail learns that its link was opened in another.
const tabs = new BroadcastChannel('latchkey')

/** Calls back when another tab of this browser has signed in; what it gives ends that. */
export function onSignInElsewhere(act: () => void): () => void {
  const hear = ({ data }: MessageEvent): void => {
    if (data === 'signed-in') act()
  }
  tabs.addEventListener('message', hear)
  return () => tabs.removeEventListener('message', hear)
}

/** Tells the other tabs of a sign-in. */
export const tellOfSignIn = (): void => tabs.postMessage('signed-in')

/**
 * Where to go after a sign-in. The server has allowed the place already. A script's address would still run here, so
 * only these kinds pass.
 */
export function placeToGo(redirectTo: string | null): string {
  if (redirectTo === null || !URL.canParse(redirectTo, location.origin)) return '/'
  const url = new URL(redirectTo, location.origin)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : '/'
}
