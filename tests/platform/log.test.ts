import { describe, expect, test } from 'vitest'
import { makeToken } from '../../src/platform/crypto/tokens.ts'
import { openLog, silentLog } from '../../src/platform/log.ts'

function collect(level: 'debug' | 'info' = 'info', pretty = false) {
  const lines: string[] = []
  const log = openLog({ level, pretty }, { write: (line) => lines.push(line) })
  // Each line is JSON of our own making.
  const last = () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>
  return { log, lines, last, all: () => lines.join('') }
}

test('an event is one JSON line with time, level, event and fields', () => {
  const { log, lines, last } = collect()
  log.info('server.listening', { port: 4000 })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^\{.*\}\n$/)
  expect(last()).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    event: 'server.listening',
    port: 4000,
  })
})

test('a level below the one that was asked for is left out; silent says nothing', () => {
  const { log, lines } = collect()
  log.debug('x')
  silentLog.error('x')
  openLog({ level: 'silent', pretty: true }, { write: (line) => lines.push(line) }).error('x')
  expect(lines).toEqual([])
})

test('a child adds its fields, and fields cannot take the keys of the line', () => {
  const { log, last } = collect()
  log.child({ requestId: 'r1' }).child({ a: 1 }).warn('x', { event: 'forged', level: 'debug', time: 'never' })
  expect(last()).toMatchObject({ event: 'x', level: 'warn', requestId: 'r1', a: 1, event_: 'forged' })
})

describe('D6: secrets are struck out', () => {
  const [token, uuid] = [makeToken(), '5f0c7a52-1234-4abc-9def-0123456789ab']

  test.each([
    ['by key', { token: 'canary' }],
    [
      'by key in other writing',
      { 'X-Postmark-Server-Token': `canary-${uuid}`, apiKey: 'canary', API_KEY: 'canary', sessionToken: 'canary' },
    ],
    ['headers', { headers: { cookie: 'a=canary', 'set-cookie': ['b=canary'], authorization: 'canary' } }],
    ['at depth', { a: [{ b: { masterKeys: ['canary'], password: { deep: 'canary' } } }] }],
    ['codes', { code: '123456-canary', codes: ['canary'] }],
    [
      'mails and data',
      { mail: { html: 'canary', text: 'canary', body: 'canary' }, variables: { x: 'canary' }, data: 'canary' },
    ],
    ['headers of the Fetch API', { headers: new Headers({ cookie: 'canary' }) }],
    ['Bearer in a text', { line: 'sent Bearer canary-abc to it' }],
    ['passwords in URLs', { line: 'connect postgres://user:canary@host/db and redis://:can@ary@host' }],
    ['a URL object', { url: new URL('smtps://u:canary@mail.example.com') }],
    ['a short fragment', { url: 'http://localhost/auth/verify#canary-canary-canary' }],
    ['name and value in a text', { line: 'token=canary&x=1 "password": "canary" secret: canary' }],
    ['a cookie line', { line: 'Cookie: a=1; b=canary' }],
    ['a JWT', { line: 'eyJjYW5hcnki.canary.canary' }],
    ['bytes', { bytes: Buffer.from('canary') }],
    ['in an error and its cause', { error: new Error('token=canary', { cause: new Error('Bearer canary') }) }],
    ['in a key', { [`Bearer canary`]: 1 }],
  ])('%s', (_how, fields) => {
    const { log, all } = collect()
    log.error('x', fields)
    expect(all()).toContain('"event":"x"')
    expect(all()).not.toContain('canary')
  })

  test('a token of ours is known by its form, wherever it stands', () => {
    const { log, all } = collect()
    const error = new Error(`at ${token}`)
    log.error(`event ${token}`, {
      a: token,
      b: `x=${token};`,
      c: [`/auth/verify#${token}`],
      [token]: 1,
      error,
      d: `${'x '.repeat(1_990)}${token}`,
    })
    expect(all()).not.toContain(token.slice(0, 12))
  })

  test('a token that stands across the cut leaves no half behind', () => {
    for (const before of [3_960, 3_990, 4_960, 4_980, 5_010]) {
      const { log, all } = collect()
      log.error('x', { long: `${'a '.repeat(before / 2)}${token} ${'b '.repeat(1_000)}` })
      expect(all()).not.toContain(token.slice(0, 8))
    }
    // Struck tokens are shorter than they were, and bring what stands at the end of the window into view.
    const { log, all } = collect()
    log.error('x', { long: `${`${makeToken()} `.repeat(110)}${token}${token}`.slice(0, 5_020).padEnd(9_000, '.') })
    expect(all()).not.toContain(token.slice(0, 8))
  })

  test('what only speaks about secrets stays', () => {
    const { log, last } = collect()
    const kept = {
      keyId: 'key1',
      tokenCount: 3,
      code: 'RATE_LIMITED',
      errorCode: 'P2002',
      sqlState: { code: '42501' },
      statusCode: 404,
      id: `session_${uuid}`,
      hasToken: true,
      cookie: null,
      name: 'a-long-name-of-words-that-are-joined-by-dashes-alone',
      email: 'ada@example.com',
      url: 'https://example.com/notes?tab=1',
    }
    log.info('x', kept)
    expect(last()).toMatchObject(kept)
  })
})

describe('L8: a hostile user agent stays on its line', () => {
  const hostile = 'curl\r\n{"level":"info","event":"forged"}\u2028\u2029\u001b[31mred\u009b2J\u202eabc\u0000\ud800'

  test('as JSON', () => {
    const { log, lines, last } = collect()
    log.info('http.request', { userAgent: hostile })
    expect(lines).toHaveLength(1)
    expect(lines[0]?.trimEnd()).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u)
    expect(last()['event']).toBe('http.request')
  })

  test('as a readable line, in the fields, the event and an error', () => {
    const { log, all } = collect('info', true)
    log.info('http.request', { userAgent: hostile, nested: { [hostile]: hostile } })
    log.info(hostile)
    log.error('x', { error: new Error(hostile) })
    expect(all().replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    expect(
      all()
        .split('\n')
        .filter((line) => line.startsWith('{')),
    ).toEqual([])
  })
})

test('an error is told with name, message, place and cause', () => {
  const { log, last } = collect()
  log.error('x', {
    error: new TypeError('wrong', { cause: Object.assign(new Error('deep'), { code: 'ECONNREFUSED' }) }),
  })
  expect(last()['error']).toMatchObject({
    name: 'TypeError',
    message: 'wrong',
    stack: expect.stringContaining('log.test.ts') as string,
    cause: { name: 'Error', message: 'deep', code: 'ECONNREFUSED' },
  })
})

test('large things are cut', () => {
  const { log, all } = collect()
  log.info('x', {
    text1: 'a'.repeat(1_000_000),
    list: Array(10_000).fill('b'),
    object: Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, at])),
  })
  expect(all().length).toBeLessThan(20_000)
  log.info('x', { many: Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => 'c '.repeat(2_000))) })
  expect(all().length).toBeLessThan(80_000)
})

test('nothing that is logged can throw', () => {
  const { log, lines } = collect()
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const hostile = [
    circular,
    { big: 10n },
    {
      get boom() {
        throw new Error('boom')
      },
    },
    { proxy: revoked.proxy },
    { f: () => 1, s: Symbol('s'), n: NaN },
    {
      toJSON() {
        throw new Error('boom')
      },
    },
    { d: new Date(NaN) },
    JSON.parse('{"__proto__":{"polluted":1}}') as object,
    { m: new Map([[1, 2]]), u: undefined },
    Object.assign(new Error('x'), { message: undefined }),
    {
      e: Object.defineProperty(new Error('x'), 'stack', {
        get() {
          throw new Error('boom')
        },
      }),
    },
  ]
  // Each is something that a caller might hand over by mistake.
  for (const fields of hostile) log.error('x', fields as Record<string, unknown>)
  log.error('x', revoked.proxy)
  expect(lines).toHaveLength(hostile.length + 1)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  const full = openLog(
    { level: 'info', pretty: false },
    {
      write: () => {
        throw new Error('disk full')
      },
    },
  )
  expect(() => full.error('x')).not.toThrow()
})
