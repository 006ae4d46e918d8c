import type { Channel } from '../outbox/channel.ts'
import { domainOnly, reasonWithout } from './loggable-mail.ts'
import { MailRefusedError, type Mail, type Mailer } from './mailer.ts'

/** Mails leave by the provider that is configured. */
export function mailChannel(mailer: Mailer): Channel<Mail> {
  return {
    name: 'mail',
    purpose: 'seal-mail',
    provider: mailer.name,
    send: (mail, id) => mailer.send(mail, id),
    isRefusal: (error) => error instanceof MailRefusedError,
    about: ({ to }) => ({ to: domainOnly(to) }),
    reason: reasonWithout,
  }
}
