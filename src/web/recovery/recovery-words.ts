import type { NoPrfReason, RecoveryMethod } from '../../client/index.ts'
import { serverNow } from '../server-clock.ts'
import { dateAndTime, duration } from '../times.ts'

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

const HOUR_SECONDS = 3600
const DAY_SECONDS = 24 * HOUR_SECONDS

/** 'Sat 29 Nov 2026, 14:05 (in 2 days)': when something opens, and how long that is. */
export function whenAndHowLong(iso: string): string {
  const at = new Date(iso)
  const seconds = (at.getTime() - serverNow()) / 1000
  return seconds > 0 ? `${dateAndTime(at)} (in ${waitOf(seconds)})` : dateAndTime(at)
}

/** In days or hours where those are easier to grasp: rounded, for the instant stands beside it. */
function waitOf(seconds: number): string {
  if (seconds > 3 * DAY_SECONDS) return `${Math.round(seconds / DAY_SECONDS)} days`
  return seconds > 2 * HOUR_SECONDS ? `${Math.round(seconds / HOUR_SECONDS)} hours` : duration(seconds)
}

/** '1 code is left', '8 codes are left'. */
export const codesLeft = (count: number): string => (count === 1 ? '1 code is left' : `${count} codes are left`)
