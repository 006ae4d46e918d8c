import { isLatchkeyError } from '../client/index.ts'
import type { AuthMethod, NoPrf, NotUsed, NotUsedReason } from '../client/index.ts'
import { serverNow } from './server-clock.ts'

/** What a passkey was wanted for; a proof with the methods that would do. */
export type Want = { to: 'add' } | { to: 'sign-in' } | { to: 'prove'; methods: readonly AuthMethod[] }

/** Why no passkey was used, in words that say what to do. Mail is offered only where it would do instead. */
export function whyNot(reason: NotUsedReason, want: Want): string {
  switch (reason) {
    case 'UNSUPPORTED':
      return `This browser or device cannot use passkeys here. ${instead(want) ?? 'Use another one.'}`
    case 'ALREADY_REGISTERED':
      return 'This device holds a passkey of yours already.'
    default:
      return `No passkey was used. Try again. ${instead(want) ?? 'A passkey on another device would do, too.'}`
  }
}

function instead(want: Want): string | null {
  switch (want.to) {
    case 'add':
      return null
    case 'sign-in':
      return 'A link by mail works, too.'
    case 'prove':
      return want.methods.includes('MAGIC_LINK') ? 'A code by mail works, too.' : null
  }
}

/** Why a passkey did not open the keys, in words that say what to do. */
export function whyNotUnlocked(outcome: NotUsed | NoPrf): string {
  if (outcome.kind === 'NotUsed') return 'No passkey was used. Try again, or use your passphrase.'
  switch (outcome.reason) {
    case 'BROWSER':
      return 'This browser cannot unlock by a passkey. Use your passphrase.'
    case 'PASSKEY':
      return 'This passkey was made without the means to unlock. Use your passphrase; a passkey that is made anew may do it.'
    case 'NOT_ENROLLED':
      return 'You have not let this passkey unlock yet. Use your passphrase, then allow it under Encryption.'
    case 'UNRELIABLE':
      return 'This passkey did not give the same key twice, so it cannot unlock. Use your passphrase.'
  }
}

/** What went wrong, in words that say what to do; with the seconds to wait where waiting is what helps. */
export type Explanation = { text: string; waitSeconds?: number }

/** Words for an error. The server's own message is for developers; these are for whoever signs in. */
export function explain(error: unknown): Explanation {
  if (!isLatchkeyError(error)) return { text: 'Something went wrong in this page. Reload it and try again.' }
  switch (error.code) {
    case 'RATE_LIMITED':
      return error.field === 'method' ? begunOfLate(error.retryAfter) : tooMany(error.retryAfter)
    case 'PROOF_INVALID':
      return { text: 'That is not right, or was used before. Look at it again, or take another way.' }
    case 'RECOVERY_UNAVAILABLE':
      return { text: whyClosed(error.extensions) }
    case 'RECOVERY_NOT_OPEN':
      return { text: 'This is over: it was stopped, finished elsewhere, or its time has passed. Begin again.' }
    case 'RECOVERY_UNPROVEN':
      return { text: 'This was given to another session since. Show the code, the answers or the passkey once more.' }
    case 'ENCRYPTION_OFF':
      return { text: 'Encryption is not switched on, so there is nothing to recover.' }
    case 'EMAIL_INVALID':
      return { text: NO_ADDRESS }
    case 'BAD_INPUT':
      return { text: badInput(error.field) }
    case 'PASSKEY_INVALID':
      return { text: 'This passkey does not work here. Use another one. Signing in by mail goes on working.' }
    case 'PASSKEY_EXISTS':
      return {
        text: 'This passkey is registered already. Use another device or security key. Signing in by mail goes on working.',
      }
    case 'PASSKEYS_UNAVAILABLE':
      return { text: 'This server cannot use passkeys. Signing in by mail works.' }
    case 'CHALLENGE_INVALID':
      return {
        text: 'That took too long, or was begun in another browser. Try again. Signing in by mail goes on working.',
      }
    case 'QUOTA_EXCEEDED':
      return { text: quotaExceeded(error.path?.[0], error.limit) }
    case 'REAUTHENTICATION_REQUIRED':
      return { text: 'Nothing was changed: this needs a proof that it is you.' }
    case 'NOT_FOUND':
      return { text: 'This is gone already. Reload the page.' }
    case 'SECRET_WRONG':
      return { text: 'That does not open your keys. Is it typed right?' }
    case 'PASSPHRASE_WEAK':
      return { text: 'That passphrase is too easy to guess. Several rare words do well.' }
    case 'ENCRYPTION_LOCKED':
      return { text: 'Your encrypted data is locked. Unlock it, then try again.' }
    case 'KEYS_ROLLED_BACK':
      return {
        text: 'The server gave older keys than this device has seen, so they were not used. If its operator says that a backup was restored, let the older keys in under Encryption.',
      }
    case 'ENCRYPTION_ON':
      return { text: 'Encryption was switched on already, on another device. Reload the page.' }
    case 'ENCRYPTION_OFF':
      return { text: 'Encryption was switched off, on another device. Reload the page.' }
    case 'RECORDS_ENCRYPTED':
      return { text: 'Something is still encrypted, and nobody could read it afterwards. Delete that first.' }
    case 'KEY_ROTATED':
      return { text: 'Your keys were changed on another device at the same moment. Try again.' }
    case 'PRF_UNRELIABLE':
      return { text: 'This passkey did not give the same key twice, so it cannot unlock. Use your passphrase.' }
    case 'KEYS_REFUSED':
      return { text: 'The server gave keys that are not as they must be, so they were not used. Tell its operator.' }
    case 'MASTER_KEY_CHANGED':
      return { text: 'Your keys were changed on another device. Unlock again.' }
    case 'CIPHERTEXT_REFUSED':
      return { text: 'This does not open: it was changed by somebody, or belongs elsewhere.' }
    case 'CONFLICT':
      return { text: 'This was changed elsewhere in the meantime. Reload the page to see how it is now.' }
    case 'TOO_LARGE':
      return { text: tooLarge(error.field) }
    case 'UNAUTHENTICATED':
      return { text: 'Your session has ended. Sign in again.' }
    case 'CODE_INVALID':
      return { text: 'That code does not fit. Compare it with the newest mail; after five tries you need a new one.' }
    case 'LINK_INVALID':
      return { text: 'This link has been used, or is too old. Ask for a new one.' }
    case 'NETWORK':
      return {
        text: navigator.onLine
          ? 'The server does not answer. Try again in a moment.'
          : 'You are offline. Try again once you are connected.',
      }
    case 'UNAVAILABLE':
      return { text: 'The server cannot do this at the moment. Nothing was lost. Try again in a minute.' }
    case 'INTERNAL':
      return {
        text: `Something went wrong on the server. If it stays so, tell its operator this number: ${error.errorId}`,
      }
    default:
      return { text: `The server refused this (${error.code}). Reload the page and try again.` }
  }
}

const NO_ADDRESS = 'That is not a mail address that can be used here. Is it written right?'

function badInput(field: string | undefined): string {
  const [, list = '', index = ''] = /^(answers|questions)\[(\d)\]$/.exec(field ?? '') ?? []
  if (list !== '') return IN_LIST[list === 'answers' ? 'answers' : 'questions'](Number(index) + 1)
  const known = FIELDS[field ?? '']
  if (known !== undefined) return known
  if (field === 'email') return NO_ADDRESS
  if (field === 'title') return 'A title is one line of letters and signs that can be seen.'
  if (field === 'name') return 'A name has 1 to 64 characters that can be seen.'
  return 'The server cannot read what this page sent. Reload the page and try again.'
}

/** Says of what there are enough, by the operation that was refused. */
function quotaExceeded(operation: string | number | undefined, limit: number | undefined): string {
  if (operation === 'createRecord') {
    const most = limit === undefined ? '' : `: it keeps ${count(limit, 'note')} at the most`
    return `Your account is full${most}. Delete some that you no longer need, then save again.`
  }
  if (operation === 'beginPasskeyRegistration' || operation === 'completePasskeyRegistration') {
    return 'Five passkeys are as many as an account may have. Remove one first. Signing in by mail goes on working.'
  }
  return 'There are as many of these as may be. Close or remove one first, then try again.'
}

function tooLarge(field: string | undefined): string {
  if (field === 'title') return 'The title is too long. Make it shorter; the text has more room.'
  return 'That is too long to be saved. Make it shorter, or split it in two.'
}

const IN_LIST = {
  answers: (place: number) =>
    `Answer ${place} needs three letters or digits at the least. It may not be the same as another answer, nor stand in its question.`,
  questions: (place: number) => `Question ${place} has 1 to 200 characters, on one line.`,
} as const

const FIELDS: Readonly<Record<string, string>> = {
  code: 'A code has 24 letters and digits, in six groups of four. Compare it with your paper.',
  answers: 'Two answers are needed, no more and no fewer. Leave the one that you are least sure of empty.',
  questions: 'The three questions must differ from each other.',
  confirmation: 'That is not the mail address of this account.',
}

/** Why the keys cannot be recovered so, by the `reason` of the refusal. */
function whyClosed({ reason, availableAt }: Readonly<Record<string, unknown>>): string {
  const why = CLOSED[String(reason)] ?? 'Your data cannot be opened this way.'
  const until = typeof availableAt === 'string' ? ` You can take it from ${dateAndTime(new Date(availableAt))} on.` : ''
  return `${why}${until}`
}

const CLOSED: Readonly<Record<string, string>> = {
  'not-set-up': 'This way was never set up for your account.',
  'switched-off': 'This server does not offer security questions.',
  locked: 'This way is closed for seven days, because it was stopped or tried too often.',
  'changed-lately': 'This way is closed for seven days, because the questions or the mail address were changed.',
  waiting: 'The wait is not over yet.',
}

const begunOfLate = (seconds: number): Explanation => ({
  text: `This way was begun within the last day already. You can begin it again in ${duration(seconds)}; another way may be open.`,
})

function tooMany(seconds: number): Explanation {
  const at = new Date(Date.now() + seconds * 1000)
  const text = `Too many tries for now. You can try again in ${duration(seconds)}, at ${clockTime(at)}.`
  return { text, waitSeconds: seconds }
}

/** '40 seconds', '1 minute', '12 minutes', '2 hours': rounded up, so that nobody comes back too early. */
export function duration(seconds: number): string {
  if (seconds < 60) return count(Math.max(1, Math.ceil(seconds)), 'second')
  if (seconds < 5400) return count(Math.ceil(seconds / 60), 'minute')
  return count(Math.ceil(seconds / 3600), 'hour')
}

const count = (n: number, unit: string): string => `${n.toLocaleString()} ${unit}${n === 1 ? '' : 's'}`

/** '14:05', as the reader's own clock writes it. */
export const clockTime = (at: Date): string => new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(at)

/** 'Friday, 27 November 2026', as the reader writes it. */
export const day = (at: Date): string => new Intl.DateTimeFormat(undefined, { dateStyle: 'full' }).format(at)

/** A date and a time, as the reader writes them. */
export const dateAndTime = (at: Date): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(at)

/** 'just now', '3 minutes ago', or the date when that is long past. */
export function ago(at: Date): string {
  const seconds = (serverNow() - at.getTime()) / 1000
  if (seconds < 60) return `just now (${clockTime(at)})`
  return seconds < 43_200 ? `${count(Math.floor(seconds / 60), 'minute')} ago (${clockTime(at)})` : dateAndTime(at)
}
