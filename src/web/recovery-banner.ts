import { find, write } from './dom.ts'
import { latchkey } from './latchkey.ts'
import { serverNow } from './server-clock.ts'
import { dateAndTime } from './words.ts'

type Status = Awaited<ReturnType<typeof latchkey.encryption.recoveryStatus>>
type UnderWay = {
  title: string
  words: string
  from: { createdAt: string; deviceName: string; ipAddress: string | null }
}

/** Shows what is under way to recover the account's encrypted data, or to give it up; hides the part where nothing is. */
export async function showRecovery(): Promise<void> {
  const underWay = underWayIn(await latchkey.encryption.recoveryStatus())
  find('#recovery-part', HTMLElement).hidden = underWay === null
  if (!underWay) return
  const { title, words, from } = underWay
  write('#recovery-title', title)
  write('#recovery-words', words)
  const place = from.ipAddress ? ` (${from.ipAddress})` : ''
  write('#recovery-place', `Begun ${dateAndTime(new Date(from.createdAt))}, from ${from.deviceName}${place}.`)
}

/** Stops what is under way, and gives what to say about it. */
export async function stopRecovery(): Promise<string> {
  const stopped = await latchkey.encryption.cancelOpenRecovery()
  return stopped
    ? 'It is stopped. Whoever began it was signed in to your account: end the sessions below that you do not know.'
    : 'Nothing was under way any more.'
}

// Both may be under way: a recovery must not hide what gives the data up.
function underWayIn({ request, freshStart }: Status): UnderWay | null {
  const anew = freshStart && freshStartIn(freshStart)
  if (request?.state !== 'WAITING' && request?.state !== 'READY') return anew
  const words = [wordsFor(request), ...(anew ? [`${anew.title}. ${anew.words}`] : [])].join(' ')
  return { title: 'Your encrypted data is being recovered', words, from: request }
}

function freshStartIn(freshStart: NonNullable<Status['freshStart']>): UnderWay {
  const from = new Date(freshStart.availableAt)
  const words =
    from.getTime() > serverNow()
      ? `It can be done from ${dateAndTime(from)} on. What your present keys encrypt is then given up.`
      : 'It can be done now. What your present keys encrypt is then given up.'
  return { title: 'A new start without your keys was asked for', words: `${words} ${NOT_YOU}`, from: freshStart }
}

const WAYS = {
  RECOVERY_CODE: 'by a recovery code',
  SECURITY_QUESTIONS: 'by security questions',
  PASSKEY: 'by a passkey',
} as const

const NOT_YOU = 'If that is not you, stop it.'

function wordsFor({ method, state, availableAt }: NonNullable<Status['request']>): string {
  const when = state === 'WAITING' ? `cannot open it before ${dateAndTime(new Date(availableAt))}` : 'can open it now'
  return `Somebody who is signed in to your account has begun to recover it ${WAYS[method]}, and ${when}. ${NOT_YOU}`
}
