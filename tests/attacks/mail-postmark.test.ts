import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openPostmark } from '../../src/platform/mail/postmark.ts'
import { startTestApp } from '../support/app.ts'
import { newAddress, REQUEST } from '../support/people.ts'
import { together } from './mail-links-support.ts'

type Message = { To: string; TextBody: string; HtmlBody: string; TrackOpens: unknown; TrackLinks: unknown }

test('M11: each message forbids Postmark to rewrite its link and to count who opens it', async () => {
  const postmark = await startPostmark()
  const mailer = openPostmark({ token: 'server-token', from: 'latchkey@example.com', testHost: postmark.host })
  const app = await startTestApp({ replacements: { mailer } })
  onTestFinished(() => app.close())

  await together(3, () => app.browser().graphql(REQUEST, { email: newAddress() }))
  await app.services.outbox.sendDue()

  expect(postmark.messages).toHaveLength(3)
  for (const message of postmark.messages) {
    expect(message.TrackOpens).toBe(false)
    expect(message.TrackLinks).toBe('None')
    const link = new RegExp(`${app.url.origin}/auth/verify#[\\w-]{43}`)
    expect(message.TextBody.match(link)?.[0]).toBe(message.HtmlBody.match(link)?.[0])
  }
})

/** What answers like Postmark, and keeps what it was told to send. */
async function startPostmark(): Promise<{ host: string; messages: Message[] }> {
  const messages: Message[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      messages.push(JSON.parse(body) as Message) // Postmark's own form
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ ErrorCode: 0, Message: 'OK', MessageID: String(messages.length) }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // of a server that listens on a port
  return { host: `127.0.0.1:${port}`, messages }
}
