import { randomBytes } from 'node:crypto'
import {
  graphql,
  GraphQLBoolean,
  GraphQLInt,
  GraphQLList,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AppError } from '../../src/errors.ts'
import { EVERY_FIELD, limitsInForce } from '../../src/features/limits.ts'
import { openKeyring } from '../../src/platform/crypto/keyring.ts'
import type { Taken } from '../../src/platform/limits/limiter.ts'
import { openLimits } from '../../src/platform/limits/limits.ts'
import type { Limits } from '../../src/platform/limits/limits.ts'
import { closeRedis, openRedis } from '../../src/platform/redis.ts'
import { limitDirective, limitExtension, rateLimitHeaders, withRateLimits } from '../../src/schema/rate-limit.ts'
import type { LimitedContext } from '../../src/schema/rate-limit.ts'
import { openTestRedis, TEST_REDIS_URL } from '../platform/limits/openers.ts'

const keys = openKeyring([{ id: 'k1', bytes: randomBytes(32) }])
const clock = { ms: 1_700_000_000_000 }
const settings = {
  rows: limitsInForce({ scale: 1, overrides: {} }),
  everyCall: EVERY_FIELD,
  keys,
  now: () => new Date(clock.ms),
}
const ada = { user: { id: 'ada' }, session: { id: 'one' } }

const contextOf = (limits: Limits, viewer: LimitedContext['viewer'] = null): LimitedContext => ({
  services: { limits, metrics: { rateLimited: () => {} } },
  viewer,
  origin: { ipAddress: '192.0.2.1' },
  deviceIdFor: () => Promise.resolve(null),
  limitsTaken: [],
})

// A mail, a read, a read of many, a change that asks for a level, and a field that throws for want of a viewer.
function makeSchema() {
  const sent: unknown[] = []
  const query = new GraphQLObjectType<unknown, LimitedContext>({
    name: 'Query',
    fields: {
      me: {
        type: GraphQLString,
        extensions: limitExtension('account'),
        resolve: (_, __, { viewer }) => viewer?.user.id,
      },
      record: {
        type: GraphQLString,
        extensions: limitExtension('data'),
        resolve: (_, __, { viewer }) => {
          if (!viewer) throw new AppError('UNAUTHENTICATED', 'Sign in.')
          return viewer.user.id
        },
      },
      keys: {
        type: GraphQLString,
        extensions: limitExtension('changeKeys', { countsWhen: 'allowed', expectAllowed: expectStrong }),
        resolve: (_, __, { viewer }) => viewer?.user.id,
      },
      nodes: {
        type: GraphQLInt,
        args: { ids: { type: new GraphQLList(GraphQLString) } },
        extensions: limitExtension('data', { cost: ({ ids }) => (Array.isArray(ids) ? ids.length : 1) }),
        resolve: (_, { ids }) => (Array.isArray(ids) ? ids.length : 0),
      },
    },
  })
  const mutation = new GraphQLObjectType<unknown, LimitedContext>({
    name: 'Mutation',
    fields: {
      requestMagicLink: {
        type: GraphQLBoolean,
        args: { email: { type: GraphQLString } },
        extensions: limitExtension('requestMagicLink', { address: ({ email }) => canonical(email) }),
        resolve: (_, { email }) => sent.push(email) > 0,
      },
    },
  })
  return { schema: withRateLimits(new GraphQLSchema({ query, mutation })), sent }
}

function expectStrong({ viewer }: LimitedContext): void {
  if (viewer?.session.id !== 'strong') throw new AppError('REAUTHENTICATION_REQUIRED', 'Prove it again.')
}

function canonical(email: unknown): string {
  if (typeof email !== 'string' || !email.includes('@')) throw new AppError('EMAIL_INVALID', 'That is no mail address.')
  return email.trim().toLowerCase()
}

const ask = (schema: GraphQLSchema, source: string, contextValue: LimitedContext) =>
  graphql({ schema, source, contextValue })
const aliases = (count: number, field: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => `a${n}: ${field(n)}`).join('\n')
const mail = (email: string) => `requestMagicLink(email: "${email}")`

describe('a limited field', () => {
  test('L1: of a hundred aliases against three, three pass', async () => {
    const { schema, sent } = makeSchema()
    const { errors } = await ask(
      schema,
      `mutation { ${aliases(100, () => mail('ada@example.org'))} }`,
      contextOf(openLimits({ ...settings, redis: null })),
    )
    expect(sent).toHaveLength(3)
    expect(errors).toHaveLength(97)
  })

  test('L1: of a hundred requests at once against three, three pass', async () => {
    const { schema, sent } = makeSchema()
    const limits = openLimits({ ...settings, redis: null })
    await Promise.all(
      Array.from({ length: 100 }, () => ask(schema, `mutation { ${mail('ada@example.org')} }`, contextOf(limits))),
    )
    expect(sent).toHaveLength(3)
  })

  test('refuses with the code, the seconds to wait, and the headers', async () => {
    const { schema } = makeSchema()
    const context = contextOf(openLimits({ ...settings, redis: null }))
    const { errors } = await ask(schema, `mutation { ${aliases(4, () => mail('ada@example.org'))} }`, context)
    expect(errors?.[0]?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfter: 3_600 })
    expect(errors?.[0]?.message).toBe('Too many requests. Try again in 60 minutes.')
    expect(rateLimitHeaders(context.limitsTaken)).toEqual({
      'RateLimit-Limit': '3',
      'RateLimit-Remaining': '0',
      'RateLimit-Reset': '3600',
      'Retry-After': '3600',
    })
  })

  test('spellings of one address are one address', async () => {
    const { schema, sent } = makeSchema()
    const spellings = ['ada@example.org', 'ADA@example.org', ' ada@Example.org ', 'Ada@example.org', 'adA@example.org']
    await ask(
      schema,
      `mutation { ${aliases(5, (n) => mail(spellings[n] ?? ''))} }`,
      contextOf(openLimits({ ...settings, redis: null })),
    )
    expect(sent).toHaveLength(3)
  })

  test('an address that is none is refused as such, and the call counts for the network', async () => {
    const { schema } = makeSchema()
    const context = contextOf(openLimits({ ...settings, redis: null }))
    const { errors } = await ask(schema, `mutation { ${mail('nobody')} }`, context)
    expect(errors?.[0]?.extensions['code']).toBe('EMAIL_INVALID')
    expect(context.limitsTaken[0]?.states).toMatchObject([{ max: 6_000, remaining: 5_999 }])
  })

  test('counts before it authorises: calls that were refused for want of a session count for the network', async () => {
    const { schema } = makeSchema()
    const limits = openLimits({
      ...settings,
      rows: limitsInForce({ scale: 1, overrides: { 'graphql.network': 5 } }),
      redis: null,
    })
    const { errors } = await ask(schema, `{ ${aliases(8, () => 'record')} }`, contextOf(limits))
    const codes = errors?.map(({ extensions }) => extensions['code']).sort()
    expect(codes?.slice(0, 3)).toEqual(['RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED'])
  })

  test('lock-out: what a session may not do uses up none of the calls of the owner, and counts for the network', async () => {
    const { schema } = makeSchema()
    const limits = openLimits({ ...settings, redis: null })
    const stolen = contextOf(limits, { user: ada.user, session: { id: 'stolen' } })
    const refused = await ask(schema, `{ ${aliases(30, () => 'keys')} }`, stolen)
    expect(new Set(refused.errors?.map(({ extensions }) => extensions['code']))).toEqual(
      new Set(['REAUTHENTICATION_REQUIRED']),
    )
    expect(refused.errors).toHaveLength(30)
    expect(stolen.limitsTaken.flatMap(({ states }) => states.map(({ max }) => max))).toEqual(
      Array<number>(30).fill(6_000),
    )
    const owner = contextOf(limits, { user: ada.user, session: { id: 'strong' } })
    const { data, errors } = await ask(schema, `{ ${aliases(11, () => 'keys')} }`, owner)
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['RATE_LIMITED'])
    expect(Object.values(data ?? {}).filter((id) => id === 'ada')).toHaveLength(10)
  })

  test('lock-out: whoever repeats what the session may not do is stopped by the row of the network', async () => {
    const { schema } = makeSchema()
    const rows = limitsInForce({ scale: 1, overrides: { 'graphql.network': 5 } })
    const limits = openLimits({ ...settings, rows, redis: null })
    const { errors } = await ask(schema, `{ ${aliases(8, () => 'keys')} }`, contextOf(limits, ada))
    const codes = errors?.map(({ extensions }) => extensions['code']).sort()
    expect(codes).toEqual(
      [...Array<string>(3).fill('RATE_LIMITED'), ...Array<string>(5).fill('REAUTHENTICATION_REQUIRED')].sort(),
    )
  })

  test('counts each of many ids', async () => {
    const { schema } = makeSchema()
    const limits = openLimits({ ...settings, redis: null })
    const nodes = (count: number) =>
      `{ nodes(ids: ${JSON.stringify(Array.from({ length: count }, (_, n) => `record_${n}`))}) }`
    expect((await ask(schema, nodes(60), contextOf(limits, ada))).data?.['nodes']).toBe(60)
    expect((await ask(schema, nodes(60), contextOf(limits, ada))).errors?.[0]?.extensions['code']).toBe('RATE_LIMITED')
    expect((await ask(schema, nodes(101), contextOf(limits, ada))).errors?.[0]?.extensions).toEqual({
      code: 'TOO_LARGE',
      limit: 100,
    })
    expect((await ask(schema, nodes(40), contextOf(limits, ada))).data?.['nodes']).toBe(40)
  })

  test('two limits of the same moment do not mix up their verdicts', async () => {
    const { schema } = makeSchema()
    const limits = openLimits({ ...settings, redis: null })
    await ask(schema, `{ ${aliases(100, () => 'record')} }`, contextOf(limits, ada))
    const bob = { user: { id: 'bob' }, session: { id: 'two' } }
    const [hers, his] = await Promise.all([
      ask(schema, '{ record me }', contextOf(limits, ada)),
      ask(schema, '{ record me }', contextOf(limits, bob)),
    ])
    expect(hers.errors?.[0]?.path).toEqual(['record'])
    expect(his.data).toEqual({ record: 'bob', me: 'bob' })
  })

  test('with Redis away, no mail goes out, and reads go on', async () => {
    const redis = await openRedis('redis://127.0.0.1:1')
    onTestFinished(() => closeRedis(redis))
    const { schema, sent } = makeSchema()
    const limits = openLimits({ ...settings, redis })
    const { errors } = await ask(schema, `mutation { ${mail('ada@example.org')} }`, contextOf(limits))
    expect(errors?.[0]?.extensions['code']).toBe('UNAVAILABLE')
    expect(sent).toHaveLength(0)
    expect((await ask(schema, '{ me record }', contextOf(limits, ada))).data).toEqual({ me: 'ada', record: 'ada' })
  })

  test.skipIf(!TEST_REDIS_URL)('L1: of a thousand aliases over two processes on one Redis, three pass', async () => {
    const { prefix, connect, close } = await openTestRedis()
    onTestFinished(close)
    const { schema, sent } = makeSchema()
    const processes = await Promise.all([connect(), connect()])
    const source = `mutation { ${aliases(500, () => mail('ada@example.org'))} }`
    await Promise.all(
      processes.map((redis) => ask(schema, source, contextOf(openLimits({ ...settings, redis, prefix })))),
    )
    expect(sent).toHaveLength(3)
  })
})

describe('the schema', () => {
  test('a query or mutation without a limit is not built', () => {
    const query = new GraphQLObjectType({ name: 'Query', fields: { free: { type: GraphQLInt } } })
    expect(() => withRateLimits(new GraphQLSchema({ query }))).toThrow('Query.free has no limit')
  })

  test('a field whose limit counts by address must say which', () => {
    expect(() => limitExtension('requestMagicLink')).toThrow('needs to know the address')
  })

  test('a limit that counts what is allowed needs a field that asks for a level', () => {
    expect(() => limitExtension('changeKeys', { countsWhen: 'allowed' })).toThrow('must ask for a level')
  })

  test('@rateLimit tells the documented numbers of the tightest row', () => {
    expect(limitDirective('requestMagicLink')).toEqual({ max: 3, window: '1h' })
    expect(limitDirective('data')).toEqual({ max: 100, window: '1h' })
    expect(limitDirective('account')).toEqual({ max: 600, window: '1h' })
  })
})

describe('the headers', () => {
  const stand = (max: number, remaining: number, resetMs: number) => ({ max, windowMs: 3_600_000, remaining, resetMs })
  const passed = (...states: Taken['states']): Taken => ({ allowed: true, retryAfterMs: 0, states })

  test('none when nothing was counted', () => {
    expect(rateLimitHeaders([])).toEqual({})
  })

  test('tell of the bucket with the fewest calls left, over the whole request', () => {
    const headers = rateLimitHeaders([passed(stand(100, 99, 10), stand(30, 5, 1_001)), passed(stand(6_000, 50, 10))])
    expect(headers).toEqual({ 'RateLimit-Limit': '30', 'RateLimit-Remaining': '5', 'RateLimit-Reset': '2' })
  })

  test('round the wait up, so that whoever waits it out gets through', () => {
    const refused: Taken = { allowed: false, retryAfterMs: 1, states: [stand(3, 0, 1)] }
    expect(rateLimitHeaders([passed(stand(3, 2, 1)), refused])['Retry-After']).toBe('1')
  })
})
