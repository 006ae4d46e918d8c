/** What there is to say about an alert, in words that may stand in a mail. */
export type About = {
  /** 'Chrome on macOS': from our own lists, never a caller's words. */
  deviceName: string
  /** Coarse: 'Berlin, Germany'; null where the server cannot tell. */
  place: string | null
  /** A passkey's name, made fit to stand in a mail. */
  passkey?: string
}

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
  'records.unusual-access': {
    title: 'Unusually many reads of your data',
    message: (about) => `Far more of your data was read than is usual for you, last from ${by(about)}.`,
    tellsAdmins: true,
  },
} as const satisfies Record<string, Kind>

export type AlertKind = keyof typeof ALERT_KINDS
