/** What there is to say about an alert, in words that may stand in a mail. */
export type About = {
  /** 'Chrome on macOS': from our own lists, never a caller's words. */
  deviceName: string
  /** Coarse: 'Berlin, Germany'; null where the server cannot tell. */
  place: string | null
  /** A passkey's name, made fit to stand in a mail. */
  passkey?: string
  /** The names of all of the account's passkeys, made fit as well. */
  passkeys?: readonly string[]
  /** By which of the ways to recover. */
  method?: RecoveryWay
  /** '12 March 2026 at 14:05 UTC': until when nothing happens, or something is kept. */
  when?: string
  /** How many recovery codes are left. */
  left?: number
  /** Whether a recovery was ended by wrong answers, and not by anybody's wish. */
  tooManyTries?: boolean
  /** Whether what was stopped may be begun again at once. */
  isUnlocked?: boolean
}

/** The ways to recover the keys of encrypted data; and the one that gives them up. */
export type RecoveryWay = 'RECOVERY_CODE' | 'SECURITY_QUESTIONS' | 'PASSKEY' | 'FRESH_START'

export type Kind = {
  /** The mail's subject, and the page's heading. */
  title: string
  message(about: About): string
  /** What "this was not me" does besides ending the sessions, as the mail says it. */
  undoes?: string
  /** Whether the addresses in ADMIN_EMAILS hear of it too. */
  tellsAdmins: boolean
}

const by = ({ deviceName, place }: About) => `${deviceName}${place ? `, in ${place}` : ''}`

const WAYS: Record<RecoveryWay, string> = {
  RECOVERY_CODE: 'with a recovery code',
  SECURITY_QUESTIONS: 'with security questions',
  PASSKEY: 'with a passkey',
  FRESH_START: 'by a new start without the old keys',
}

const way = ({ method }: About) => (method ? ` ${WAYS[method]}` : '')

const STOPS_RECOVERY = 'stops the recovery'

/** Every kind of alert. A kind is never renamed or given a second meaning: webhooks and frontends branch on it. */
export const ALERT_KINDS = {
  'passkey.added': {
    title: 'A passkey was added to your account',
    message: (about) => `The passkey "${about.passkey}" was added, from ${by(about)}. It can sign in to your account.`,
    undoes: 'removes this passkey',
    tellsAdmins: false,
  },
  'passkey.removed': {
    title: 'A passkey was removed from your account',
    message: (about) =>
      `The passkey "${about.passkey}" was removed, from ${by(about)}. Signing in by mail goes on working.`,
    tellsAdmins: false,
  },
  'passkey.copied': {
    title: 'A passkey may have been copied',
    message: (about) =>
      `A sign-in with the passkey "${about.passkey}" was refused: its counter went back, as it does when a key was copied. Remove it unless you know why.`,
    tellsAdmins: true,
  },
  'login.new-device': {
    title: 'A sign-in from a new device',
    message: (about) => `Your account was signed in to from a device that it did not know: ${by(about)}.`,
    tellsAdmins: false,
  },
  'login.new-location': {
    title: 'A sign-in from a new place',
    message: (about) =>
      about.place
        ? `Your account was signed in to from a place that it did not know: ${by(about)}.`
        : `Your account was signed in to from a network that it did not know, by ${by(about)}.`,
    tellsAdmins: false,
  },
  'login.repeated-failures': {
    title: 'Several failed tries to sign in',
    message: (about) =>
      `Somebody has tried several times to sign in to your account, or to confirm that it is you, and failed. The last try came from ${by(about)}.`,
    tellsAdmins: true,
  },
  'encryption.enabled': {
    title: 'End-to-end encryption was switched on',
    message: (about) =>
      `End-to-end encryption was switched on for your account, from ${by(about)}. What it encrypts opens by your passphrase or a recovery code alone: keep both.`,
    tellsAdmins: false,
  },
  'encryption.unlock-added': {
    title: 'A passkey now opens your encrypted data',
    message: (about) =>
      `The passkey "${about.passkey}" can now open your encrypted data. It was set from ${by(about)}.`,
    tellsAdmins: false,
  },
  'encryption.passphrase-changed': {
    title: 'Your passphrase was changed',
    message: (about) => `The passphrase of your encrypted data was changed, from ${by(about)}.`,
    tellsAdmins: false,
  },
  'encryption.codes-replaced': {
    title: 'Your recovery codes were replaced',
    message: (about) =>
      `New recovery codes were made for your encrypted data, from ${by(about)}. The codes that you had open nothing any more.`,
    tellsAdmins: false,
  },
  'encryption.keys-rotated': {
    title: 'The keys of your encrypted data were changed',
    message: (about) => `The keys of your encrypted data were changed, from ${by(about)}.`,
    tellsAdmins: false,
  },
  'encryption.disabled': {
    title: 'End-to-end encryption was switched off',
    message: (about) => `End-to-end encryption was switched off for your account, from ${by(about)}.`,
    tellsAdmins: false,
  },
  'recovery.started': {
    title: 'A recovery of your encrypted data was begun',
    message: (about) =>
      `Somebody who is signed in to your account has begun to recover the keys of your encrypted data${way(about)}, from ${by(about)}. ` +
      (about.method === 'SECURITY_QUESTIONS'
        ? `It takes two right answers, and then a wait of two days: nothing opens before ${about.when}.`
        : 'Whoever has what it takes can open them at once.'),
    undoes: STOPS_RECOVERY,
    tellsAdmins: true,
  },
  'recovery.answered': {
    title: 'Your security questions were answered',
    message: (about) =>
      `Two of your security questions were answered rightly, from ${by(about)}. From ${about.when} on these answers open the keys of your encrypted data, unless the recovery is stopped before.`,
    undoes: STOPS_RECOVERY,
    tellsAdmins: false,
  },
  'recovery.waiting': {
    title: 'A recovery of your encrypted data is under way',
    message: (about) =>
      `A recovery of the keys of your encrypted data${way(about)} waits, begun from ${by(about)}. It can open them from ${about.when} on, unless it is stopped before.`,
    undoes: STOPS_RECOVERY,
    tellsAdmins: true,
  },
  'recovery.ready-soon': {
    title: 'A recovery is about to open your encrypted data',
    message: (about) =>
      `The wait is nearly over: a recovery${way(about)}, begun from ${by(about)}, can open the keys of your encrypted data from ${about.when} on. Until then it can be stopped before anything opens.`,
    undoes: STOPS_RECOVERY,
    tellsAdmins: true,
  },
  'recovery.completed': {
    title: 'Your encrypted data was recovered',
    message: (about) =>
      `The keys of your encrypted data were recovered${way(about)} and then changed, from ${by(about)}. The former passphrase, recovery codes and security questions open nothing any more, and all other sessions were ended. ${passkeysWords(about)}`,
    tellsAdmins: true,
  },
  'recovery.cancelled': {
    title: 'A recovery of your encrypted data was stopped',
    message: (about) => {
      const what = `The recovery of your encrypted data${way(about)}`
      const lock = about.isUnlocked ? '' : ' It cannot be begun again for seven days.'
      return about.tooManyTries
        ? `${what} was ended by too many wrong answers, the last from ${by(about)}.${lock} Whoever gave them was signed in to your account: look at its sessions.`
        : `${what} was stopped, from ${by(about)}.${lock} Whoever had begun it was signed in to your account: if that was not you, look at its sessions.`
    },
    tellsAdmins: true,
  },
  'recovery.codes-few': {
    title: 'Few recovery codes are left',
    message: (about) =>
      `A recovery code of your encrypted data was used, from ${by(about)}. ${about.left === 0 ? 'None is left' : `${about.left} ${about.left === 1 ? 'is' : 'are'} left`}: make new ones.`,
    undoes: STOPS_RECOVERY,
    tellsAdmins: false,
  },
  'recovery.questions-set': {
    title: 'Security questions were set',
    message: (about) =>
      `Security questions were set for your encrypted data, from ${by(about)}. In seven days, two right answers and a wait of two days can recover its keys.`,
    undoes: 'removes these questions',
    tellsAdmins: false,
  },
  'recovery.questions-removed': {
    title: 'Your security questions were removed',
    message: (about) =>
      `The security questions of your encrypted data were removed, from ${by(about)}. Their answers open nothing any more.`,
    tellsAdmins: false,
  },
  'recovery.fresh-start-requested': {
    title: 'A new start without your old keys was asked for',
    message: (about) =>
      `Somebody who is signed in to your account has asked to give up the keys of your encrypted data and begin again with new ones, from ${by(about)}. It can be done from ${about.when} on, unless it is stopped before. What the old keys encrypted is then removed after 30 days.`,
    undoes: 'stops the new start',
    tellsAdmins: true,
  },
  'recovery.fresh-start-soon': {
    title: 'Your old keys can soon be given up',
    message: (about) =>
      `The wait is nearly over: the keys of your encrypted data can be given up for new ones from ${about.when} on, as was asked for from ${by(about)}. What they encrypted is then removed after 30 days.`,
    undoes: 'stops the new start',
    tellsAdmins: true,
  },
  'recovery.fresh-start-done': {
    title: 'Your encrypted data begins again with new keys',
    message: (about) =>
      `The keys of your encrypted data were given up for new ones, from ${by(about)}. What the old keys encrypted is kept until ${about.when}, and then removed: an old passphrase that is found again opens it until then.`,
    tellsAdmins: true,
  },
  'records.unusual-access': {
    title: 'Unusually many reads of your data',
    message: (about) => `Far more of your data was read than is usual for you, last from ${by(about)}.`,
    tellsAdmins: true,
  },
} as const satisfies Record<string, Kind>

export type AlertKind = keyof typeof ALERT_KINDS

function passkeysWords({ passkeys = [] }: About): string {
  if (passkeys.length === 0) return 'The account has no passkey.'
  const names = passkeys.map((name) => `"${name}"`).join(', ')
  return `The account's passkeys go on signing in: ${names}. Remove those that you have lost, or do not know.`
}
