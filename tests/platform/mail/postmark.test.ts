import { createServer, type IncomingHttpHeaders } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { MailRefusedError } from '../../../src/platform/mail/mailer.ts'
import { openPostmark } from '../../../src/platform/mail/postmark.ts'
import { mailTo } from './a-mail.ts'

type Seen = { method?: string | undefined; url?: string | undefined; headers: IncomingHttpHeaders; body: unknown }

const closing: (() => void)[] = []
afterEach(() => closing.splice(0).forEach((close) => close()))

/** A stand-in for Postmark's API that gives one answer to all. */
async function postmarkThatAnswers(status: number, answer: object) {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body: JSON.parse(text) })
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('The stand-in listens on no port.')
  const mailer = openPostmark({
    token: 'a-server-token',
    from: 'Notes <hello@notes.example>',
    testHost: `127.0.0.1:${address.port}`,
  })
  return { mailer, seen }
}

const OK = { ErrorCode: 0, Message: 'OK', MessageID: 'x', SubmittedAt: '2026-03-12T00:00:00Z', To: 'ada@example.com' }

test('M11: each message says no link tracking and no open tracking', async () => {
  const { mailer, seen } = await postmarkThatAnswers(200, OK)
  await mailer.send(mailTo('ada@example.com'), 'mail-1')
  await mailer.send(mailTo('bob@example.com'), 'mail-2')
  expect(seen).toHaveLength(2)
  for (const { body } of seen) expect(body).toMatchObject({ TrackOpens: false, TrackLinks: 'None' })
})

test('a message goes to the API as it was written, on the stream for transactional mail', async () => {
  const { mailer, seen } = await postmarkThatAnswers(200, OK)
  const mail = mailTo('ada@example.com')
  await mailer.send(mail, 'mail-1')
  expect(seen[0]).toMatchObject({ method: 'POST', url: '/email' })
  expect(seen[0]?.headers['x-postmark-server-token']).toBe('a-server-token')
  expect(seen[0]?.body).toEqual({
    From: 'Notes <hello@notes.example>',
    To: 'ada@example.com',
    Subject: mail.subject,
    TextBody: mail.text,
    HtmlBody: mail.html,
    MessageStream: 'outbound',
    TrackOpens: false,
    TrackLinks: 'None',
    Metadata: { 'mail-id': 'mail-1' },
  })
})

test.each([
  [
    'inactive',
    406,
    'You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ada@example.com.',
  ],
  ['invalid', 300, "Error parsing 'To': Illegal email address 'ada@example.com'."],
])(
  'a recipient that is %s is refused for good, and the reason does not repeat the address',
  async (_, ErrorCode, Message) => {
    const { mailer } = await postmarkThatAnswers(422, { ErrorCode, Message })
    const failure: unknown = await mailer.send(mailTo('ada@example.com'), 'mail-1').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(MailRefusedError)
    expect(String(failure)).not.toContain('ada')
  },
)

test.each([
  ['a wrong token', 401, 10, 'No Account or Server API tokens were supplied.'],
  ['an unusable sender', 422, 300, "Invalid 'From' address: 'hello@notes.example'."],
  ['an unconfirmed sender', 422, 400, "The 'From' address you supplied is not a Sender Signature on your account."],
  ['too many requests', 429, 429, 'Rate limit exceeded.'],
  ['an outage', 500, 0, 'Internal server error.'],
])('%s can be mended, so the mail may be tried again', async (_, status, ErrorCode, Message) => {
  const { mailer } = await postmarkThatAnswers(status, { ErrorCode, Message })
  const failure: unknown = await mailer.send(mailTo('ada@example.com'), 'mail-1').catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Error)
  expect(failure).not.toBeInstanceOf(MailRefusedError)
})
