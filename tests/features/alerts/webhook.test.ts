import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { startTestApp } from '../../support/app.ts'
import { signIn, VERIFY } from '../../support/people.ts'
import { ORIGIN, raise } from './support.ts'

const SECRET = `whsec_${Buffer.from('thirty-two bytes of a secret key').toString('base64')}`

/** A server whose alerts go to a receiver, and the calls that it got. */
async function withReceiver(statuses: number[] = []) {
  const calls: { headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      calls.push({ headers: request.headers, body })
      response.writeHead(statuses[calls.length - 1] ?? 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const app = await startTestApp({
    env: { ALERT_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`, ALERT_WEBHOOK_SECRET: SECRET },
  })
  onTestFinished(async () => {
    await app.close()
    server.close()
  })
  const waiting = () => app.services.database.systemDb.outboxMessage.count({ where: { channel: 'webhook' } })
  return { app, calls, waiting }
}

test('an alert is sent to the webhook, signed, with ids and words and no address', async () => {
  const { app, calls, waiting } = await withReceiver()
  const ada = await signIn(app)
  const id = await raise(app, ada, { kind: 'records.unusual-access' })
  await app.services.outbox.sendDue()
  expect(calls).toHaveLength(1)
  const [{ headers, body } = { headers: {}, body: '' }] = calls
  const told = new Webhook(SECRET).verify(body, headers as Record<string, string>)
  const createdAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string
  expect(told).toEqual({
    type: 'records.unusual-access',
    timestamp: createdAt,
    data: {
      id: `alert_${id}`,
      userId: ada.userId,
      message: 'Far more of your data was read than is usual for you, last from Chrome on macOS.',
      deviceName: 'Chrome on macOS',
      createdAt,
    },
  })
  for (const secret of [ada.email, ORIGIN.ipAddress, 'not-me']) expect(body).not.toContain(secret)
  expect(await waiting()).toBe(0)
})

test('what is not taken is tried again under the same id, for a day', async () => {
  const { app, calls, waiting } = await withReceiver([500, 429, 200])
  await raise(app, await signIn(app))
  for (let tries = 0; tries < 3; tries++) {
    await app.services.outbox.sendDue()
    app.clock.advance(60_000)
  }
  expect(calls).toHaveLength(3)
  expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(await waiting()).toBe(0)
})

test('after a day it is dropped', async () => {
  const { app, calls, waiting } = await withReceiver([500, 500])
  await raise(app, await signIn(app))
  await app.services.outbox.sendDue()
  expect(await waiting()).toBe(1)
  app.clock.advance(24 * 3_600_000)
  await app.services.outbox.sendDue()
  expect(calls).toHaveLength(1)
  expect(await waiting()).toBe(0)
})

test('what is refused for good is dropped at once', async () => {
  const { app, calls, waiting } = await withReceiver([410])
  await raise(app, await signIn(app))
  await app.services.outbox.sendDue()
  expect([calls.length, await waiting()]).toEqual([1, 0])
})

test('a process without a webhook leaves the calls to those that have one, and removes them after a day', async () => {
  const { app, calls, waiting } = await withReceiver([500])
  await raise(app, await signIn(app))
  await app.services.outbox.sendDue()
  await app.restart({ ALERT_WEBHOOK_URL: '', ALERT_WEBHOOK_SECRET: '' })
  app.clock.advance(60_000)
  await app.services.outbox.sendDue()
  expect(await waiting()).toBe(1)
  app.clock.advance(24 * 3_600_000)
  await app.services.outbox.sendDue()
  expect([calls.length, await waiting()]).toEqual([1, 0])
})

test('many failures from one network are told of, as nobody’s', async () => {
  const { app, calls } = await withReceiver()
  for (let times = 0; times < 20; times++) await app.browser().graphql(VERIFY, { token: 'x' })
  await app.services.background.settled()
  await app.services.outbox.sendDue()
  expect(calls.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
    { type: 'network.repeated-failures', data: { id: null, userId: null } },
  ])
})

test('calls that hang, more than are made at once, keep no mail waiting', async () => {
  let [called, given] = [0, 0]
  const server = createServer((request) => {
    called += 1
    request.socket.once('close', () => (given += 1))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const app = await startTestApp({
    env: { ALERT_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`, ALERT_WEBHOOK_SECRET: SECRET },
  })
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await app.close()
  })
  const ada = await signIn(app)
  for (let alerts = 0; alerts < 12; alerts++) await raise(app, ada)
  await expect.poll(() => called).toBe(4)

  await signIn(app)
  await app.mailbox.latest(ada.email, 13) // the sign-in, and the mail of each alert
  expect({ called, given }).toEqual({ called: 4, given: 0 })
})
