import type { NoPrfReason, RecoveryMethod } from '../../client/index.ts'
import { serverNow } from '../server-clock.ts'
import { dateAndTime, duration } from '../words.ts'

/** Where each way to recover is taken. */
export const PLACES: Readonly<Record<RecoveryMethod, string>> = {
  RECOVERY_CODE: '/account/recovery?way=code',
  SECURITY_QUESTIONS: '/account/recovery?way=answers',
  PASSKEY: '/account/recovery?way=passkey',
}

/** Each way in the middle of a sentence. */
export const BY_WAY: Readonly<Record<RecoveryMethod, string>> = {
  RECOVERY_CODE: 'by a recovery code',
  SECURITY_QUESTIONS: 'by security questions',
  PASSKEY: 'by a passkey',
}

/** Why a passkey that was shown opens no data. */
export const STILL_LOCKED: Readonly<Record<NoPrfReason, string>> = {
  BROWSER: 'This browser cannot unlock by a passkey.',
  PASSKEY: 'It was made without the means to unlock.',
  NOT_ENROLLED: 'You never let it unlock your data.',
  UNRELIABLE: 'It did not give the same key as when you let it unlock.',
}

const DAY_SECONDS = 86_400

/** 'Sat 29 Nov 2026, 14:05 (in 2 days)': when something opens, and how long that is. */
export function whenAndHowLong(iso: string): string {
  const at = new Date(iso)
  const seconds = (at.getTime() - serverNow()) / 1000
  return seconds > 0 ? `${dateAndTime(at)} (in ${waitOf(seconds)})` : dateAndTime(at)
}

/** Rounded up, as `duration` is; in days where those are easier to grasp. */
const waitOf = (seconds: number): string =>
  seconds > 3 * DAY_SECONDS ? `${Math.ceil(seconds / DAY_SECONDS)} days` : duration(seconds)

/** '1 code is left', '8 codes are left'. */
export const codesLeft = (count: number): string => (count === 1 ? '1 code is left' : `${count} codes are left`)
