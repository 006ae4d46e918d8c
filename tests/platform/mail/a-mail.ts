import type { Mail } from '../../../src/platform/mail/mailer.ts'

/** A mail like those that the server sends. */
export function mailTo(to: string): Mail {
  return {
    to,
    subject: 'Sign in to notes.example',
    text: 'Open https://notes.example/auth/verify#AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE or type 123 456.\n',
    html: '<p>Sign in</p>',
  }
}
