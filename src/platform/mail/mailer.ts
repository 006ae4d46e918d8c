/** One message, ready to send. */
export type Mail = { to: string; subject: string; text: string; html: string }

/**
 * Sends a message, or throws: a `MailRefusedError` when trying again would not help, anything else to be tried again.
 * `id` stays the same over the tries, for providers that can tell a repetition by it.
 */
export type Mailer = {
  /** 'postmark', 'smtp', 'mailbox'. */
  name: string
  send(mail: Mail, id: string): Promise<void>
  close(): Promise<void>
}

/** The provider will never take this message. */
export class MailRefusedError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'MailRefusedError'
  }
}
