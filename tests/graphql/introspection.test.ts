import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'

const asBrowser = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

describe('with introspection on', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  test('the whole schema can be asked for, within the limits on documents', async () => {
    const { data, errors } = await app
      .browser()
      .graphql(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true, specifiedByUrl: true }))
    expect(errors).toEqual([])
    expect(data).toHaveProperty('__schema.queryType.name', 'Query')
  })

  test('a browser that opens /graphql is shown GraphiQL, and a program is not', async () => {
    const page = await app.browser().fetch('/graphql', asBrowser)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
    expect(await page.text()).toContain('GraphiQL')
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'self';/)
    for (const accept of ['application/json', '*/*']) {
      const other = await app.browser().fetch('/graphql?query={me{id}}', { headers: { accept } })
      expect(await other.json()).toEqual({ data: { me: null } })
    }
  })

  test('GraphiQL is served to a GET alone', async () => {
    const post = await app.browser().fetch('/graphql', { method: 'POST', ...asBrowser })
    expect(post.status).toBe(415)
  })
})

describe('with introspection off', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ env: { INTROSPECTION: 'off' } })
  })
  afterAll(() => app.close())

  const ASKING = [
    '{ __schema { types { name } } }',
    '{ __type(name: "User") { name } }',
    '{ a: __schema { queryType { name } } }',
    'query { ...F } fragment F on Query { __schema { queryType { name } } }',
  ]

  test('the schema cannot be asked for in any way', async () => {
    for (const query of ASKING) {
      const { data, code } = await app.browser().graphql(query)
      expect([data, code]).toEqual([undefined, 'GRAPHQL_VALIDATION_FAILED'])
      const get = await app.browser().fetch(`/graphql?query=${encodeURIComponent(query)}`)
      expect(await get.text()).not.toContain('"data"')
    }
  })

  test('the name of a type can still be asked for, as clients do', async () => {
    expect((await app.browser().graphql('{ __typename me { __typename } }')).data).toEqual({
      __typename: 'Query',
      me: null,
    })
  })

  test('no misspelt name is put right', async () => {
    const MISSPELT = [
      '{ mee { id } }',
      '{ record(idd: "a") { id } }',
      '{ session { levl } }',
      'query ($a: Recrd) { me { id } }',
      'mutation { createRecord(input: { colection: "a" }) { id } }',
      '{ node(id: "a") { ... on Sesion { id } } }',
    ]
    for (const query of MISSPELT) {
      const { errors } = await app.browser().graphql(query)
      expect(errors.length).toBeGreaterThan(0)
      expect(JSON.stringify(errors)).not.toMatch(/did you mean/i)
    }
  })

  test('the input object of a variable tells nothing more', async () => {
    const { errors } = await app
      .browser()
      .graphql('mutation ($i: CreateRecordInput!) { createRecord(input: $i) { id } }', { i: { colection: 'a' } })
    expect(JSON.stringify(errors)).not.toMatch(/did you mean/i)
  })

  test('there is no GraphiQL, and neither its scripts', async () => {
    const page = await app.browser().fetch('/graphql', asBrowser)
    expect(page.headers.get('content-type')).not.toContain('text/html')
    expect(await page.text()).not.toContain('GraphiQL')
  })
})
