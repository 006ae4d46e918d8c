import type { EncryptionStatus, RecoveryStatus, SecurityDevices } from '../../client/index.ts'
import { FEW_CODES } from '../encryption/few-codes.ts'
import { serverNow } from '../server-clock.ts'

/** What is known of an account, to tell what is worth doing next. */
export type Facts = {
  devices: SecurityDevices
  encryption: EncryptionStatus
  recovery: RecoveryStatus
  /** How many alerts the person has not said to have seen. */
  unseen: number
}

/** Something worth doing, and where it is done. */
export type NextStep = { title: string; words: string; action: string; href: string }

type Rule = (facts: Facts) => NextStep | null

const DAY = 24 * 60 * 60_000
const LONG_UNUSED_DAYS = 7

// The most urgent first.
const RULES: readonly Rule[] = [
  ({ recovery: { request, freshStart } }) =>
    request?.state === 'WAITING' || request?.state === 'READY' || freshStart
      ? {
          title: 'A recovery is under way',
          words: 'Is it yours? Then go on with it. If not, stop it.',
          action: 'Look at the recovery',
          href: '/account/recovery',
        }
      : null,
  ({ unseen }) =>
    unseen > 0
      ? {
          title: unseen === 1 ? 'An alert that you have not seen' : `${unseen} alerts that you have not seen`,
          words: 'Was it you each time? Whatever was not you, you can end and undo.',
          action: unseen === 1 ? 'Look at the alert' : 'Look at the alerts',
          href: '/account/activity',
        }
      : null,
  ({ encryption: { rotation } }) =>
    rotation && rotation.finishedAt === null
      ? {
          title: 'A change of your keys is not finished',
          words: 'Some of your encrypted data still has the old keys. Going on takes a moment, and loses nothing.',
          action: 'Go on with it',
          href: '/account/encryption',
        }
      : null,
  ({ encryption: { enabled, recoveryCodesLeft } }) =>
    enabled && recoveryCodesLeft <= FEW_CODES
      ? {
          title: codesLeft(recoveryCodesLeft),
          words: 'They open your encrypted data when the passphrase is lost. New ones replace the old.',
          action: 'Make new codes',
          href: '/account/encryption',
        }
      : null,
  ({ devices: { passkeys } }) =>
    passkeys.length === 0
      ? {
          title: 'Add a passkey',
          words: 'Sign in by fingerprint, face or security key: faster than mail, and nobody can trick it out of you.',
          action: 'Add a passkey',
          href: '/account/ways-in',
        }
      : null,
  ({ devices: { sessions } }) => {
    const count = sessions.filter((session) => isLongUnused(session)).length
    if (count === 0) return null
    return {
      title: count === 1 ? 'A session not used for long' : `${count} sessions not used for long`,
      words: `For more than ${LONG_UNUSED_DAYS} days. Is it a device that you still have? If not, end it.`,
      action: 'Look at the sessions',
      href: '/account/sessions',
    }
  },
  ({ encryption: { enabled } }) =>
    enabled
      ? null
      : {
          title: 'Encrypt what is private',
          words: 'Then only your own devices can read it: not this server, and nobody who runs it.',
          action: 'See how it works',
          href: '/account/encryption',
        },
]

/** What is worth doing next, the most urgent first. */
export const nextSteps = (facts: Facts): readonly NextStep[] => RULES.flatMap((rule) => rule(facts) ?? [])

function codesLeft(left: number): string {
  if (left === 0) return 'No recovery code is left'
  return left === 1 ? 'One recovery code is left' : `${left} recovery codes are left`
}

const isLongUnused = ({ current, lastActivityAt }: SecurityDevices['sessions'][number]): boolean =>
  !current && serverNow() - Date.parse(lastActivityAt) > LONG_UNUSED_DAYS * DAY
