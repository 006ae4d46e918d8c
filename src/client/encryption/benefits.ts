/** What a page tells before encryption is switched on. Plain words; a page may translate or shorten them. */
export const ENCRYPTION_BENEFITS = {
  protects: [
    'What you write into an encrypted field is locked on this device before it is sent.',
    'Nobody but you can read it: not whoever runs the server, and nobody who steals its database or its backups.',
    'You unlock it with a passphrase or, where your device can, with your fingerprint or face.',
  ],
  doesNotProtect: [
    'Titles and other plain fields, when you write, and roughly how much, can still be seen by the server.',
    'Whoever controls this device, or can change the app that it loads, can read what you read.',
  ],
  lost: [
    'You get eight recovery codes. Write them down, and keep them where you keep other papers that matter.',
    'If you lose the passphrase, every passkey that unlocks, and all eight codes, what you encrypted is lost for good. Nobody can bring it back, and neither can we.',
  ],
} as const

export type EncryptionBenefits = typeof ENCRYPTION_BENEFITS
