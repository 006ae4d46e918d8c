import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openLog } from '../../src/platform/log.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { newAddress, REQUEST, signIn } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import { sendRaw } from '../support/raw-http.ts'

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
    {
      name: 'a transaction',
      asked: 'mail',
      during: ({ services }, steps) => broken(services.database.systemDb, '$transaction', steps),
    },
    {
      name: "making the viewer's database",
      asked: 'viewer',
      during: ({ services }, steps) => broken(services.database, 'scopeToUser', steps),
    },
    {
      name: "the viewer's database",
      asked: 'resolver',
      during: ({ services }, steps) =>
        broken(services.database, 'scopeToUser', steps, () => new Proxy({}, { get: explode })),
    },
    {
      name: 'the log of reads',
      asked: 'resolver',
      during: ({ services }, steps) => broken(services.audit, 'commit', steps, () => Promise.reject(new Error(SECRET))),
    },
    {
      name: 'the metrics',
      asked: 'viewer',
      during: ({ services }, steps) => broken(services.metrics, 'graphqlOperation', steps),
    },
    {
      name: 'what is thrown, being a text',
      asked: 'mail',
      during: ({ services }, steps) => broken(services.outbox, 'enqueue', steps, () => Promise.reject(SECRET)),
    },
    {
      name: 'what is thrown, being nothing',
      asked: 'mail',
      during: ({ services }, steps) => broken(services.outbox, 'enqueue', steps, () => Promise.reject(undefined)),
    },
    {
      name: 'a library, with several errors',
      asked: 'mail',
      during: ({ services }, steps) =>
        broken(services.outbox, 'enqueue', steps, () => {
          throw new AggregateError([new Error(SECRET)], SECRET)
        }),
    },
  ]

  for (const { name, asked, during } of BREAKS) {
    test(`L7: ${name} breaks`, async () => {
      await during(app, async () => {
        const browser = asked === 'mail' ? app.browser() : person.browser
        const { data, errors, status } = await browser.graphql(ASKED[asked], { email: newAddress() })
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
    const requests = [
      'GET / HTTP/1.1\r\n\r\n',
      'NONSENSE\r\n\r\n',
      'GET /%ff%00 HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
      'GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
      'GET http:// HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
      'GET * HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
      'CONNECT a:1 HTTP/1.1\r\nHost: HOST\r\n\r\n',
      'TRACE / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
      'POST /sign-in HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: HOST\r\n\r\n`,
      'GET / HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\nConnection: close, Upgrade\r\n\r\n',
      'GET /auth/verify/..%2f HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
      'GET /graphql? HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n',
    ]
    for (const request of requests) {
      const { status, body } = await sendRaw(app.url, request.replace('HOST', app.url.host))
      expect(status, request.slice(0, 60)).toBeLessThan(500)
      expect(body, request.slice(0, 60)).not.toMatch(GIVEN_AWAY)
    }
    expect((await app.browser().fetch('/healthz')).status).toBe(200)
  })
})
