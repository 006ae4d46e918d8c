import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { signIn } from '../support/people.ts'

describe('L5: a document that costs too much is refused before it runs', () => {
  let app: TestApp
  let browser: Visitor
  const statements: string[] = []
  beforeAll(async () => {
    app = await startTestApp()
    browser = (await signIn(app)).browser
    // What the outbox does by itself is not the document's doing.
    app.services.database.onStatement((text) => void (/outbox/i.test(text) || statements.push(text)))
  })
  beforeEach(() => void (statements.length = 0))
  afterAll(() => app.close())

  const nested = (depth: number, inner: string, open = 'me { ') => `${open.repeat(depth)}${inner}${' }'.repeat(depth)}`
  const many = (count: number, make: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => make(i)).join(' ')
  const TOO_MUCH: readonly (readonly [name: string, code: string, document: string])[] = [
    ['eleven levels', 'QUERY_REFUSED', `{ ${nested(10, 'id')} }`],
    ['a hundred levels', 'QUERY_REFUSED', `{ ${nested(100, 'id')} }`],
    [
      'many levels, by fragments',
      'QUERY_REFUSED',
      `{ ...F0 } ${many(12, (i) => `fragment F${i} on User { me { ...F${i + 1} } }`)} fragment F12 on User { id }`,
    ],
    ['sixteen aliases', 'QUERY_REFUSED', `{ ${many(16, (i) => `a${i}: me { id }`)} }`],
    ['a thousand aliases', 'QUERY_REFUSED', `{ ${many(1_000, (i) => `a${i}: me { id }`)} }`],
    ['a field a thousand times', 'QUERY_REFUSED', `{ ${many(1_000, () => 'me { id }')} }`],
    [
      'as many overlapping fields as fit',
      'QUERY_REFUSED',
      `{ records(first: 100) { ${many(90, () => 'edges { node { id title data } }')} } }`,
    ],
    ['many nodes, each with much', 'QUERY_REFUSED', `{ records(first: 2000000) { edges { node { id title } } } }`],
    ['a hundred directives', 'QUERY_REFUSED', `{ me ${many(100, () => '@skip(if: false)')} { id } }`],
    ['lists in lists', 'QUERY_REFUSED', `{ node(id: ${'['.repeat(5_000)}${']'.repeat(5_000)}) { id } }`],
    ['100,000 brackets', 'GRAPHQL_PARSE_FAILED', '['.repeat(100_000)],
    ['100,000 braces', 'QUERY_REFUSED', '{ me '.repeat(50_000)],
    ['a document as long as a body may be', 'QUERY_REFUSED', `{ ${many(38_000, () => 'me { id }')} }`],
    [
      'fragments that double',
      'QUERY_REFUSED',
      `{ me { ...F0 } } ${many(20, (i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`)} fragment F20 on User { id }`,
    ],
    [
      'introspection in circles',
      'QUERY_REFUSED',
      `{ __schema { types { ${nested(5, 'name', 'fields { type { ').replaceAll(' }', ' } }')} } } }`,
    ],
    ['a fragment within itself', 'GRAPHQL_VALIDATION_FAILED', '{ me { ...A } } fragment A on User { id ...A }'],
    [
      'fragments in a circle',
      'GRAPHQL_VALIDATION_FAILED',
      '{ me { ...A } } fragment A on User { ...B } fragment B on User { ...C } fragment C on User { ...A }',
    ],
    [
      'a circle that nobody uses',
      'GRAPHQL_VALIDATION_FAILED',
      '{ me { id } } fragment A on Query { ...B } fragment B on Query { ...A }',
    ],
    ['900 names that are not there', 'GRAPHQL_VALIDATION_FAILED', `{ ${many(900, (i) => `mee${i}`)} }`],
  ]

  for (const [name, code, document] of TOO_MUCH) {
    test(`L5: ${name}`, async () => {
      const answer = await browser.graphql(document)
      expect([answer.code, answer.data]).toEqual([code, undefined])
      expect(statements).toEqual([])
      expect((await browser.graphql('{ me { id } }')).data).toMatchObject({ me: {} })
      expect(statements.length).toBeGreaterThan(0)
    })
  }

  test('L5: a document of a megabyte', async () => {
    const { status, code } = await app.browser().graphql(`{ me { id } } # ${'x'.repeat(1_000_000)}`)
    expect([status, code]).toEqual([413, 'TOO_LARGE'])
    expect(statements).toEqual([])
  })

  test('L5: what a frontend asks for is far from the limits', async () => {
    const { errors } = await browser.graphql(`{
      me { id email displayName createdAt lastLoginAt }
      sessions { id current deviceName authMethod level remembered encryptionEnabled ipAddress userAgent createdAt lastActivityAt expiresAt }
      records(first: 20) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { id collection title data encryptedData keyId revision createdAt updatedAt } } }
      securityAudit(first: 50) { pageInfo { hasNextPage endCursor }
        edges { cursor node { id action tableName recordId success ipAddress userAgent deviceName details timestamp } } }
    }`)
    expect(errors).toEqual([])
  })
})
