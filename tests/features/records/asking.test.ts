import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Person } from '../../support/people.ts'
import { signIn } from '../../support/people.ts'
import { jwe, made, newId } from './support.ts'
import type { RecordNode } from './support.ts'

// Columns are read only when a query asks for them; these are the ways of asking in which one could be forgotten.
let app: TestApp
let person: Person
let record: RecordNode
beforeAll(async () => {
  app = await startTestApp()
  person = await signIn(app)
  record = await made(person.browser, { title: 'title', data: { a: 1 }, secret: 'secret', encryptedData: jwe() })
})
afterAll(() => app.close())

async function ask(query: string, variables: Record<string, unknown> = {}) {
  const { data, errors } = await person.browser.graphql(query, { id: record.id, ...variables })
  expect(errors).toEqual([])
  return data
}

/** The record's value of a field. */
const valueOf = (field: string): unknown => Object.fromEntries(Object.entries(record))[field]

const FIELDS = [
  'id',
  'collection',
  'title',
  'data',
  'secret',
  'encryptedData',
  'keyId',
  'revision',
  'createdAt',
  'updatedAt',
]

test.each(FIELDS)('%s alone, by each way that leads to a record', async (field) => {
  const [value, edges] = [valueOf(field), `edges { node { ${field} } }`]

  expect(await ask(`query ($id: ID!) { record(id: $id) { ${field} } }`)).toEqual({ record: { [field]: value } })
  expect(await ask(`query ($id: ID!) { node(id: $id) { ... on Record { ${field} } } }`)).toEqual({
    node: { [field]: value },
  })
  expect(await ask(`query ($id: ID!) { nodes(ids: [$id]) { ... on Record { ${field} } } }`)).toEqual({
    nodes: [{ [field]: value }],
  })
  expect(await ask(`{ records { ${edges} } }`)).toEqual({ records: { edges: [{ node: { [field]: value } }] } })
  const change = `mutation ($id: ID!, $revision: Int!) { updateRecord(input: { id: $id, revision: $revision }) { ${field} } }`
  const changed = await ask(change, { revision: record.revision })
  record = (await ask(`query ($id: ID!) { record(id: $id) { ${FIELDS.join(' ')} } }`))?.['record'] as RecordNode // as asked for
  expect(changed).toEqual({ updateRecord: { [field]: valueOf(field) } })
})

describe('a record asked for', () => {
  test('by nothing but its type', async () => {
    const edges = [{ node: { __typename: 'Record' } }]
    expect(await ask('query ($id: ID!) { record(id: $id) { __typename } }')).toEqual({
      record: { __typename: 'Record' },
    })
    expect(await ask('{ records { edges { node { __typename } } } }')).toEqual({ records: { edges } })
    expect(await ask('{ records { edges { cursor } } }')).toMatchObject({
      records: { edges: [{ cursor: expect.any(String) as string }] },
    })
    expect(await ask('{ records { totalCount } }')).toEqual({ records: { totalCount: 1 } })
    expect(await ask('{ records { pageInfo { hasNextPage } } }')).toEqual({
      records: { pageInfo: { hasNextPage: false } },
    })
  })

  test('under other names, twice, and by different fields each time', async () => {
    expect(
      await ask('query ($id: ID!) { a: record(id: $id) { x: title y: data } b: record(id: $id) { secret } }'),
    ).toEqual({
      a: { x: 'title', y: { a: 1 } },
      b: { secret: 'secret' },
    })
    expect(
      await ask('{ a: records { edges { node { data } } } b: records(first: 1) { edges { node { secret } } } }'),
    ).toEqual({
      a: { edges: [{ node: { data: { a: 1 } } }] },
      b: { edges: [{ node: { secret: 'secret' } }] },
    })
    expect(
      await ask('{ records { e: edges { n: node { data } m: node { secret } } edges { node { encryptedData } } } }'),
    ).toEqual({
      records: {
        e: [{ n: { data: { a: 1 } }, m: { secret: 'secret' } }],
        edges: [{ node: { encryptedData: record.encryptedData } }],
      },
    })
    expect(await ask('query ($id: ID!) { record(id: $id) { data } record(id: $id) { secret } }')).toEqual({
      record: { data: { a: 1 }, secret: 'secret' },
    })
  })

  test('through fragments, in fragments, on the interface', async () => {
    const fragments = `
      fragment Page on RecordConnection { edges { ...Edge } }
      fragment Edge on RecordEdge { node { ...Node ... on Record { secret } } }
      fragment Node on Node { id ... on Record { data } }
    `
    expect(await ask(`{ records { ...Page } } ${fragments}`)).toEqual({
      records: { edges: [{ node: { id: record.id, data: { a: 1 }, secret: 'secret' } }] },
    })
    const named = 'fragment Node on Record { encryptedData data }'
    expect(await ask(`query ($id: ID!) { node(id: $id) { __typename ...Node } } ${named}`)).toEqual({
      node: { __typename: 'Record', encryptedData: record.encryptedData, data: { a: 1 } },
    })
  })

  test('with fields that are left out, or not, as a variable says', async () => {
    const query = `query ($id: ID!, $yes: Boolean!) {
      record(id: $id) { title @skip(if: $yes) data @include(if: $yes) ... @include(if: $yes) { secret } }
      records { edges @include(if: $yes) { node { data @skip(if: $yes) encryptedData } } totalCount @skip(if: $yes) }
    }`
    expect(await ask(query, { yes: true })).toEqual({
      record: { data: { a: 1 }, secret: 'secret' },
      records: { edges: [{ node: { encryptedData: record.encryptedData } }] },
    })
    expect(await ask(query, { yes: false })).toEqual({ record: { title: 'title' }, records: { totalCount: 1 } })
  })
})

describe('node and nodes', () => {
  test('find each type by its id', async () => {
    const log = await ask('{ securityAudit(first: 1) { edges { node { id action } } } }')
    const { edges } = log?.['securityAudit'] as { edges: { node: { id: string; action: string } }[] } // as asked for
    const entry = edges[0]?.node
    const ids = [person.userId, person.sessionId, record.id, entry?.id]
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) {
      __typename id ... on User { email } ... on Session { current } ... on Record { title } ... on AuditEntry { action }
    } }`
    expect(await ask(query, { ids })).toEqual({
      nodes: [
        { __typename: 'User', id: person.userId, email: person.email },
        { __typename: 'Session', id: person.sessionId, current: true },
        { __typename: 'Record', id: record.id, title: 'title' },
        { __typename: 'AuditEntry', id: entry?.id, action: entry?.action },
      ],
    })
  })

  test("answer null for what is not there and for what is another's, alike", async () => {
    const other = await signIn(app)
    const theirs = await made(other.browser)
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }'
    const uuid = newId().slice('record_'.length)
    const none = ['user', 'session', 'record', 'audit'].map((prefix) => `${prefix}_${uuid}`)

    expect(await ask(query, { ids: [theirs.id, other.userId, other.sessionId, ...none] })).toEqual({
      nodes: Array(7).fill(null),
    })
    for (const id of [theirs.id, other.userId, other.sessionId])
      expect(await ask('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: null })
  })

  test('keep the order asked for, also when one is asked for twice, and take none at all', async () => {
    const second = await made(person.browser, { title: 'second' })
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Record { title } } }'

    expect(await ask(query, { ids: [second.id, record.id, newId(), second.id] })).toEqual({
      nodes: [{ title: 'second' }, { title: 'title' }, null, { title: 'second' }],
    })
    expect(await ask(query, { ids: [] })).toEqual({ nodes: [] })
  })

  test('refuse what is no id, and more than a hundred', async () => {
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }'
    for (const id of [
      '',
      'record',
      'record_',
      '_',
      'other_0198c5b2-0000-7000-8000-000000000000',
      'record_0198C5B2-0000-7000-8000-000000000000',
      '__proto___x',
      'constructor_x',
    ]) {
      expect((await person.browser.graphql(query, { ids: [id] })).code).toBe('BAD_INPUT')
      expect((await person.browser.graphql('query ($id: ID!) { record(id: $id) { id } }', { id })).code).toBe(
        'BAD_INPUT',
      )
    }
    const tooMany = await person.browser.graphql(query, { ids: Array.from({ length: 101 }, newId) })
    expect(tooMany.code).toBe('TOO_LARGE')
    expect(tooMany.errors[0]?.extensions).toMatchObject({ field: 'ids', limit: 100 })
  })

  test('one bad id among good ones is told by its place', async () => {
    const answer = await person.browser.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: [record.id, 'nonsense'],
    })
    expect(answer.code).toBe('BAD_INPUT')
  })

  test("a record's secret asks for a fresh proof by this way too", async () => {
    app.clock.advance(16 * 60_000)
    const secret = await person.browser.graphql('query ($id: ID!) { node(id: $id) { id ... on Record { secret } } }', {
      id: record.id,
    })

    expect(secret.code).toBe('REAUTHENTICATION_REQUIRED')
    expect(secret.data).toEqual({ node: { id: record.id, secret: null } })
  })
})
