import { SMTPServer } from 'smtp-server'
import { tokenIn } from '../support/mailbox.ts'

/** A mail server beside the processes, which outlives them: it holds every mail that they have sent. */
export type MailServer = {
  /** For SMTP_URL. */
  url: string
  /** The tokens of the links that came to an address, each once. */
  tokens(to: string): ReadonlySet<string>
  /** How many mails came; one that is sent twice counts twice. */
  received(): number
  /** Resolves at the next mail to anybody. */
  next(): Promise<void>
  /** While true, mails are taken in but never acknowledged. */
  hang(hangs: boolean): void
  close(): Promise<void>
}

export async function startMailServer(): Promise<MailServer> {
  const tokens = new Map<string, Set<string>>()
  let [received, hangs] = [0, false]
  let waiting: (() => void)[] = []

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, { envelope }, done) {
      let message = ''
      stream.on('data', (chunk: Buffer) => (message += chunk.toString()))
      stream.on('end', () => {
        for (const tell of waiting.splice(0)) tell()
        if (hangs) return
        received += 1
        const to = envelope.rcptTo[0]?.address ?? ''
        tokens.set(to, (tokens.get(to) ?? new Set()).add(tokenOf(message)))
        done()
      })
    },
  })
  server.on('error', () => {}) // a client that was killed
  const listening = server.listen(0, '127.0.0.1')
  await new Promise((resolve) => listening.once('listening', resolve))
  const address = listening.address()
  if (typeof address !== 'object' || !address) throw new Error('The mail server listens on no port.')

  return {
    url: `smtp://127.0.0.1:${address.port}`,
    tokens: (to) => tokens.get(to) ?? new Set(),
    received: () => received,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    hang: (value) => (hangs = value),
    close: () => {
      waiting = []
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** The text is quoted-printable (RFC 2045, section 6.7): a line of it may be broken in the middle of the link. */
function tokenOf(message: string): string {
  const text = message
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return tokenIn({ to: '', subject: '', html: '', text })
}
