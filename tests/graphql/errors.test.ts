import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERROR_CODES } from '../../src/shared/error-codes.ts'
import type { ErrorCode } from '../../src/shared/error-codes.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { newAddress, REQUEST } from '../support/people.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

const NODE = 'query ($id: ID!) { node(id: $id) { id } }'
const CREATE = 'mutation ($input: CreateRecordInput!) { createRecord(input: $input) { id } }'
const variables = (query: string, values: unknown) => JSON.stringify({ query, variables: values })
const repeated = (text: string, count: number) => text.repeat(count)

describe('what is wrong with a request has a code of the list', () => {
  const CASES: readonly (readonly [name: string, code: ErrorCode, body: string])[] = [
    ['a body that is not JSON', 'BAD_INPUT', '{"query'],
    ['an empty body', 'BAD_INPUT', ''],
    ['a body that is null', 'BAD_INPUT', 'null'],
    ['a body that is a text', 'BAD_INPUT', '"{ me { id } }"'],
    ['no document', 'BAD_INPUT', '{}'],
    ['a document that is a number', 'BAD_INPUT', '{"query":1}'],
    ['a document that is an object', 'BAD_INPUT', '{"query":{"me":1}}'],
    ['variables that are a text', 'BAD_INPUT', '{"query":"{ me { id } }","variables":"x"}'],
    ['variables that are a list', 'BAD_INPUT', '{"query":"{ me { id } }","variables":[1]}'],
    ['an operation name that is a number', 'BAD_INPUT', '{"query":"{ me { id } }","operationName":1}'],
    ['a parameter that nobody knows', 'BAD_INPUT', '{"query":"{ me { id } }","extra":1}'],
    ['two operations and no name', 'BAD_INPUT', '{"query":"query A { me { id } } query B { me { id } }"}'],
    ['an operation that is not there', 'BAD_INPUT', '{"query":"query A { me { id } }","operationName":"B"}'],
    ['a batch', 'BAD_INPUT', '[{"query":"{ me { id } }"},{"query":"{ me { id } }"}]'],
    ['a batch of one', 'BAD_INPUT', '[{"query":"{ me { id } }"}]'],
    ['an empty batch', 'BAD_INPUT', '[]'],
    ['a persisted document', 'BAD_INPUT', '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}'],
    ['a document that is not GraphQL', 'GRAPHQL_PARSE_FAILED', '{"query":"{"}'],
    ['an empty document', 'GRAPHQL_PARSE_FAILED', '{"query":"# nothing"}'],
    ['a field that is not there', 'GRAPHQL_VALIDATION_FAILED', '{"query":"{ nothing }"}'],
    ['a fragment that is not there', 'GRAPHQL_VALIDATION_FAILED', '{"query":"{ ...F }"}'],
    ['a subscription to what is none', 'GRAPHQL_VALIDATION_FAILED', '{"query":"subscription { me { id } }"}'],
    ['a definition', 'GRAPHQL_VALIDATION_FAILED', '{"query":"type A { a: String } { me { id } }"}'],
    ['an argument of the wrong kind', 'GRAPHQL_VALIDATION_FAILED', '{"query":"{ node(id: {}) { id } }"}'],
    ['a variable that is missing', 'BAD_INPUT', variables(NODE, {})],
    ['a variable that is null', 'BAD_INPUT', variables(NODE, { id: null })],
    ['a variable that is an object', 'BAD_INPUT', variables(NODE, { id: { not: '' } })],
    ['a variable that is a list', 'BAD_INPUT', variables(NODE, { id: [] })],
    [
      'a variable with a field that nobody knows',
      'BAD_INPUT',
      variables(CREATE, { input: { collection: 'a', userId: 'b' } }),
    ],
    ['a variable that is a text instead of an object', 'BAD_INPUT', variables(CREATE, { input: 'a' })],
    [
      'null by a variable with a default',
      'BAD_INPUT',
      variables('query ($id: ID = "a") { node(id: $id) { id } }', { id: null }),
    ],
    [
      'a time that is none',
      'BAD_INPUT',
      variables('query ($at: DateTime) { records(updatedSince: $at) { totalCount } }', { at: 'now' }),
    ],
    ['an id of nothing', 'BAD_INPUT', variables(NODE, { id: 'a' })],
    ['a level that nobody has', 'UNAUTHENTICATED', '{"query":"{ sessions { id } }"}'],
  ]

  for (const [name, code, body] of CASES) {
    test(`${name}: ${code}`, async () => {
      const answer = await app.browser().graphql('', {}, { body })
      expect(answer.code).toBe(code)
      for (const { extensions, message } of answer.errors) {
        expect(Object.keys(ERROR_CODES)).toContain(extensions.code)
        expect(message).not.toMatch(/Syntax Error: .*limit|prisma|node_modules/i)
      }
    })
  }
})

describe('the status says whether anything ran', () => {
  const accept = 'application/graphql-response+json'
  const CASES: readonly (readonly [name: string, body: string, status: number])[] = [
    ['a document that does not parse', '{"query":"{"}', 400],
    ['a document that does not fit the schema', '{"query":"{ nothing }"}', 400],
    ['a document that is too large', JSON.stringify({ query: `{ ${repeated('a: me { id } ', 400)} }` }), 400],
    ['a document with too many aliases', JSON.stringify({ query: `{ ${repeated('a: me { id } ', 20)} }` }), 400],
    ['variables that do not fit', variables(NODE, { id: [] }), 400],
    ['a batch', '[]', 400],
    ['a field that was refused', '{"query":"{ me { id } sessions { id } }"}', 200],
    ['a field that was answered', '{"query":"{ me { id } }"}', 200],
  ]
  for (const [name, body, status] of CASES) {
    test(`${name}: ${status}`, async () => {
      const answer = await app.browser().graphql('', {}, { body, headers: { accept } })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, `${accept}; charset=utf-8`])
    })
  }
})

test('an answer does not grow with what it quotes', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`unknown${i}`, 1]))
  const body = variables(CREATE, { input: { ...unknown, collection: 'x'.repeat(100_000) } })
  const response = await app
    .browser()
    .fetch('/graphql', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  expect((await response.text()).length).toBeLessThan(100_000)
})

test('a refusal that a field threw names the field and keeps its details', async () => {
  const { errors } = await app.browser().graphql(REQUEST, { email: 'not an address' })
  expect(errors).toMatchObject([{ path: ['requestMagicLink'], extensions: { code: 'EMAIL_INVALID', field: 'email' } }])
})

test('what is internal to the server stands in no answer', async () => {
  const response = await app.browser().fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ sessions { id } }' }),
  })
  expect(Object.keys(JSON.parse(await response.text()).errors[0].extensions)).toEqual(['code'])
})

describe('by GET', () => {
  const get = (query: string) => app.browser().fetch(`/graphql?${query}`, { headers: { accept: 'application/json' } })

  test('a query is answered, as nobody', async () => {
    expect(await (await get('query={me{id}}')).json()).toEqual({ data: { me: null } })
  })

  test('a mutation is refused, and does nothing', async () => {
    const email = newAddress()
    const response = await get(`query=mutation{requestMagicLink(input:{email:"${email}"}){message}}`)
    expect(response.status).toBe(405)
    expect(await app.services.database.systemDb.magicLink.count({ where: { email } })).toBe(0)
  })

  test.each(['variables={', 'extensions=[', 'variables=1'])('%s is refused as bad input', async (query) => {
    const response = await get(`query={me{id}}&${query}`)
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { errors: [{ extensions: { code: 'BAD_INPUT' } }] },
    ])
  })

  test('a parameter of the address is none of a POST', async () => {
    const email = newAddress()
    const query = encodeURIComponent(`mutation { requestMagicLink(input: { email: "${email}" }) { message } }`)
    const response = await app.browser().fetch(`/graphql?query=${query}`, {
      method: 'POST',
      body: '{"query":"{ me { id } }"}',
      headers: { 'content-type': 'application/json' },
    })
    expect(await response.json()).toEqual({ data: { me: null } })
  })
})
