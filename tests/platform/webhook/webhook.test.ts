import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test } from 'vitest'
import { webhookChannel } from '../../../src/platform/webhook/webhook-channel.ts'

const PLAIN = 'a-secret-of-more-than-24-characters'
const SECRET = `whsec_${Buffer.from('thirty-two bytes of a secret key').toString('base64')}`
const BODY = JSON.stringify({ type: 'login.new-device', text: 'grüße' })

type Call = { headers: IncomingHttpHeaders; body: string; url: string | undefined }

/** A receiver, and the calls that it got. */
async function receiver(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      calls.push({ headers: request.headers, body, url: request.url })
      answer(response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return { calls, url: `http://127.0.0.1:${port}/hook/canary-path` }
}

const ending =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end('canary-answer')

test.each([
  ['with whsec_', SECRET, new Webhook(SECRET)],
  ['without it', PLAIN, new Webhook(PLAIN, { format: 'raw' })],
])("a call is signed so that Standard Webhooks' own library takes it (%s)", async (_how, secret, theirs) => {
  const { url, calls } = await receiver(ending(200))
  await webhookChannel({ url, secret }, { now: () => new Date() }).send({ body: BODY }, 'id-1')
  const [call] = calls
  expect(call?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'id-1' })
  expect(theirs.verify(call?.body ?? '', call?.headers as Record<string, string>)).toEqual(JSON.parse(BODY))
  expect(() => theirs.verify(`${call?.body} `, call?.headers as Record<string, string>)).toThrow()
})

test('each try has its own time, under the same id', async () => {
  const { url, calls } = await receiver(ending(204))
  let time = Date.now()
  const channel = webhookChannel({ url, secret: SECRET }, { now: () => new Date(time) })
  await channel.send({ body: BODY }, 'id-1')
  time += 3_600_000
  await channel.send({ body: BODY }, 'id-1')
  const [first, second] = calls.map(({ headers }) => headers)
  expect(Number(second?.['webhook-timestamp']) - Number(first?.['webhook-timestamp'])).toBe(3_600)
  expect(first?.['webhook-id']).toBe(second?.['webhook-id'])
  expect(first?.['webhook-signature']).not.toBe(second?.['webhook-signature'])
})

test.each([
  [200, 'taken'], [201, 'taken'], [204, 'taken'],
  [301, 'tried again'], [307, 'tried again'],
  [400, 'refused'], [401, 'refused'], [404, 'refused'], [410, 'refused'], [422, 'refused'],
  [408, 'tried again'], [429, 'tried again'], [500, 'tried again'], [503, 'tried again'],
] as const)('an answer of %i: %s', async (status, expected) => {
  const { url } = await receiver(ending(status, { location: 'http://127.0.0.1:1/' }))
  expect(await outcomeAt(url)).toBe(expected)
}) // prettier-ignore

test('a redirect is not followed', async () => {
  const other = await receiver(ending(200))
  const { url } = await receiver(ending(307, { location: other.url }))
  expect(await outcomeAt(url)).toBe('tried again')
  expect(other.calls).toEqual([])
})

test('one that does not answer is given up, and tried again', async () => {
  const { url, calls } = await receiver(() => {})
  expect(await outcomeAt(url, 50)).toBe('tried again')
  expect(calls).toHaveLength(1)
})

test('one that is not there is tried again', async () => {
  expect(await outcomeAt('http://127.0.0.1:1/hook/canary-path')).toBe('tried again')
})

/** What became of a call; its reason, for the log, says nothing of secret, body, answer or path. */
async function outcomeAt(url: string, timeoutMs?: number): Promise<'taken' | 'refused' | 'tried again'> {
  const options = { now: () => new Date(), ...(timeoutMs !== undefined && { timeoutMs }) }
  const channel = webhookChannel({ url, secret: SECRET }, options)
  try {
    await channel.send({ body: BODY }, 'id-1')
    return 'taken'
  } catch (error) {
    const said = JSON.stringify([channel.reason({ body: BODY }, error), channel.about({ body: BODY })])
    for (const secret of [SECRET, 'grüße', 'canary']) expect(said).not.toContain(secret)
    return channel.isRefusal(error) ? 'refused' : 'tried again'
  }
}
