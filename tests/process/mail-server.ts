import { SMTPServer } from 'smtp-server'

/** A mail server beside the processes, which outlives them: it holds every mail that they have sent. */
export type MailServer = {
  /** For SMTP_URL. */
  url: string
  /** The tokens of the links that came to an address, each once. */
  tokens(to: string): ReadonlySet<string>
  /** The tokens of all "this was not me" links that came, each once. */
  notMeTokens(): ReadonlySet<string>
  /** How many mails with a link to sign in came; one that is sent twice counts twice. */
  received(): number
  /** Resolves at the next mail to anybody. */
  next(): Promise<void>
  /** While true, mails are taken in but never acknowledged. */
  hang(hangs: boolean): void
  close(): Promise<void>
}

export async function startMailServer(): Promise<MailServer> {
  const tokens = new Map<string, Set<string>>()
  const notMeTokens = new Set<string>()
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
        const to = envelope.rcptTo[0]?.address ?? ''
        const text = textOf(message)
        const [, link] = /\/auth\/verify#([\w-]{43})/.exec(text) ?? []
        const [, notMe] = /\/auth\/not-me#([\w-]{43})/.exec(text) ?? []
        if (link) {
          received += 1
          tokens.set(to, (tokens.get(to) ?? new Set()).add(link))
        }
        if (notMe) notMeTokens.add(notMe)
        done(link || notMe ? null : new Error('A mail of no kind that is known here.'))
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
    notMeTokens: () => notMeTokens,
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
function textOf(message: string): string {
  return message
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}
