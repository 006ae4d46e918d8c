import { signal } from '@preact/signals'
import type { RecoveryStatus } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { serverNow } from '../server-clock.ts'
import { dateAndTime } from '../words.ts'

/** What is under way to recover the account's encrypted data, or to give it up, in words. */
export type UnderWay = { title: string; words: string; from: string }

/** What is under way, as far as it is known. */
export const underWay = signal<UnderWay | null>(null)

/** Asks what is under way; a page that begins or stops something asks anew. Never throws. */
export async function lookWhatIsUnderWay(): Promise<void> {
  // Without an answer nothing is said: the page's own parts tell what is amiss.
  const status = await latchkey.encryption.recoveryStatus().catch(() => null)
  if (status) underWay.value = underWayIn(status)
}

/** Stops what is under way, and gives what to say about it. */
export async function stopWhatIsUnderWay(): Promise<string> {
  const stopped = await latchkey.encryption.cancelOpenRecovery()
  underWay.value = null
  return stopped
    ? 'It is stopped. Whoever began it was signed in to your account: end the sessions that you do not know.'
    : 'Nothing was under way any more.'
}

// Both may be under way: a recovery must not hide what gives the data up.
function underWayIn({ request, freshStart }: RecoveryStatus): UnderWay | null {
  const anew = freshStart && freshStartIn(freshStart)
  if (request?.state !== 'WAITING' && request?.state !== 'READY') return anew
  const words = [wordsFor(request), ...(anew ? [`${anew.title}. ${anew.words}`] : [])].join(' ')
  return { title: 'Your encrypted data is being recovered', words, from: fromWhere(request) }
}

function freshStartIn(freshStart: NonNullable<RecoveryStatus['freshStart']>): UnderWay {
  const from = new Date(freshStart.availableAt)
  const when = from.getTime() > serverNow() ? `It can be done from ${dateAndTime(from)} on.` : 'It can be done now.'
  return {
    title: 'A new start without your keys was asked for',
    words: `${when} What your present keys encrypt is then given up. ${NOT_YOU}`,
    from: fromWhere(freshStart),
  }
}

const WAYS = {
  RECOVERY_CODE: 'by a recovery code',
  SECURITY_QUESTIONS: 'by security questions',
  PASSKEY: 'by a passkey',
} as const

const NOT_YOU = 'If that is not you, stop it.'

function wordsFor({ method, state, availableAt }: NonNullable<RecoveryStatus['request']>): string {
  const when = state === 'WAITING' ? `cannot open it before ${dateAndTime(new Date(availableAt))}` : 'can open it now'
  return `Somebody who is signed in to your account has begun to recover it ${WAYS[method]}, and ${when}. ${NOT_YOU}`
}

function fromWhere(begun: { createdAt: string; deviceName: string; ipAddress: string | null }): string {
  const place = begun.ipAddress ? ` (${begun.ipAddress})` : ''
  return `Begun ${dateAndTime(new Date(begun.createdAt))}, from ${begun.deviceName}${place}.`
}
