import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { MailRefusedError } from '../../../src/platform/mail/mailer.ts'
import { openMailer } from '../../../src/platform/mail/open-mailer.ts'
import { openSmtp } from '../../../src/platform/mail/smtp.ts'
import { mailTo } from './a-mail.ts'

type Delivered = { from: string; to: string[]; message: string; user: unknown; secure: boolean }

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function smtpServer(options: SMTPServerOptions = {}) {
  const delivered: Delivered[] = []
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onAuth: ({ username }, _, done) => done(null, { user: username }),
    onData(stream, session, done) {
      let message = ''
      stream.on('data', (chunk: Buffer) => (message += chunk.toString()))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom === false ? '' : mailFrom.address
        delivered.push({
          from,
          to: rcptTo.map(({ address }) => address),
          message,
          user: session.user,
          secure: session.secure,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {}) // a client that breaks off
  const listening = server.listen(0, '127.0.0.1')
  await new Promise((resolve) => listening.once('listening', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  const address = listening.address()
  if (typeof address !== 'object' || !address) throw new Error('The server listens on no port.')
  return { delivered, port: address.port }
}

const from = 'Notes <hello@notes.example>'
const id = '019cdfd0-1200-7000-8000-000000000001'
const open = (port: number) => openMailer({ from, provider: { kind: 'smtp', url: `smtp://127.0.0.1:${port}` } })
const failureOf = (sending: Promise<void>) =>
  sending.then(
    () => null,
    (error: unknown) => error,
  )

function refuseWith(responseCode: number, message = 'no') {
  return Object.assign(new Error(message), { responseCode })
}

test('a mail reaches its one recipient, in text and in HTML, under an id that stays the same', async () => {
  const { port, delivered } = await smtpServer()
  await open(port).send(mailTo('ada@example.com'), id)
  expect(delivered).toMatchObject([{ from: 'hello@notes.example', to: ['ada@example.com'] }])
  const message = delivered[0]?.message ?? ''
  expect(message).toContain(`Message-ID: <${id}@notes.example>`)
  expect(message).toContain('To: ada@example.com')
  expect(message).toContain('Subject: Sign in to notes.example')
  expect(message).toMatch(/text\/plain[^]*text\/html/)
})

test('user and password stand in the URL, percent-encoded', async () => {
  const { port, delivered } = await smtpServer()
  const mailer = openSmtp({ from, url: `smtp://ada%40notes.example:p%3Ass%2Fword@127.0.0.1:${port}` })
  await mailer.send(mailTo('ada@example.com'), id)
  expect(delivered[0]?.user).toBe('ada@notes.example')
  await mailer.close()
})

test.each([
  'ada@example.com,eve@example.org',
  'ada@example.com;eve@example.org',
  'ada@example.com eve@example.org',
  'ada@example.com\r\nBcc: eve@example.org',
  'ada@example.com\nRCPT TO:<eve@example.org>',
  'Ada <ada@example.com>',
  'team: ada@example.com, eve@example.org;',
  '"ada@example.com,"@example.org',
  'ada@example.com@example.org',
  'ada(eve@example.org)@example.com',
  'ada\u200b@example.com',
  'ada@example.com\0',
  '@example.com',
  'ada@',
  '',
])('M6, M7: %j becomes neither two recipients nor a header: it is refused', async (to) => {
  const { port, delivered } = await smtpServer()
  expect(await failureOf(open(port).send(mailTo(to), id))).toBeInstanceOf(MailRefusedError)
  expect(delivered).toEqual([])
})

test('M7: a subject cannot become another header', async () => {
  const { port, delivered } = await smtpServer()
  const mail = { ...mailTo('ada@example.com'), subject: 'Hello\r\nBcc: eve@example.org' }
  expect(await failureOf(open(port).send(mail, id))).toBeInstanceOf(MailRefusedError)
  expect(delivered).toEqual([])
})

test.each(['ada@example.com,eve@example.org', 'ada@example.com\r\nBcc: eve@example.org'])(
  'M6, M7: %j reaches nobody else even where that check is left out',
  async (to) => {
    const { port, delivered } = await smtpServer()
    await failureOf(openSmtp({ from, url: `smtp://127.0.0.1:${port}` }).send(mailTo(to), id))
    for (const { to, message } of delivered) {
      expect(to).toHaveLength(1)
      expect(message).not.toMatch(/^Bcc:/m)
    }
  },
)

test('a recipient that the server refuses with 5xx is refused for good, without the address in the reason', async () => {
  const { port } = await smtpServer({
    onRcptTo: (_, __, done) => done(refuseWith(550, 'no such user ada@example.com')),
  })
  const failure = await failureOf(open(port).send(mailTo('ada@example.com'), id))
  expect(failure).toBeInstanceOf(MailRefusedError)
  expect(String(failure)).toContain('550')
  expect(String(failure)).not.toContain('ada')
})

test('a message that the server refuses with 5xx is refused for good', async () => {
  const { port } = await smtpServer({
    onData: (stream, _, done) => {
      stream.resume()
      stream.on('end', () => done(refuseWith(554)))
    },
  })
  expect(await failureOf(open(port).send(mailTo('ada@example.com'), id))).toBeInstanceOf(MailRefusedError)
})

test.each([
  [
    'a recipient that is busy',
    { onRcptTo: (_: unknown, __: unknown, done: (error: Error) => void) => done(refuseWith(450)) },
  ],
  [
    'a sender that is not allowed',
    { onMailFrom: (_: unknown, __: unknown, done: (error: Error) => void) => done(refuseWith(550)) },
  ],
])('%s may be tried again', async (_, options) => {
  const { port } = await smtpServer(options)
  const failure = await failureOf(open(port).send(mailTo('ada@example.com'), id))
  expect(failure).toBeInstanceOf(Error)
  expect(failure).not.toBeInstanceOf(MailRefusedError)
})

test('a server that is away may be tried again', async () => {
  const { port } = await smtpServer()
  for (const close of closing.splice(0)) await close()
  const failure = await failureOf(open(port).send(mailTo('ada@example.com'), id))
  expect(failure).toMatchObject({ code: 'ESOCKET' })
})

test.each([
  'http://mail.example',
  'mail.example',
  'smtp://',
  'smtp://u:s3cret@mail.example/path',
  'smtp://u:s3cret@mail.example?tls.rejectUnauthorized=false',
])('the URL %j is refused at the start, without the password in the message', (url) => {
  expect(() => openSmtp({ from, url })).toThrow(/^SMTP_URL/)
  expect(() => openSmtp({ from, url })).not.toThrow(/s3cret/)
})

test('a server on another machine that offers no TLS gets no mail', async () => {
  const { port, delivered } = await smtpServer({ disabledCommands: ['STARTTLS'] })
  // This machine, by an address that is not loopback's.
  const failure = await failureOf(openSmtp({ from, url: `smtp://0.0.0.0:${port}` }).send(mailTo('ada@example.com'), id))
  expect(failure).toMatchObject({ code: 'ETLS' })
  expect(delivered).toEqual([])
})
