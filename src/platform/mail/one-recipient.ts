import { MailRefusedError, type Mail, type Mailer } from './mailer.ts'

/**
 * The same mailer, closed to addresses and subjects that a provider could read as more than one recipient or as
 * another header. A line of defence behind the check of addresses at sign-in, whatever provider is added.
 */
export function oneRecipientEach(mailer: Mailer): Mailer {
  const send = mailer.send.bind(mailer)
  return Object.assign(mailer, {
    async send(mail: Mail, id: string) {
      if (!isOneAddress(mail.to)) throw new MailRefusedError('The recipient is not one plain address.')
      if (/\p{Cc}/u.test(mail.subject)) throw new MailRefusedError('The subject holds control characters.')
      await send(mail, id)
    },
  })
}

// One @; nothing that separates, quotes, groups or comments (RFC 5322, section 3.2.3), no space, nothing invisible.
function isOneAddress(text: string): boolean {
  return text.length <= 254 && /^[^\p{C}\p{Z}@,;:<>()[\]\\"]+@[^\p{C}\p{Z}@,;:<>()[\]\\"]+$/u.test(text)
}
