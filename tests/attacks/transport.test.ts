import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openLog } from '../../src/platform/log.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { newAddress, REQUEST, signIn } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import type { RawAnswer } from '../support/raw-http.ts'

const COOKIE = 'latchkey-session'
const WHO = JSON.stringify({ query: '{ me { id } session { id } }' })
const NOBODY = { data: { me: null, session: null } }

describe('S5: a malformed header never lets anybody in, and never breaks anything', () => {
  let app: TestApp
  let person: Person
  let token: string
  beforeAll(async () => {
    app = await startTestApp()
    person = await signIn(app)
    token = person.browser.cookies.get(COOKIE) ?? ''
  })
  afterAll(() => app.close())

  const ask = (lines: readonly string[]) =>
    sendRaw(app.url, rawPost(app.url, WHO, [`Origin: ${app.url.origin}`, ...lines]))

  /** Sends each by itself, twenty at a time. */
  async function askAll(headers: readonly string[][]): Promise<RawAnswer[]> {
    const answers: RawAnswer[] = []
    for (let from = 0; from < headers.length; from += 20) {
      answers.push(...(await Promise.all(headers.slice(from, from + 20).map(ask))))
    }
    return answers
  }

  function expectNobody({ status, body }: RawAnswer, lines: readonly string[]): void {
    const what = JSON.stringify(lines)
    expect([200, 400, 403, 431], what).toContain(status)
    if (status === 200) expect(JSON.parse(body), what).toEqual(NOBODY)
    expect(body, what).not.toContain(person.userId)
  }

  test('S5: the cookie itself signs in, so that what follows means something', async () => {
    const { body } = await ask([`Cookie: ${COOKIE}=${token}`])
    expect(JSON.parse(body)).toMatchObject({ data: { me: { id: person.userId } } })
  })

  test('S5: cookies that are nearly right, or nothing at all', async () => {
    const flipped = (token.startsWith('A') ? 'B' : 'A') + token.slice(1)
    const hash = createHash('sha256').update(token).digest('hex')
    const values = [
      '', ' ', '=', ';', ',', '""', '"', '%', '%00', '%E0%A4%A', 'null', 'undefined', '0', '[]', '{}', '../../etc/passwd', "' OR 1=1 --", '\t', '\u00ff', '\u0080',
      flipped, token.slice(1), token.slice(0, -1), `${token}A`, `${token}=`, token.toLowerCase(), token.toUpperCase(), [...token].reverse().join(''), token + token,
      `${token}%00`, `%00${token}`, `${token}.`, `${token},${token}`, `a"${token}"`, Buffer.from(token).toString('base64'), hash, person.sessionId, person.userId, 'A'.repeat(43), 'A'.repeat(7_000),
      `${token}\u00a0`, `${token}\u00e9`,
    ] // prettier-ignore
    const headers = [
      ...values.map((value) => [`Cookie: ${COOKIE}=${value}`]),
      ...[
        `${token}`, `=${token}`, `${COOKIE}`, `${COOKIE}${token}`, `${COOKIE} ${token}`, `${COOKIE}:${token}`, `${COOKIE}-=${token}`, `x${COOKIE}=${token}`, `${COOKIE.toUpperCase()}=${token}`,
        `__Host-${COOKIE}=${token}`, `__Secure-${COOKIE}=${token}`, `latchkey-challenge=${token}`, `%6catchkey-session=${token}`, `"${COOKIE}"=${token}`, `${COOKIE}[]=${token}`, `${COOKIE}\u00a0=${token}`,
        `__proto__=1; constructor=${token}`, `${COOKIE}=${token}; ${COOKIE}=${flipped}`, `${COOKIE}=; ${COOKIE}=${token}`, `a=b,${COOKIE}=${token}`, `${';'.repeat(5_000)}`, `${'a=b; '.repeat(2_000)}`,
      ].map((cookie) => [`Cookie: ${cookie}`]),
      [`Cookie: ${COOKIE}=${token}`, `Cookie: ${COOKIE}=${flipped}`],
      [`Cookie: ${COOKIE}=${flipped}`, `Cookie: ${COOKIE}=${token}`],
      [`Cookie2: ${COOKIE}=${token}`],
      [`Set-Cookie: ${COOKIE}=${token}`],
      [`X-Cookie: ${COOKIE}=${token}`],
      [`Cookie : ${COOKIE}=${token}`],
      [` Cookie: ${COOKIE}=${token}`],
    ] // prettier-ignore
    const answers = await askAll(headers)
    for (const [index, answer] of answers.entries()) expectNobody(answer, headers[index] ?? [])
  })

  test('S5: 300 cookies of random bytes', async () => {
    const random = seeded(5)
    const headers = Array.from({ length: 300 }, (_, i) => {
      const bytes = randomBytes(random, 1 + Math.floor(random() * 120))
      return (
        [[`Cookie: ${bytes}`], [`Cookie: ${COOKIE}=${bytes}`], [`Cookie: ${COOKIE}=${mutated(token, random)}`]][
          i % 3
        ] ?? []
      )
    })
    const answers = await askAll(headers)
    for (const [index, answer] of answers.entries()) expectNobody(answer, headers[index] ?? [])
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(100)
  })

  test('S5: nobody is signed in by Authorization, and it does not disturb who is by the cookie', async () => {
    const random = seeded(6)
    const values = [
      '', 'Bearer', 'Bearer ', `Bearer ${token}`, `bearer ${token}`, `Basic ${Buffer.from(`${person.email}:${token}`).toString('base64')}`, 'Basic ====', 'Basic', `Session ${token}`, token, `${COOKIE}=${token}`,
      'Negotiate AAAA', 'Digest username="a"', `Bearer ${'A'.repeat(10_000)}`, `Bearer ${token}, Bearer ${token}`, 'Bearer null', 'Bearer [object Object]', 'Bearer eyJhbGciOiJub25lIn0.e30.', '\u00ff\u0080',
      ...Array.from({ length: 150 }, () => randomBytes(random, 1 + Math.floor(random() * 80))),
    ] // prettier-ignore
    const alone = values.map((value) => [`Authorization: ${value}`])
    const answers = await askAll(alone)
    for (const [index, answer] of answers.entries()) expectNobody(answer, alone[index] ?? [])

    const together = await askAll(alone.map((lines) => [...lines, `Cookie: ${COOKIE}=${token}`]))
    for (const { status, body } of together) {
      expect([200, 400, 431]).toContain(status)
      if (status === 200) expect(JSON.parse(body)).toMatchObject({ data: { me: { id: person.userId } } })
    }
  })

  describe('S5: a store that fails means that nothing is done', () => {
    const FAILURES: readonly (readonly [name: string, fail: () => Promise<never>])[] = [
      ['throws', () => Promise.reject(new Error('SELECT token_hash FROM sessions failed at /srv/app.ts:1'))],
      ['throws at once', () => { throw new TypeError('read is broken') }],
      ['cannot be reached', () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))],
      ['throws what is no error', () => Promise.reject('a text' as unknown as Error)],
      ['answers rows that are none', () => Promise.resolve([{}] as never)],
      ['answers a row without its times', () => Promise.resolve([{ id: 'a', userId: 'b', expiresAt: new Date(8.64e15) }] as never)],
    ] // prettier-ignore

    for (const [name, fail] of FAILURES) {
      test(`S5: one that ${name}`, async () => {
        const { database } = app.services
        const { read } = database
        database.read = fail
        try {
          for (const query of ['{ me { id } session { id } }', '{ sessions { id } }', 'mutation { logout }']) {
            const { status, data, errors, headers } = await person.browser.graphql(query)
            expect([status, data, errors.length]).toEqual([503, undefined, 1])
            expect(errors[0]?.extensions).toEqual({ code: 'UNAVAILABLE' })
            expect(JSON.stringify(errors)).not.toMatch(/SELECT|\/srv|broken|token_hash/)
            expect(headers.getSetCookie()).toEqual([])
          }
        } finally {
          database.read = read
        }
        const { data } = await person.browser.graphql('{ me { id } }')
        expect(data).toEqual({ me: { id: person.userId } })
      })
    }
  })
})

describe('S6: no other site acts for who is signed in', () => {
  const FRIEND = 'https://app.example'
  let app: TestApp
  let person: Person
  let cookie: string
  beforeAll(async () => {
    app = await startTestApp({ env: { ALLOWED_ORIGINS: FRIEND } })
  })
  afterAll(() => app.close())
  beforeEach(async () => {
    person = await signIn(app)
    cookie = [...person.browser.cookies].map((pair) => pair.join('=')).join('; ')
  })

  const LOGOUT = 'mutation { logout }'
  const json = JSON.stringify({ query: LOGOUT })
  const form = `query=${encodeURIComponent(LOGOUT)}`
  const part = (name: string, text: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`
  const multipart = `${part('operations', json)}${part('map', '{}')}${part('query', LOGOUT)}--b--\r\n`

  async function expectStillSignedIn(): Promise<void> {
    const { data } = await person.browser.graphql('{ me { id } }')
    expect(data).toEqual({ me: { id: person.userId } })
    expect(
      await app.services.database.systemDb.session.count({ where: { userId: person.userId.slice('user_'.length) } }),
    ).toBe(1)
  }

  const BODIES: readonly (readonly [type: string, body: string])[] = [
    ['application/x-www-form-urlencoded', form],
    ['application/x-www-form-urlencoded; charset=utf-8', json],
    ['multipart/form-data; boundary=b', multipart],
    ['multipart/mixed; boundary=b', multipart],
    ['text/plain', json],
    ['text/plain;charset=UTF-8', json],
    ['text/plain; application/json', json],
    ['text/plain, application/json', json],
    ['application/jsonp', json],
    ['application/json, text/plain', json],
    ['application/json-seq', json],
    ['application/graphql', LOGOUT],
    ['application/graphql+json', json],
    ['text/json', json],
    ['application/octet-stream', json],
    ['', json],
  ]
  test.each(BODIES)('S6: a body of the type "%s" runs nothing, from any origin', async (type, body) => {
    for (const origin of [app.url.origin, 'https://evil.example']) {
      const lines = [
        'Connection: close',
        `Host: ${app.url.host}`,
        `Origin: ${origin}`,
        `Cookie: ${cookie}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
      ]
      const { status } = await sendRaw(
        app.url,
        `POST /graphql HTTP/1.1\r\n${[...lines, ...(type ? [`Content-Type: ${type}`] : [])].join('\r\n')}\r\n\r\n${body}`,
      )
      expect(status).toBe(415)
    }
    await expectStillSignedIn()
  })

  const ORIGINS: readonly (readonly [name: string, lines: (app: TestApp) => string[]])[] = [
    ['no origin', () => []],
    ['no origin, but a Referer of the site', ({ url }) => [`Referer: ${url.href}`]],
    ['an empty origin', () => ['Origin: ']],
    ['the origin "null"', () => ['Origin: null']],
    ['a foreign origin', () => ['Origin: https://evil.example']],
    ['a foreign origin and a forged host', () => ['Origin: http://evil.example', 'X-Forwarded-Host: evil.example']],
    ['the other scheme', ({ url }) => [`Origin: https://${url.host}`]],
    ['another port', ({ url }) => [`Origin: http://${url.hostname}:1`]],
    ["the site's name within another", ({ url }) => [`Origin: ${url.origin}.evil.example`]],
    ['a list of origins', ({ url }) => [`Origin: https://evil.example, ${url.origin}`]],
    ['two origins', ({ url }) => ['Origin: https://evil.example', `Origin: ${url.origin}`]],
    [
      "the site's origin on a request that the browser calls cross-site",
      ({ url }) => [`Origin: ${url.origin}`, 'Sec-Fetch-Site: cross-site'],
    ],
    [
      "the site's origin on a request that the browser calls same-site",
      ({ url }) => [`Origin: ${url.origin}`, 'Sec-Fetch-Site: same-site'],
    ],
  ]
  test.each(ORIGINS)('S6: a mutation with the cookie and %s does not run', async (_name, lines) => {
    const { status, body } = await sendRaw(app.url, rawPost(app.url, json, [`Cookie: ${cookie}`, ...lines(app)]))
    expect([status, JSON.parse(body)]).toMatchObject([403, { errors: [{ extensions: { code: 'REQUEST_REFUSED' } }] }])
    await expectStillSignedIn()
  })

  test("S6: a GET with the cookie is nobody's, and runs no mutation", async () => {
    const headers = { cookie, origin: app.url.origin }
    const mutation = await app.browser().fetch(`/graphql?${form}`, { headers })
    expect([mutation.status, mutation.headers.getSetCookie()]).toEqual([405, []])
    const query = await app.browser().fetch('/graphql?query={me{id}}', { headers })
    expect(await query.json()).toEqual({ data: { me: null } })
    await expectStillSignedIn()
  })

  test.each(['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'GET'])('S6: %s runs no mutation', async (method) => {
    const lines = [
      `Host: ${app.url.host}`,
      'Connection: close',
      'Content-Type: application/json',
      `Origin: ${app.url.origin}`,
      `Cookie: ${cookie}`,
      'X-HTTP-Method-Override: POST',
      `Content-Length: ${json.length}`,
    ]
    const { status } = await sendRaw(
      app.url,
      `${method} /graphql?${form} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${json}`,
    )
    expect([403, 405]).toContain(status)
    await expectStillSignedIn()
  })

  test('S6: an allowed origin may act, so that the refusals mean something', async () => {
    const { data } = await person.browser.graphql(
      LOGOUT,
      {},
      { headers: { origin: FRIEND, 'sec-fetch-site': 'cross-site' } },
    )
    expect(data).toEqual({ logout: true })
  })
})

describe('L6: a development server is not open to the world', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  test('L6: it listens on loopback alone', async () => {
    const [outside] = Object.values(networkInterfaces())
      .flat()
      .filter((face) => face && !face.internal && face.family === 'IPv4')
    expect(app.services.config.host).toBe('127.0.0.1')
    expect(await canConnect(app.url, '127.0.0.1')).toBe(true)
    // On a machine without a network, Linux has the whole of 127/8 to try.
    if (outside ?? process.platform === 'linux')
      expect(await canConnect(app.url, outside?.address ?? '127.0.0.2')).toBe(false)
  })

  const PATHS = ['/graphql', '/', '/sign-in', '/dev/mailbox.json', '/healthz', '/metrics', '/graphql?query={me{id}}']
  test.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:PORT',
    '0.0.0.0:PORT',
    'localhost',
    'localhost:1',
    '',
    '127.0.0.1.evil.example:PORT',
  ])('L6: called by the name "%s", it answers nothing', async (name) => {
    for (const path of PATHS) {
      const { status, body } = await sendRaw(
        app.url,
        `GET ${path} HTTP/1.1\r\nHost: ${name.replace('PORT', app.url.port)}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
      )
      expect([status, JSON.parse(body)]).toMatchObject([421, { errors: [{ extensions: { code: 'REQUEST_REFUSED' } }] }])
    }
  })

  test('L6: with two names, or none, it answers nothing', async () => {
    for (const lines of ['', 'Host: localhost\r\nHost: evil.example\r\n']) {
      const { status } = await sendRaw(app.url, `GET /healthz HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)
      expect([400, 421]).toContain(status)
    }
  })

  test('L6: its own names are good', async () => {
    for (const name of ['localhost', '127.0.0.1', 'LOCALHOST']) {
      const { status } = await sendRaw(
        app.url,
        `GET /healthz HTTP/1.1\r\nHost: ${name}:${app.url.port}\r\nConnection: close\r\n\r\n`,
      )
      expect(status).toBe(200)
    }
  })
})

describe('L7: what breaks tells nothing', () => {
  const SECRET = "SELECT * FROM users WHERE token = 'hunter2' at Object.<anonymous> (/srv/latchkey/src/secret.ts:12:5)"
  const GIVEN_AWAY = /SELECT|hunter2|\/srv|secret\.ts|\.ts:\d|node_modules|at Object|prisma|stack/i
  const lines: string[] = []
  const log = openLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) })
  let app: TestApp
  let person: Person
  beforeAll(async () => {
    app = await startTestApp({ replacements: { log } })
    person = await signIn(app)
  })
  afterAll(() => app.close())
  beforeEach(() => {
    lines.length = 0
  })

  const explode = (): never => {
    throw Object.assign(new Error(SECRET), { sql: SECRET, extensions: { code: 'LINK_INVALID', sql: SECRET } })
  }

  /** Puts `explode`, or another, in a method's place while the steps run. */
  async function broken<Thing extends object>(
    thing: Thing,
    method: keyof Thing,
    steps: () => Promise<void>,
    value: unknown = explode,
  ): Promise<void> {
    const own = Object.getOwnPropertyDescriptor(thing, method)
    Object.defineProperty(thing, method, { value, configurable: true, writable: true })
    try {
      await steps()
    } finally {
      if (own) Object.defineProperty(thing, method, own)
      else Reflect.deleteProperty(thing, method)
    }
  }

  const ASKED = { resolver: '{ sessions { id } }', mail: REQUEST, viewer: '{ me { id } }' } as const
  type Break = {
    name: string
    asked: keyof typeof ASKED
    during: (app: TestApp, steps: () => Promise<void>) => Promise<void>
  }
  const BREAKS: readonly Break[] = [
    { name: 'a limit', asked: 'viewer', during: ({ services }, steps) => broken(services.limits, 'take', steps) },
    { name: 'the outbox', asked: 'mail', during: ({ services }, steps) => broken(services.outbox, 'enqueue', steps) },
    { name: "the log's row", asked: 'mail', during: ({ services }, steps) => broken(services.audit, 'row', steps) },
    { name: 'a key', asked: 'mail', during: ({ services }, steps) => broken(services.keys, 'mac', steps) },
    { name: 'the clock', asked: 'mail', during: ({ services }, steps) => broken(services, 'now', steps) },
    { name: 'a transaction', asked: 'mail', during: ({ services }, steps) => broken(services.database.systemDb, '$transaction', steps) },
    { name: "making the viewer's database", asked: 'viewer', during: ({ services }, steps) => broken(services.database, 'scopeToUser', steps) },
    { name: "the viewer's database", asked: 'resolver', during: ({ services }, steps) => broken(services.database, 'scopeToUser', steps, () => new Proxy({}, { get: explode })) },
    { name: 'the log of reads', asked: 'resolver', during: ({ services }, steps) => broken(services.audit, 'commit', steps, () => Promise.reject(new Error(SECRET))) },
    { name: 'the metrics', asked: 'viewer', during: ({ services }, steps) => broken(services.metrics, 'graphqlOperation', steps) },
    { name: 'what is thrown, being a text', asked: 'mail', during: ({ services }, steps) => broken(services.outbox, 'enqueue', steps, () => { throw SECRET }) },
    { name: 'what is thrown, being nothing', asked: 'mail', during: ({ services }, steps) => broken(services.outbox, 'enqueue', steps, () => { throw undefined }) },
    { name: 'a library, with several errors', asked: 'mail', during: ({ services }, steps) => broken(services.outbox, 'enqueue', steps, () => { throw new AggregateError([new Error(SECRET)], SECRET) }) },
  ] // prettier-ignore

  for (const { name, asked, during } of BREAKS) {
    test(`L7: ${name} breaks`, async () => {
      await during(app, async () => {
        const { data, errors, status } = await person.browser.graphql(ASKED[asked], { email: newAddress() })
        expect(Object.values(data ?? {}).every((value) => value === null)).toBe(true)
        expect([200, 500]).toContain(status)
        expectMasked(errors)
      })
      expect((await person.browser.graphql(ASKED.viewer)).data).toEqual({ me: { id: person.userId } })
    })
  }

  function expectMasked(errors: { message: string; extensions: Record<string, unknown> }[]): void {
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({
      message: 'Unexpected error.',
      extensions: { code: 'INTERNAL', errorId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    })
    expect(Object.keys(errors[0]?.extensions ?? {}).sort()).toEqual(['code', 'errorId'])
    expect(JSON.stringify(errors)).not.toMatch(GIVEN_AWAY)
    const errorId = String(errors[0]?.extensions['errorId'])
    expect(lines.filter((line) => line.includes(errorId))).toHaveLength(1)
  }

  test('L7: the transport breaks before there is GraphQL', async () => {
    await broken(
      app.services.config,
      'allowedOrigins',
      async () => {
        const { status, errors } = await person.browser.graphql(
          '{ me { id } }',
          {},
          { headers: { origin: 'https://other.example' } },
        )
        expect(status).toBe(500)
        expectMasked(errors)
      },
      null,
    )
  })

  test('L7: a page breaks', async () => {
    await broken(app.services.metrics, 'text', async () => {
      const answer = await app.browser().fetch('/metrics')
      const text = await answer.text()
      expect([answer.status, text]).toEqual([500, expect.stringMatching(/^Unexpected error\. .*[0-9a-f-]{36}\.$/)])
      expect(text).not.toMatch(GIVEN_AWAY)
      expect(lines.filter((line) => line.includes(/[0-9a-f-]{36}/.exec(text)?.[0] ?? '-'))).toHaveLength(1)
    })
  })

  test.each(['ECONNREFUSED', 'P1001', 'P2024', '57P01'])(
    'L7: a database that is away (%s) is told as such, with 503',
    async (code) => {
      const away = () => Promise.reject(Object.assign(new Error(SECRET), { code }))
      await broken(
        app.services.database.systemDb,
        '$transaction',
        async () => {
          const { status, errors } = await app.browser().graphql(REQUEST, { email: newAddress() })
          expect([status, errors[0]?.extensions]).toEqual([503, { code: 'UNAVAILABLE' }])
          expect(JSON.stringify(errors)).not.toMatch(GIVEN_AWAY)
        },
        away,
      )
    },
  )

  test('L7: requests that are no HTTP tell nothing', async () => {
    const requests = ['GET / HTTP/1.1\r\n\r\n', 'NONSENSE\r\n\r\n', 'GET /%ff%00 HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', 'GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', 'GET http:// HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', 'GET * HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', 'CONNECT a:1 HTTP/1.1\r\nHost: HOST\r\n\r\n', 'TRACE / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', 'POST /sign-in HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: HOST\r\n\r\n`, 'GET / HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n', 'GET /auth/verify/..%2f HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', 'GET /graphql? HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n'] // prettier-ignore
    for (const request of requests) {
      const { status, body } = await sendRaw(app.url, request.replace('HOST', app.url.host))
      expect(status, request.slice(0, 60)).toBeLessThan(500)
      expect(body, request.slice(0, 60)).not.toMatch(GIVEN_AWAY)
    }
    expect((await app.browser().fetch('/healthz')).status).toBe(200)
  })
})

describe('L8: nobody writes into the log', () => {
  test('L8: whatever a user agent holds, an event is one line, and a line is JSON', async () => {
    const lines: string[] = []
    const app = await startTestApp({
      replacements: { log: openLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) }) },
    })
    try {
      const { audit, log } = app.services
      const { row } = audit
      audit.row = (event, origin) => {
        log.info('test.origin', { origin, at: origin.userAgent, [`key ${origin.userAgent ?? ''}`]: 1 })
        return row(event, origin)
      }
      const agents = [
        'a\u2028{"level":"error"}',
        'a\u2029b',
        'a\u0085b',
        'a\u009b31mred',
        'a\tb',
        'a\u202eb',
        'a\ufeffb',
        '{"event":"x"}","level":"error',
        'a\\r\\n{"time":1}',
        '\u00ff\u00fe',
        '%0d%0aevent',
        'a'.repeat(6_000),
      ]
      const refused = [
        'a\r\n{"event":"x"}',
        'a\n{"event":"x"}',
        'a\u001b[31mred',
        'a\u0000b',
        'a\r\n folded',
        'a\u0007b',
      ]
      for (const agent of [...agents, ...refused]) {
        const body = JSON.stringify({ query: REQUEST, variables: { email: newAddress() } })
        const request = Buffer.concat([
          Buffer.from(rawPost(app.url, body, []).replace('\r\n\r\n', '\r\nUser-Agent: ')),
          Buffer.alloc(0),
        ])
        const [head = '', sent = ''] = request.toString().split('\r\nUser-Agent: ')
        const answer = await sendRaw(app.url, Buffer.from(`${head}\r\nUser-Agent: ${agent}\r\n\r\n${sent}`))
        expect([200, 400], JSON.stringify(agent)).toContain(answer.status)
      }
      const told = lines.filter((line) => line.includes('test.origin'))
      expect(told.length).toBeGreaterThanOrEqual(agents.length)
      for (const line of lines) {
        expect(line.endsWith('\n')).toBe(true)
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(JSON.parse(line)).toMatchObject({
          time: expect.any(String),
          level: 'info',
          event: expect.stringMatching(/^[a-z-]+\.[A-Za-z-]+$/),
        })
      }
      const kept = await app.services.database.systemDb.auditEntry.findMany()
      for (const { userAgent } of kept) {
        expect(userAgent).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(userAgent?.length ?? 0).toBeLessThanOrEqual(400)
      }
    } finally {
      await app.close()
    }
  })
})

describe('a body holds nobody up', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  const HEAD = (app: TestApp, ...lines: string[]) =>
    `POST /graphql HTTP/1.1\r\n${[`Host: ${app.url.host}`, 'Content-Type: application/json', ...lines].join('\r\n')}\r\n\r\n`
  const isAnswered = async () => expect((await app.browser().graphql('{ me { id } }')).data).toEqual({ me: null })

  test('one that is announced as too large is refused before it is sent', async () => {
    const answer = await sendRaw(app.url, HEAD(app, 'Content-Length: 10000000000'))
    expect([answer.status, answer.headers.get('connection'), JSON.parse(answer.body)]).toMatchObject([
      413,
      'close',
      { errors: [{ extensions: { code: 'TOO_LARGE' } }] },
    ])
  })

  test('one in chunks without end is cut off, and not kept', async () => {
    const socket = connect(Number(app.url.port), '127.0.0.1')
    socket.write(HEAD(app, 'Transfer-Encoding: chunked'))
    const { answer, sent } = await sendChunksUntilClosed(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('"code":"TOO_LARGE"')
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    await isAnswered()
  })

  test('one in chunks within the limit is read', async () => {
    const body = '{"query":"{ me { id } }"}'
    const chunks = [...body].map((character) => `1\r\n${character}\r\n`).join('')
    const answer = await sendRaw(
      app.url,
      `${HEAD(app, 'Transfer-Encoding: chunked', 'Connection: close')}${chunks}0\r\n\r\n`,
    )
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { data: { me: null } }])
  })

  test('those that are announced and never come keep nobody from being answered, and leave nothing when they go', async () => {
    const sockets = Array.from({ length: 200 }, () => connect(Number(app.url.port), '127.0.0.1'))
    await Promise.all(
      sockets.map(
        (socket) => new Promise((resolve) => socket.write(`${HEAD(app, 'Content-Length: 100')}{"query":`, resolve)),
      ),
    )
    await isAnswered()
    for (const socket of sockets) socket.destroy()
    await isAnswered()
  })

  test('a length beside chunks, or two lengths, is no request', async () => {
    for (const lines of [
      ['Content-Length: 25', 'Transfer-Encoding: chunked'],
      ['Content-Length: 25', 'Content-Length: 26'],
      ['Content-Length: -1'],
      ['Content-Length: 1e3'],
      ['Transfer-Encoding: gzip, x'],
    ]) {
      const answer = await sendRaw(app.url, `${HEAD(app, ...lines, 'Connection: close')}{"query":"{ me { id } }"}`)
      expect(answer.status).toBe(400)
    }
  })

  test('a packed one is not unpacked', async () => {
    const answer = await sendRaw(app.url, rawPost(app.url, '\u001f\u008b\u0008', ['Content-Encoding: gzip']))
    expect([400, 415]).toContain(answer.status)
  })
})

/** Numbers from 0 to 1, the same ones in each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Characters of one byte each, all but the line breaks. */
function randomBytes(random: () => number, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(Math.floor(random() * 256)))
    .join('')
    .replace(/[\r\n]/g, '_')
}

/** The token with one to four of its characters changed into others. */
function mutated(token: string, random: () => number): string {
  const characters = [...token]
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes -= 1) {
    const at = Math.floor(random() * characters.length)
    const other = 33 + Math.floor(random() * 94)
    characters[at] = String.fromCharCode(characters[at]?.charCodeAt(0) === other ? other + 1 : other)
  }
  const changed = characters.join('')
  return changed === token ? `${token}x` : changed
}

function canConnect(url: URL, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), host)
    const end = (connected: boolean) => {
      socket.destroy()
      resolve(connected)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.setTimeout(2_000, () => end(false))
  })
}

function sendChunksUntilClosed(socket: Socket): Promise<{ answer: string; sent: number }> {
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`)
  return new Promise((resolve) => {
    let answer = ''
    let sent = 0
    const send = () => {
      while (!socket.destroyed && socket.writable) {
        sent += chunk.length
        if (!socket.write(chunk)) return
      }
    }
    socket.on('drain', send)
    socket.on('data', (data) => (answer += data.toString()))
    socket.on('error', () => {})
    socket.once('close', () => resolve({ answer, sent }))
    send()
  })
}
