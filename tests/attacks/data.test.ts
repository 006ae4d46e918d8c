import { isInputObjectType, isListType, isNonNullType, isScalarType } from 'graphql'
import type { GraphQLInputType, GraphQLObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildSchema } from '../../src/schema/index.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { signIn } from '../support/people.ts'
import {
  create,
  CREATE,
  jwe,
  list,
  made,
  page,
  personWith,
  read,
  remove,
  rowId,
  update,
} from '../features/records/support.ts'

const schema = buildSchema()
const rootTypes = [schema.getQueryType(), schema.getMutationType()] as GraphQLObjectType[] // there are both

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

describe('D4: an operator in the place of a text', () => {
  /** One argument that is a text, an id or a time: where it stands, and whether null may stand there. */
  type Leaf = { operation: string; field: string; path: string[]; type: string; nullable: boolean }

  const leaves = rootTypes.flatMap((root) =>
    Object.values(root.getFields()).flatMap((field) =>
      field.args.flatMap((arg) =>
        leavesOf(arg.type, [arg.name]).map((leaf) => ({
          ...leaf,
          operation: root.name.toLowerCase(),
          field: field.name,
        })),
      ),
    ),
  )

  function leavesOf(type: GraphQLInputType, path: string[], nullable = true): Omit<Leaf, 'operation' | 'field'>[] {
    if (isNonNullType(type)) return leavesOf(type.ofType, path, false)
    if (isListType(type)) return leavesOf(type.ofType, [...path, '0'])
    if (isInputObjectType(type))
      return Object.values(type.getFields()).flatMap((field) => leavesOf(field.type, [...path, field.name]))
    return isScalarType(type) && ['String', 'ID', 'DateTime'].includes(type.name)
      ? [{ path, type: type.name, nullable }]
      : []
  }

  /** Where null is no value but stands for 'none': there it means what leaving it out means, or clears. */
  const NULL_IS_FINE: Readonly<Record<string, string>> = {
    'records.after': 'no cursor: from the start',
    'records.before': 'no cursor: to the end',
    'recordsToReencrypt.after': 'no cursor: from the start',
    'securityAudit.after': 'no cursor: from the start',
    'securityAudit.before': 'no cursor: to the end',
    'securityAlerts.after': 'no cursor: from the start',
    'securityAlerts.before': 'no cursor: to the end',
    'beginPasskeyLogin.input.email': 'whoever the passkey belongs to',
    'createRecord.input.id': 'the server makes one',
    'createRecord.input.title': 'a record without',
    'createRecord.input.encryptedData': 'a record without',
    'updateRecord.input.title': 'clears it',
    'updateRecord.input.encryptedData': 'clears it',
    'requestMagicLink.input.redirectTo': 'no place to go to',
  }

  const HOSTILE = [
    { not: '' },
    { contains: '' },
    { equals: 'x' },
    { startsWith: '' },
    {},
    ['x'],
    [],
    [{ not: '' }],
    { toString: 'x' },
    true,
    1.5,
  ] as const
  const VALID = {
    String: 'x',
    ID: 'record_0198c5b2-0000-7000-8000-000000000000',
    DateTime: '2026-01-01T00:00:00Z',
    Int: 1,
    Boolean: false,
    JSON: null,
  }

  const nameOf = ({ field, path }: Leaf) => [field, ...path].join('.')

  test('the walk over the schema finds the texts that are there', () => {
    const names = leaves.map(nameOf)
    expect(names).toHaveLength(new Set(names).size)
    expect(names.length).toBeGreaterThanOrEqual(20)
    for (const name of [
      'records.collection',
      'records.updatedSince',
      'nodes.ids.0',
      'verifyMagicLink.input.token',
      'deleteRecord.input.id',
    ]) {
      expect(names).toContain(name)
    }
    expect(Object.keys(NULL_IS_FINE).filter((name) => !names.includes(name))).toEqual([])
  })

  let browser: Visitor
  beforeAll(async () => {
    browser = (await personWith(app, ['kept'])).browser
  })

  test.each(leaves.map((leaf) => [nameOf(leaf), leaf] as const))(
    'D4: %s takes no object, no list, nothing but a text',
    async (_name, leaf) => {
      const before = await everythingStored()
      const answers = await Promise.all(
        HOSTILE.flatMap((hostile) => [asVariable(leaf, hostile), inDocument(leaf, hostile)]),
      )

      for (const { code, data, status } of answers) {
        expect(['BAD_INPUT', 'GRAPHQL_VALIDATION_FAILED']).toContain(code)
        expect(data?.[leaf.field] ?? null).toBeNull()
        expect(status).toBeLessThan(500)
      }
      expect(await everythingStored()).toEqual(before)
    },
  )

  test.each(leaves.map((leaf) => [nameOf(leaf), leaf] as const))(
    'D4: %s takes null only where it says what null means',
    async (name, leaf) => {
      for (const { code } of [await asVariable(leaf, null), await inDocument(leaf, null)]) {
        if (name in NULL_IS_FINE) expect(['BAD_INPUT', 'GRAPHQL_VALIDATION_FAILED', 'INTERNAL']).not.toContain(code)
        else expect(['BAD_INPUT', 'GRAPHQL_VALIDATION_FAILED']).toContain(code)
      }
    },
  )

  /** Valid arguments for a field, but for one place. */
  function argsWith(leaf: Leaf, value: unknown): Record<string, unknown> {
    const field = rootTypes.map((root) => root.getFields()[leaf.field]).find(Boolean)
    const entries = (field?.args ?? []).map((arg) => [arg.name, valueFor(arg.type, [arg.name], leaf, value)] as const)
    return Object.fromEntries(entries.filter(([, given]) => given !== undefined))
  }

  function valueFor(type: GraphQLInputType, path: string[], leaf: Leaf, value: unknown): unknown {
    if (path.join('.') === leaf.path.join('.')) return value
    const isOnTheWay = leaf.path.join('.').startsWith(`${path.join('.')}.`)
    if (!isNonNullType(type) && !isOnTheWay) return undefined
    const inner = isNonNullType(type) ? type.ofType : type
    if (isListType(inner)) return [valueFor(inner.ofType, [...path, '0'], leaf, value)]
    if (!isInputObjectType(inner)) return VALID[String(inner) as keyof typeof VALID] // a scalar of the schema
    if (leaf.field === 'requestMagicLink' && leaf.path.at(-1) !== 'email')
      return { email: 'null@example.com', ...only(leaf, value) }
    if (leaf.field === 'createRecord' && leaf.path.at(-1) !== 'collection')
      return { collection: 'notes', ...only(leaf, value) }
    const fields = Object.values(inner.getFields()).map(
      (field) => [field.name, valueFor(field.type, [...path, field.name], leaf, value)] as const,
    )
    return Object.fromEntries(fields.filter(([, given]) => given !== undefined))
  }

  const only = (leaf: Leaf, value: unknown) => ({ [leaf.path.at(-1) ?? '']: value })

  function asVariable(leaf: Leaf, value: unknown) {
    const field = rootTypes.map((root) => root.getFields()[leaf.field]).find(Boolean)
    const args = argsWith(leaf, value)
    const declared = (field?.args ?? []).filter(({ name }) => name in args)
    const variables = declared.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ')
    const passed = declared.map(({ name }) => `${name}: $${name}`).join(', ')
    return browser.graphql(`${leaf.operation} (${variables}) { ${leaf.field}(${passed}) { __typename } }`, args)
  }

  function inDocument(leaf: Leaf, value: unknown) {
    const passed = Object.entries(argsWith(leaf, value)).map(([name, given]) => `${name}: ${literal(given)}`)
    return browser.graphql(`${leaf.operation} { ${leaf.field}(${passed.join(', ')}) { __typename } }`)
  }

  function literal(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key}: ${literal(inner)}`)
      .join(', ')} }`
  }

  async function everythingStored(): Promise<number[]> {
    const { record, session, magicLink, user } = app.services.database.systemDb
    return Promise.all([record.count(), session.count(), magicLink.count(), user.count()])
  }
})

describe('D5: guessing by filter and sort', () => {
  const argumentsOf = (name: string) =>
    rootTypes
      .map((root) => root.getFields()[name])
      .find(Boolean)
      ?.args.map((arg) => arg.name)
  const PAGE = ['first', 'after', 'last', 'before']

  test('D5: the lists filter by what is listed here, and sort by nothing', () => {
    expect(argumentsOf('records')?.sort()).toEqual(['collection', 'titleContains', 'updatedSince', ...PAGE].sort())
    // Names of actions and whether they succeeded: nothing that a row keeps secret.
    expect(argumentsOf('securityAudit')?.sort()).toEqual(['action', 'actions', 'except', 'success', ...PAGE].sort())
    expect(argumentsOf('sessions')).toEqual([])
    expect(argumentsOf('nodes')).toEqual(['ids'])
    const inputs = Object.values(schema.getTypeMap())
      .filter(isInputObjectType)
      .map(({ name }) => name)
    expect(inputs.filter((name) => /filter|where|order|sort/i.test(name))).toEqual([])
  })

  test.each([
    'where: { secretSealed: { startsWith: "v1" } }', 'filter: { title: "x" }', 'orderBy: { secretSealed: asc }', 'sort: "title"', 'skip: 1', 'distinct: title',
    'title: "x"', 'userId: "x"', 'data: "x"', 'secret: "x"', 'keyId: "x"', 'encryptedDataContains: "x"', 'titleContains: { startsWith: "x" }',
  ])('D5: records(%s) is refused before anything is read', async (args) => {
    const { browser } = await personWith(app, ['x'])
    const statements = app.services.database.statements()
    const { code, data } = await browser.graphql(`{ records(${args}) { totalCount } }`)

    expect(['GRAPHQL_VALIDATION_FAILED', 'BAD_INPUT']).toContain(code)
    expect(data).toBeFalsy()
    // The outbox may have asked for its own meanwhile.
    expect(app.services.database.statements() - statements).toBeLessThanOrEqual(3)
  }) // prettier-ignore

  test('D5: what stands in data, in a secret, in a ciphertext or in a column of ours is found by no filter', async () => {
    const { browser, userId } = await signIn(app)
    await made(browser, {
      title: 'needle',
      data: 'hay1',
      secret: 'hay2',
      encryptedData: jwe({ header: { alg: 'dir', enc: 'A256GCM', kid: 'hay3' } }),
    })
    const total = async (args: Record<string, unknown>) => (await page(browser, args)).totalCount

    expect(await total({ titleContains: 'needle' })).toBe(1)
    for (const guess of ['hay1', 'hay2', 'hay3', 'hay', 'v1', rowId(userId), '%', 'needle%', 'n_edle', '\ue025']) {
      expect([guess, await total({ titleContains: guess })]).toEqual([guess, 0])
      if (/^[a-z]\w*$/.test(guess)) expect(await total({ collection: guess })).toBe(0)
    }
  })

  test("D5: no filter counts another person's records, and no cursor finds its place by them", async () => {
    const [owner, stranger] = [await personWith(app, ['canary one', 'canary two']), await personWith(app, ['own'])]
    const theirs = await page(owner.browser)

    for (const args of [
      { titleContains: 'canary' },
      { collection: 'notes', updatedSince: '2000-01-01T00:00:00Z', titleContains: 'canary' },
    ]) {
      expect((await page(stranger.browser, args)).totalCount).toBe(0)
    }
    const { edges } = await page(stranger.browser, { before: theirs.edges[0]?.cursor })
    expect(edges.map(({ node }) => node.title)).toEqual(['own'].filter(() => edges.length > 0))
    expect(JSON.stringify(edges)).not.toContain('canary')
  })

  test('D5: a cursor names a time and an id; one that names anything else is refused', async () => {
    const { browser } = await personWith(app, ['x'])
    const forged = [
      'title.x',
      '{"title":"x"}',
      `1.0198c5b2-0000-7000-8000-000000000000 `,
      "1.x' OR '1'='1",
      '1',
      '.',
    ].map((text) => Buffer.from(text).toString('base64url'))
    for (const after of forged) expect((await list(browser, { after })).code).toBe('BAD_INPUT')
  })
})

describe('D7: __proto__ and constructor', () => {
  /** Sends a body as it is, and finds that no object of the server has got a property by it. */
  async function send(browser: Visitor, body: string) {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const answer = await browser.graphql('', {}, { body })
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
    expect(Object.getOwnPropertyNames(Array.prototype)).not.toContain('polluted')
    for (const object of [{}, [], () => {}, Object.create(Object.prototype)])
      expect((object as { polluted?: unknown }).polluted).toBeUndefined() // whatever it is
    expect(answer.status).toBeLessThan(500)
    expect(answer.code).not.toBe('INTERNAL')
    return answer
  }
  const asBody = (query: string, variables: string) => `{"query":${JSON.stringify(query)},"variables":${variables}}`
  const inData = (data: string) => asBody(CREATE, `{"input":{"collection":"notes","data":${data}}}`)

  test.each([
    '{"__proto__":{"polluted":true}}', '{"a":{"__proto__":{"polluted":true}}}', '[[{"__proto__":null}]]', '{"\\u005f_proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"__proto__":{"polluted":true}}}}',
  ])('D7: data that holds %s is refused', async (data) => {
    const { browser } = await signIn(app)

    expect((await send(browser, inData(data))).code).toBe('BAD_INPUT')
    expect((await send(browser, inData(data).replace('"data"', '"secret"'))).code).toBe('BAD_INPUT')
    expect((await page(browser)).totalCount).toBe(0)
  }) // prettier-ignore

  test.each([
    '{"constructor":{"prototype":{"polluted":true}}}', '{"prototype":{"polluted":true}}', '{"toString":1,"hasOwnProperty":2,"valueOf":3,"then":4,"toJSON":5}',
    '{"__defineGetter__":1,"__lookupSetter__":2}',
  ])('D7: data that holds %s is kept as it is, and is nothing but data', async (data) => {
    const { browser } = await signIn(app)
    const answer = await send(browser, inData(data))

    expect(answer.errors).toEqual([])
    const { id } = (answer.data as { createRecord: { id: string } }).createRecord // as CREATE asks
    expect((await read(browser, id)).data?.record?.data).toEqual(JSON.parse(data))
  }) // prettier-ignore

  test.each([
    ['as a variable', asBody('{ me { id } }', '{"__proto__":{"polluted":true}}')],
    [
      'as the variable',
      asBody(
        'query ($__proto__: ID!) { record(id: $__proto__) { id } }',
        '{"__proto__":"record_0198c5b2-0000-7000-8000-000000000000"}',
      ),
    ],
    [
      'as the variable that is an object',
      asBody('query ($__proto__: JSON) { me { id } }', '{"__proto__":{"polluted":true}}'),
    ],
    [
      'as a variable named constructor',
      asBody(
        'query ($constructor: ID!) { record(id: $constructor) { id } }',
        '{"constructor":{"prototype":{"polluted":true}}}',
      ),
    ],
    ['in an input', asBody(CREATE, '{"input":{"collection":"notes","__proto__":{"polluted":true,"title":"x"}}}')],
    [
      'in an input, as its constructor',
      asBody(CREATE, '{"input":{"collection":"notes","constructor":{"prototype":{"polluted":true}}}}'),
    ],
    ['as all variables', asBody('{ me { id } }', '{"constructor":{"prototype":{"polluted":true}}}')],
    ['in the body', '{"__proto__":{"polluted":true,"query":"{ me { id } }"}}'],
    [
      'in the body, besides',
      '{"query":"{ me { id } }","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ],
    ['in the extensions', '{"query":"{ me { id } }","extensions":{"__proto__":{"polluted":true}}}'],
    ['as the operation', '{"query":"query a { me { id } }","operationName":"__proto__"}'],
    ['as the name of the operation', '{"query":"query __proto__ { me { id } }","operationName":"__proto__"}'],
    ['as a field', asBody('{ __proto__ constructor }', '{}')],
    ['as a fragment', asBody('{ ...__proto__ } fragment __proto__ on Query { me { id } }', '{}')],
    ['as a directive', asBody('{ me @__proto__ { id } }', '{}')],
    ['as a type', asBody('query ($a: __proto__) { me { id } }', '{}')],
  ])('D7: %s it changes nothing', async (_name, body) => {
    const { browser } = await signIn(app)
    await send(browser, body)

    expect((await page(browser)).totalCount).toBe(0)
  })

  test('D7: as another name for a field it is a name like any other', async () => {
    const { browser, records } = await personWith(app, ['title'])
    const query = `{
      __proto__: records { constructor: edges { __proto__: node { toString: title valueOf: data id } } totalCount }
      constructor: me { __proto__: id }
    }`
    const answer = await send(browser, asBody(query, '{}'))

    expect(JSON.stringify(answer.data)).toContain(records[0]?.id)
    expect(JSON.stringify(answer.data)).toContain('"toString":"title"')
  })
})

describe('D8: two writers on one revision', () => {
  const ended = (answers: readonly { code: string | null }[]) => {
    const counts: Record<string, number> = {}
    for (const { code } of answers) counts[code ?? 'done'] = (counts[code ?? 'done'] ?? 0) + 1
    return counts
  }

  test('D8: fifty times two that have both read it: one is done, one is told, nothing is lost', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser, { data: [] })
    let expected: string[] = []
    for (let round = 0; round < 50; round++) {
      // The barrier: both have read before either writes.
      const seen = await Promise.all([read(browser, id), read(browser, id)])
      const answers = await Promise.all(
        seen.map(({ data }, writer) =>
          update(browser, {
            id,
            revision: data?.record?.revision,
            data: [...(data?.record?.data as string[]), `${round}.${writer}`],
          }),
        ), // as it was made
      )
      expect(ended(answers)).toEqual({ done: 1, CONFLICT: 1 })
      const [refused] = answers.filter(({ code }) => code === 'CONFLICT')
      expect(refused?.errors[0]?.extensions).toMatchObject({ currentRevision: round + 2 })
      const winner = answers.findIndex(({ code }) => code === null)
      expected = [...expected, `${round}.${winner}`]
    }
    expect((await read(browser, id)).data?.record).toMatchObject({ revision: 51, data: expected })
  })

  test('D8: fifty writers at once on one revision: one is done', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, writer) => update(browser, { id, revision: 1, title: `writer ${writer}` })),
    )

    expect(ended(answers)).toEqual({ done: 1, CONFLICT: 49 })
    const winner = answers.findIndex(({ code }) => code === null)
    expect((await read(browser, id)).data?.record).toMatchObject({ revision: 2, title: `writer ${winner}` })
  })

  test('D8: writers that read again and try again lose nothing', async () => {
    const { browser } = await signIn(app)
    const { id } = await made(browser, { data: [] })
    const write = async (writer: number): Promise<void> => {
      for (;;) {
        const { data } = await read(browser, id)
        const answer = await update(browser, {
          id,
          revision: data?.record?.revision,
          data: [...(data?.record?.data as number[]), writer],
        }) // as it was made
        if (answer.code === null) return
        expect(answer.code).toBe('CONFLICT')
      }
    }
    await Promise.all(Array.from({ length: 10 }, (_, writer) => write(writer)))

    const { data } = await read(browser, id)
    expect(data?.record?.revision).toBe(11)
    expect([...(data?.record?.data as number[])].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) // as it was made
  })

  test('D8: a change and a deletion of one revision: one is done', async () => {
    const { browser } = await signIn(app)
    for (let round = 0; round < 10; round++) {
      const { id } = await made(browser)
      const [changed, deleted] = await Promise.all([
        update(browser, { id, revision: 1, title: 'x' }),
        remove(browser, { id, revision: 1 }),
      ])

      expect([changed.code, deleted.code].filter((code) => code === null)).toHaveLength(1)
      expect((await read(browser, id)).data?.record === null).toBe(deleted.code === null)
      expect(changed.code ?? deleted.code).toBe(deleted.code === null ? 'NOT_FOUND' : 'CONFLICT')
    }
  })

  test.skipIf(provider === 'sqlite')('D8: in two processes at once: one is done', async () => {
    const { browser } = await signIn(app)
    const other = await app.second()
    const elsewhere = other.browser()
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
    const { id } = await made(browser)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, writer) =>
        update(writer % 2 === 0 ? browser : elsewhere, { id, revision: 1, title: String(writer) }),
      ),
    )
    expect(ended(answers)).toEqual({ done: 1, CONFLICT: 49 })
    expect((await create(elsewhere)).code).toBeNull()
  })
})
