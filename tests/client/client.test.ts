import { expect, expectTypeOf, test, vi } from 'vitest'
import {
  createClient,
  isLatchkeyError,
  type LatchkeyError,
  type ClientOptions,
  type PrivateRecord,
  type RecordWithSecretQuery,
  RecordWithSecretDocument,
  type User,
} from '../../src/client/index.ts'

const URL = 'https://id.example.com/graphql'

/** A client, and what it sent, whose server gives these answers one after another. */
function clientOf(answers: readonly (Response | (() => never))[], options: Partial<ClientOptions> = {}) {
  const left = [...answers]
  const fetch = vi.fn<typeof globalThis.fetch>(async () => {
    const answer = left.shift()
    if (!answer) throw new Error('The test gave no further answer.')
    return answer instanceof Response ? answer : answer()
  })
  const client = createClient({ url: URL, fetch, ...options })
  const sent = (): { query: string; variables?: unknown }[] =>
    fetch.mock.calls.map(([, init]) => JSON.parse(typeof init?.body === 'string' ? init.body : ''))
  return { client, fetch, sent }
}

const answer = (body: unknown, status = 200) => Response.json(body, { status })
const refusal = (code: string, details: object = {}, data: unknown = null, status = 200) =>
  answer({ data, errors: [{ message: `Refused: ${code}`, extensions: { code, ...details } }] }, status)
const rejected = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable('It should have been refused.'),
    (error: unknown) => error,
  )

const record = (n: number) => ({ __typename: 'Record', id: `record_${n}`, title: `Note ${n}`, revision: 1 })
const page = (from: number, to: number, hasNextPage: boolean) => {
  const edges = Array.from({ length: to - from }, (_, i) => ({ cursor: `c${from + i}`, node: record(from + i) }))
  const pageInfo = { hasNextPage, hasPreviousPage: from > 0, startCursor: `c${from}`, endCursor: `c${to - 1}` }
  return answer({ data: { records: { edges, pageInfo, totalCount: 120 } } })
}

test('it sends one POST of JSON, with the cookie', async () => {
  const { client, fetch } = clientOf([answer({ data: { me: null } })])
  expect(await client.me()).toBeNull()
  expect(fetch).toHaveBeenCalledOnce()
  const [url, init] = fetch.mock.calls[0] ?? []
  expect(url).toBe(URL)
  expect(init).toMatchObject({
    method: 'POST',
    credentials: 'include',
    headers: { 'content-type': 'application/json', accept: expect.stringContaining('application/json') },
  })
})

test('headers of your own are sent, asked for at each request, and cannot change the content type', async () => {
  let count = 0
  const headers = () => ({ 'x-request': String(++count), 'content-type': 'text/plain' })
  const { client, fetch } = clientOf([answer({ data: { me: null } }), answer({ data: { me: null } })], { headers })
  await client.me()
  await client.me()
  expect(fetch.mock.calls.map(([, init]) => init?.headers)).toEqual([
    expect.objectContaining({ 'x-request': '1', 'content-type': 'application/json' }),
    expect.objectContaining({ 'x-request': '2', 'content-type': 'application/json' }),
  ])
})

test('a document carries each fragment that it uses once', async () => {
  const { client, sent } = clientOf([
    answer({ data: { verifyMagicCode: { __typename: 'SignedIn', user: { id: 'user_1' } } } }),
  ])
  await client.verifyMagicCode({ code: '123456' })
  const [{ query = '', variables } = {}] = sent()
  expect(variables).toEqual({ input: { code: '123456' } })
  expect(query.match(/fragment \w+/g)?.sort()).toEqual([
    'fragment SessionFields',
    'fragment SignInResultFields',
    'fragment UserFields',
  ])
})

test('no method but recordWithSecret asks for a secret, which would need a fresh proof', async () => {
  const { client, sent } = clientOf([
    answer({ data: { record: null } }),
    answer({ data: { createRecord: record(1) } }),
    page(0, 1, false),
    answer({ data: { record: null } }),
  ])
  await client.record('record_1')
  await client.createRecord({ collection: 'notes', secret: { pin: '1' } })
  await client.records()
  await client.recordWithSecret('record_1')
  expect(sent().map(({ query }) => /\bsecret\b/.test(query))).toEqual([false, false, false, true])
})

test('a refusal is thrown, with its code and details', async () => {
  const { client } = clientOf([refusal('CONFLICT', { currentRevision: 7 })])
  const error = await rejected(client.updateRecord({ id: 'record_1', revision: 6 }))
  expect(isLatchkeyError(error, 'CONFLICT') && error.currentRevision).toBe(7)
})

test('a refusal that comes with another HTTP status is read as well', async () => {
  const { client } = clientOf([refusal('RATE_LIMITED', { retryAfter: 30 }, null, 429)])
  const error = await rejected(client.requestMagicLink({ email: 'ada@example.com' }))
  expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 30, status: 429 })
})

test('a part of an answer is thrown away by no method: the error holds it, and tryRequest gives both', async () => {
  const data = { record: { ...record(1), secret: null } }
  const refused = () => refusal('REAUTHENTICATION_REQUIRED', { level: 'FRESH', methods: ['MAGIC_LINK'] }, data)
  const { client } = clientOf([refused(), refused()])
  expect(await rejected(client.recordWithSecret('record_1'))).toMatchObject({ level: 'FRESH', data })
  const both = await client.tryRequest(RecordWithSecretDocument, { id: 'record_1' })
  expect(both.data).toEqual(data)
  expect(both.errors.map(({ code }) => code)).toEqual(['REAUTHENTICATION_REQUIRED'])
  expectTypeOf(both.data).toEqualTypeOf<RecordWithSecretQuery | null>()
})

test('onUnauthenticated is told once of each answer that nobody is signed in for, and of no other', async () => {
  const onUnauthenticated = vi.fn<(error: LatchkeyError) => void>()
  const twice = { message: 'Sign in.', extensions: { code: 'UNAUTHENTICATED' } }
  const { client } = clientOf([refusal('NOT_FOUND'), answer({ data: null, errors: [twice, twice] }, 401)], {
    onUnauthenticated,
  })
  await rejected(client.revokeSession('session_1'))
  expect(onUnauthenticated).not.toHaveBeenCalled()
  const error = await rejected(client.sessions())
  expect(onUnauthenticated.mock.calls).toEqual([[error]])
})

test('no connection is NETWORK, with the cause', async () => {
  const cause = new TypeError('fetch failed')
  const fail = () => {
    throw cause
  }
  const { client } = clientOf([fail])
  const error = await rejected(client.me())
  expect(error).toMatchObject({ code: 'NETWORK', cause, status: undefined })
  expect(error).toHaveProperty('message', expect.stringContaining('ALLOWED_ORIGINS'))
})

test.each([
  ['a page', new Response('<h1>Not found</h1>', { status: 404, headers: { 'content-type': 'text/html' } }), 404],
  ['nothing', new Response('', { status: 502 }), 502],
  ['JSON that is not GraphQL', Response.json({ ok: true }), 200],
  ['a list', Response.json([]), 200],
  ['no data and no errors', Response.json({ data: null }), 200],
  ['data that is a text', Response.json({ data: 'hello' }), 200],
  ['errors that are not a list', Response.json({ errors: 'no' }), 200],
])('an answer that is not GraphQL is UNEXPECTED_ANSWER: %s', async (_, response, status) => {
  const { client } = clientOf([response])
  expect(await rejected(client.me())).toMatchObject({
    code: 'UNEXPECTED_ANSWER',
    status,
    message: expect.stringContaining(`answered ${status}`),
  })
})

test('a request of your own can be called off, which is not an error of the network', async () => {
  const controller = new AbortController()
  const abort = () => {
    controller.abort()
    throw controller.signal.reason
  }
  const { client, fetch } = clientOf([abort])
  const error = await rejected(client.request('{ me { id } }', {}, { signal: controller.signal }))
  expect(error).toBe(controller.signal.reason)
  expect(fetch.mock.calls[0]?.[1]?.signal).toBe(controller.signal)
})

test('allRecords walks through the pages, and fetches the next only when it is read', async () => {
  const { client, sent } = clientOf([page(0, 50, true), page(50, 100, true), page(100, 120, false)])
  const ids = []
  for await (const { id } of client.allRecords({ collection: 'notes' })) {
    ids.push(id)
    if (ids.length === 50) expect(sent()).toHaveLength(1)
  }
  expect(ids).toEqual(Array.from({ length: 120 }, (_, n) => `record_${n}`))
  expect(sent().map(({ variables }) => variables)).toEqual([
    { collection: 'notes', first: 50, after: null },
    { collection: 'notes', first: 50, after: 'c49' },
    { collection: 'notes', first: 50, after: 'c99' },
  ])
})

test('allRecords throws what a page was refused for', async () => {
  const { client } = clientOf([page(0, 50, true), refusal('UNAUTHENTICATED')])
  const seen: PrivateRecord[] = []
  const error = await rejected(
    (async () => {
      for await (const found of client.allRecords()) seen.push(found)
    })(),
  )
  expect(seen).toHaveLength(50)
  expect(isLatchkeyError(error, 'UNAUTHENTICATED')).toBe(true)
})

test('every method is typed by the schema', () => {
  const { client } = clientOf([])
  expectTypeOf(client.me).returns.resolves.toEqualTypeOf<User | null>()
  expectTypeOf(client.record).returns.resolves.toEqualTypeOf<PrivateRecord | null>()
  expectTypeOf(client.logout).returns.resolves.toEqualTypeOf<boolean>()
  expectTypeOf(client.deleteRecord).parameter(0).toHaveProperty('id').toEqualTypeOf<string>()
  // @ts-expect-error An update names the revision that it changes.
  expectTypeOf(client.updateRecord).toBeCallableWith({ id: 'record_1' })
})
