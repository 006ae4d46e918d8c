import { MailRefusedError, type Mailer } from './mailer.ts'

// What Postmark's API says of a recipient that it will never take (its documentation: API error codes).
const INVALID_EMAIL_REQUEST = 300
const INACTIVE_RECIPIENT = 406

type Settings = {
  token: string
  from: string
  /** Another place than Postmark's own, for tests: host and port, spoken to without TLS. */
  testHost?: string
}

/** Sends through Postmark's API. Each message forbids what would rewrite it: the counting of opens and of clicks. */
export function openPostmark({ token, from, testHost }: Settings): Mailer {
  let opened: ReturnType<typeof open> | undefined
  // One that failed is tried again with the next mail.
  const forget = (error: unknown): never => {
    opened = undefined
    throw error
  }

  // Loaded with the first mail, so that a start need not wait for it.
  async function open() {
    const { ServerClient, Models, Errors } = await import('postmark')
    const place = testHost === undefined ? {} : { requestHost: testHost, useHttps: false }
    return { client: new ServerClient(token, { timeout: 20, ...place }), Models, Errors }
  }

  return {
    name: 'postmark',
    async send(mail, id) {
      const { client, Models, Errors } = await (opened ??= open().catch(forget))
      const message = {
        From: from,
        To: mail.to,
        Subject: mail.subject,
        TextBody: mail.text,
        HtmlBody: mail.html,
        MessageStream: 'outbound',
        TrackOpens: false,
        TrackLinks: Models.LinkTrackingOptions.None,
        Metadata: { 'mail-id': id }, // finds a message of our log in Postmark's
      }
      try {
        await client.sendEmail(message)
      } catch (error) {
        if (error instanceof Errors.ApiInputError && refusesRecipient(error))
          throw new MailRefusedError(`Postmark refuses the recipient (error ${error.code}).`)
        throw error
      }
    },
    close: async () => {},
  }
}

// An unusable sender has the same code as an unusable recipient, but is a setting that can be mended meanwhile.
function refusesRecipient(error: { code: number; message: string }): boolean {
  if (error.code === INACTIVE_RECIPIENT) return true
  return error.code === INVALID_EMAIL_REQUEST && !error.message.includes("'From'")
}
