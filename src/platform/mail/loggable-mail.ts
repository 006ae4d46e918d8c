import type { Mail } from './mailer.ts'

const LONGEST_REASON = 300

/** What the log may say of a recipient: '***@example.com'. */
export function domainOnly(address: string): string {
  return `***@${address.slice(address.lastIndexOf('@') + 1)}`
}

/**
 * Why a provider did not take a mail, in its own words, without the recipient and without what the mail says: mail
 * servers like to repeat both.
 */
export function reasonWithout(mail: Mail, error: unknown): string {
  const words = error instanceof Error ? [...codesOf(error), error.message].join(' ') : 'unknown'
  const localPart = mail.to.slice(0, mail.to.lastIndexOf('@'))
  return words
    .replaceAll(/[^\s<>"'(),;:]+@([^\s<>"'(),;:]+)/g, '***@$1')
    .replaceAll(localPart.length < 3 ? mail.to : localPart, '***')
    .replaceAll(/#\S+/g, '#***') // a link's token stands behind the #
    .replaceAll(/\b\d{3} ?\d{3}\b/g, '***') // a code
    .slice(0, LONGEST_REASON)
}

function codesOf(error: Error): string[] {
  return 'code' in error && ['string', 'number'].includes(typeof error.code) ? [String(error.code)] : []
}
