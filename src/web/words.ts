import { isLatchkeyError } from '../client/index.ts'
import type { AuthMethod, LatchkeyError, LatchkeyErrorCode, NoPrf, NotUsed, NotUsedReason } from '../client/index.ts'
import { clockTime, count, dateAndTime, duration } from './times.ts'

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
  if (error.code === 'RATE_LIMITED') {
    return error.field === 'method' ? begunOfLate(error.retryAfter) : tooMany(error.retryAfter)
  }
  const words = WORDS[error.code] ?? `The server refused this (${error.code}). Reload the page and try again.`
  return { text: typeof words === 'string' ? words : words(error) }
}

const NO_ADDRESS = 'That is not a mail address that can be used here. Is it written right?'

/** By the code of a refusal. */
const WORDS: { readonly [Code in LatchkeyErrorCode]?: string | ((error: LatchkeyError) => string) } = {
  PROOF_INVALID: 'That is not right, or was used before. Look at it again, or take another way.',
  RECOVERY_UNAVAILABLE: (error) => whyClosed(error.extensions),
  RECOVERY_NOT_OPEN: 'This is over: it was stopped, finished elsewhere, or its time has passed. Begin again.',
  RECOVERY_UNPROVEN: 'This was given to another session since. Show the code, the answers or the passkey once more.',
  ENCRYPTION_OFF:
    'Encryption is off: it was never switched on, or was switched off on another device. Reload the page.',
  EMAIL_INVALID: NO_ADDRESS,
  BAD_INPUT: (error) => badInput(error.field),
  PASSKEY_INVALID: 'This passkey does not work here. Use another one. Signing in by mail goes on working.',
  PASSKEY_EXISTS:
    'This passkey is registered already. Use another device or security key. Signing in by mail goes on working.',
  PASSKEYS_UNAVAILABLE: 'This server cannot use passkeys. Signing in by mail works.',
  CHALLENGE_INVALID:
    'That took too long, or was begun in another browser. Try again. Signing in by mail goes on working.',
  QUOTA_EXCEEDED: (error) => quotaExceeded(error.path?.[0], error.limit),
  REAUTHENTICATION_REQUIRED: 'Nothing was changed: this needs a proof that it is you.',
  NOT_FOUND: 'This is gone already. Reload the page.',
  SECRET_WRONG: 'That does not open your keys. Is it typed right?',
  PASSPHRASE_WEAK: 'That passphrase is too easy to guess. Several rare words do well.',
  ENCRYPTION_LOCKED: 'Your encrypted data is locked. Unlock it, then try again.',
  KEYS_ROLLED_BACK:
    'The server gave older keys than this device has seen, so they were not used. If its operator says that a backup was restored, let the older keys in under Encryption.',
  ENCRYPTION_ON: 'Encryption was switched on already, on another device. Reload the page.',
  RECORDS_ENCRYPTED: 'Something is still encrypted, and nobody could read it afterwards. Delete that first.',
  KEY_ROTATED: 'Your keys were changed on another device at the same moment. Try again.',
  PRF_UNRELIABLE: 'This passkey did not give the same key twice, so it cannot unlock. Use your passphrase.',
  KEYS_REFUSED: 'The server gave keys that are not as they must be, so they were not used. Tell its operator.',
  MASTER_KEY_CHANGED: 'Your keys were changed on another device. Unlock again.',
  CIPHERTEXT_REFUSED: 'This does not open: it was changed by somebody, or belongs elsewhere.',
  CONFLICT: 'This was changed elsewhere in the meantime. Reload the page to see how it is now.',
  TOO_LARGE: (error) => tooLarge(error.field),
  UNAUTHENTICATED: 'Your session has ended. Sign in again.',
  CODE_INVALID: 'That code does not fit. Compare it with the newest mail; after five tries you need a new one.',
  LINK_INVALID: 'This link has been used, or is too old. Ask for a new one.',
  NETWORK: () =>
    navigator.onLine
      ? 'The server does not answer. Try again in a moment.'
      : 'You are offline. Try again once you are connected.',
  UNAVAILABLE: 'The server cannot do this at the moment. Nothing was lost. Try again in a minute.',
  INTERNAL: (error) =>
    `Something went wrong on the server. If it stays so, tell its operator this number: ${error.errorId}`,
}

function badInput(field: string | undefined): string {
  const [, list = '', index = ''] = /^(answers|questions)\[(\d)\]$/.exec(field ?? '') ?? []
  if (list !== '') return IN_LIST[list === 'answers' ? 'answers' : 'questions'](Number(index) + 1)
  return FIELDS[field ?? ''] ?? 'The server cannot read what this page sent. Reload the page and try again.'
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
  email: NO_ADDRESS,
  title: 'A title is one line of letters and signs that can be seen.',
  name: 'A name has 1 to 64 characters that can be seen.',
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
