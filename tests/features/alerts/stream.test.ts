import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { newAddress, signIn } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'
import { codeOf, raise, readStream, rowId, SUBSCRIBE } from './support.ts'
import type { Reader } from './support.ts'

const stream = (app: TestApp, { browser }: Pick<Person, 'browser'>) => readStream(browser, app.url)
const streamsOpen = async ({ services }: TestApp) =>
  Number(/^latchkey_streams_open (\d+)$/m.exec(await services.metrics.text())?.[1])

/** Waits until a fact holds, which the server brings about by itself; vitest's time limit ends a wait in vain. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(10)
}

describe('the stream of alerts', () => {
  test('tells each alert as it happens, once, in order, and none from before', async ({ app }) => {
    const ada = await signIn(app)
    await raise(app, ada)
    const reader = await stream(app, ada)
    const first = await raise(app, ada, { kind: 'records.unusual-access' })
    expect((await reader.next()).value).toMatchObject({
      data: { securityAlert: { id: `alert_${first}`, kind: 'records.unusual-access' } },
    })
    const others = [await raise(app, ada), await raise(app, ada), await raise(app, ada)]
    for (const id of others)
      expect((await reader.next()).value).toMatchObject({ data: { securityAlert: { id: `alert_${id}` } } })
    reader.leave()
  })

  test("tells nobody of another's", async ({ app }) => {
    const [ada, eve] = [await signIn(app), await signIn(app)]
    const reader = await stream(app, eve)
    await raise(app, ada)
    const own = await raise(app, eve)
    expect((await reader.next()).value).toMatchObject({ data: { securityAlert: { id: `alert_${own}` } } })
    reader.leave()
  })

  test('a lost message loses nothing: the next one that comes brings both', async ({ app }) => {
    const ada = await signIn(app)
    const reader = await stream(app, ada)
    const { bus } = app.services
    const publish = bus.publish
    bus.publish = () => {}
    const lost = await raise(app, ada)
    bus.publish = publish
    const told = await raise(app, ada)
    const ids = [await reader.next(), await reader.next()].map((part) => (part.value as { data: { securityAlert: { id: string } } }).data.securityAlert.id) // prettier-ignore
    expect(ids).toEqual([`alert_${lost}`, `alert_${told}`])
    reader.leave()
  })

  test('an alert whose transaction commits after a newer one is told too', async ({ app }) => {
    const ada = await signIn(app)
    const reader = await stream(app, ada)
    const newer = await raise(app, ada)
    expect((await reader.next()).value).toMatchObject({ data: { securityAlert: { id: `alert_${newer}` } } })
    app.clock.advance(-10_000)
    const { systemDb } = app.services.database
    const older = await systemDb.securityAlert.create({
      data: {
        userId: rowId(ada.userId),
        kind: 'login.new-device',
        message: 'late',
        onceKey: 'late',
        createdAt: new Date(Date.now() - 10_000),
      },
    })
    app.services.bus.publish(`user:${rowId(ada.userId)}`)
    expect((await reader.next()).value).toMatchObject({ data: { securityAlert: { id: `alert_${older.id}` } } })
    reader.leave()
  })

  test('what it tells stands in the log of accesses before it is told, and looks that find nothing do not', async ({
    app,
  }) => {
    const ada = await signIn(app)
    const reader = await stream(app, ada)
    const lines = () =>
      app.services.database.systemDb.auditEntry.findMany({
        where: { userId: rowId(ada.userId), action: 'securityAlert.read' },
      })
    const { bus } = app.services
    for (let times = 0; times < 5; times++) bus.publish(`user:${rowId(ada.userId)}`)
    const id = await raise(app, ada)
    await reader.next()
    expect((await lines()).map(({ recordId }) => recordId)).toEqual([id])
    reader.leave()
  })

  test('comes as an event stream that nothing on the way keeps or holds back, with the headers of its limit', async ({
    app,
  }) => {
    const reader = await stream(app, await signIn(app))
    const headers = Object.fromEntries(reader.headers)
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'ratelimit-limit': expect.stringMatching(/^\d+$/) as string,
    })
    expect(headers['content-encoding']).toBeUndefined()
    reader.leave()
  })
})

describe('who may read it', () => {
  test('nobody without a session', async ({ app }) => {
    const reader = await stream(app, { browser: app.browser() })
    expect(codeOf(await reader.next())).toBe('UNAUTHENTICATED')
    expect((await reader.next()).done).toBe(true)
    expect(await streamsOpen(app)).toBe(0)
  })

  test.each(['https://evil.example', 'null'])('S6: not from the origin %s, with a cookie', async (origin) => {
    const app = await started()
    const { browser } = await signIn(app)
    const answer = await browser.graphql(SUBSCRIBE, {}, { headers: { accept: 'text/event-stream', origin } })
    expect([answer.status, answer.code]).toEqual([403, 'REQUEST_REFUSED'])
    expect(await streamsOpen(app)).toBe(0)
  })

  test('S6: not by GET, where a cookie does not count', async ({ app }) => {
    const { browser } = await signIn(app)
    const answer = await browser.fetch(`/graphql?query=${encodeURIComponent(SUBSCRIBE)}`, {
      headers: { accept: 'text/event-stream' },
    })
    expect(await answer.text()).toContain('UNAUTHENTICATED')
    expect(await streamsOpen(app)).toBe(0)
  })

  test('L5: a document beyond the limits is refused as any other', async ({ app }) => {
    const { browser } = await signIn(app)
    const many = Array.from({ length: 16 }, (_, index) => `a${index}: kind`).join(' ')
    const answer = await browser.graphql(`subscription { securityAlert { ${many} } }`)
    expect(answer.code).toBe('QUERY_REFUSED')
    expect(await streamsOpen(app)).toBe(0)
  })

  test('L7: a fault inside is masked, and ends the stream', async ({ app }) => {
    const ada = await signIn(app)
    const reader = await stream(app, ada)
    const { database } = app.services
    const { read } = database
    database.read = () => Promise.reject(new Error('canary: SELECT secret'))
    app.services.bus.publish(`user:${rowId(ada.userId)}`)
    const part = await reader.next()
    database.read = read
    expect(codeOf(part)).toBe('INTERNAL')
    expect(JSON.stringify(part.value)).not.toContain('canary')
    expect((await reader.next()).done).toBe(true)
  })

  test('what asks for no stream gets none, and holds no place', async ({ app }) => {
    const { browser } = await signIn(app)
    const answer = await browser.fetch('/graphql', {
      method: 'POST',
      body: JSON.stringify({ query: SUBSCRIBE }),
      headers: { 'content-type': 'application/json', accept: 'application/json', origin: app.url.origin },
    })
    expect(answer.status).toBe(406)
    await until(async () => (await streamsOpen(app)) === 0)
  })
})

describe('a stream does not outlive its session', () => {
  const END: readonly (readonly [string, (app: TestApp, ada: Person) => Promise<unknown>])[] = [
    [
      'revoked from another browser',
      async (app, { email, sessionId }) => {
        const other = await signIn(app, email)
        await other.browser.graphql('mutation ($id: ID!) { revokeSession(id: $id) { id } }', { id: sessionId })
      },
    ],
    [
      'revoked with all others',
      async (app, { email }) => {
        const other = await signIn(app, email)
        await other.browser.graphql('mutation { revokeOtherSessions { id } }')
      },
    ],
    ['signed out', (_app, { browser }) => browser.graphql('mutation { logout }')],
  ]
  test.each(END)('S2: %s, it ends at once', async (_how, end) => {
    const app = await started()
    const ada = await signIn(app)
    const reader = await stream(app, ada)
    await end(app, ada)
    const codes = await rest(reader)
    expect(codes.at(-1)).toBe('UNAUTHENTICATED')
    expect(await streamsOpen(app)).toBe(0)
  })

  test('S2: nothing is told after the end, also where no message said so', async ({ app }) => {
    const ada = await signIn(app)
    const reader = await stream(app, ada)
    await app.services.database.systemDb.session.deleteMany({ where: { userId: rowId(ada.userId) } })
    await raise(app, ada)
    expect(await rest(reader)).toEqual(['UNAUTHENTICATED'])
  })

  test('S7: an expired one, and one that was not used: a stream is no use of it', async ({ app }) => {
    const ada = await signIn(app)
    const before = await app.services.database.systemDb.session.findFirstOrThrow()
    const reader = await stream(app, ada)
    app.clock.advance(6 * 3_600_000)
    await raise(app, ada)
    expect(codeOf(await reader.next())).toBeNull()
    const used = await app.services.database.systemDb.session.findFirstOrThrow()
    expect(used.lastActivityAt).toEqual(before.lastActivityAt)
    app.clock.advance(6 * 3_600_000)
    await raise(app, ada)
    expect(await rest(reader)).toEqual(['UNAUTHENTICATED'])
  })

  test('S1: a token that was changed by a new proof tells nothing more: its stream completes, and the new one begins', async ({
    app,
  }) => {
    const ada = await signIn(app)
    const reader = await stream(app, ada)
    const old = { cookies: new Map(ada.browser.cookies), userAgent: ada.browser.userAgent }
    await signIn(app, ada.email, { browser: ada.browser })
    const id = await raise(app, ada)
    expect((await reader.next()).done).toBe(true)
    expect(codeOf(await (await readStream(old, app.url)).next())).toBe('UNAUTHENTICATED')
    const renewed = await stream(app, ada)
    expect(await raise(app, ada)).not.toBe(id)
    expect(codeOf(await renewed.next())).toBeNull()
    renewed.leave()
  })
})

describe('streams stay few', () => {
  test('L-like: at most five for a session, x50, and one that leaves makes room', async ({ app }) => {
    const ada = await signIn(app)
    const readers = await Promise.all(Array.from({ length: 50 }, () => stream(app, ada)))
    expect(await streamsOpen(app)).toBe(5)
    const refused = new Map<Reader, string | null>()
    for (const reader of readers) void reader.next().then((part) => refused.set(reader, codeOf(part)))
    await until(() => Promise.resolve(refused.size >= 45))
    expect([...refused.values()]).toEqual(Array(45).fill('QUOTA_EXCEEDED'))
    readers.find((reader) => !refused.has(reader))?.leave()
    await until(async () => (await streamsOpen(app)) === 4)
    const again = await stream(app, ada)
    const id = await raise(app, ada)
    expect((await again.next()).value).toMatchObject({ data: { securityAlert: { id: `alert_${id}` } } })
    for (const reader of readers) reader.leave()
    again.leave()
    await until(async () => (await streamsOpen(app)) === 0)
  })

  test("another session's places are its own", async ({ app }) => {
    const ada = await signIn(app)
    const other = await signIn(app, ada.email)
    const readers = [...Array<Person>(5).fill(ada), other].map((person) => stream(app, person))
    const open = await Promise.all(readers)
    expect(await streamsOpen(app)).toBe(6)
    for (const reader of open) reader.leave()
  })

  test('its beginning counts against the limit, and what it tells does not', async () => {
    const app = await started({ RATE_LIMIT_SCALE: '1', LIMIT_ACCOUNT_SESSION: '2' })
    const ada = await signIn(app)
    const reader = await stream(app, ada)
    for (let times = 0; times < 5; times++) {
      await raise(app, ada)
      expect(codeOf(await reader.next())).toBeNull()
    }
    const second = await stream(app, ada)
    expect(codeOf(await (await stream(app, ada)).next())).toBe('RATE_LIMITED')
    reader.leave()
    second.leave()
  })

  test('a connection that is cut frees its place', async ({ app }) => {
    const { browser } = await signIn(app)
    const body = JSON.stringify({ query: SUBSCRIBE })
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
    const headers = {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      origin: app.url.origin,
      'user-agent': browser.userAgent,
      cookie,
    }
    const cut = request(new URL('/graphql', app.url), { method: 'POST', headers })
    cut.on('error', () => {})
    const begun = new Promise((resolve) => cut.once('response', resolve))
    cut.end(body)
    await begun
    expect(await streamsOpen(app)).toBe(1)
    cut.destroy()
    await until(async () => (await streamsOpen(app)) === 0)
  })

  test('a stop ends them all, and takes no time', async () => {
    const app = await startTestApp()
    const people = [await signIn(app), await signIn(app, newAddress())]
    const readers = await Promise.all(people.map((person) => stream(app, person)))
    const ends = readers.map((reader) => reader.next())
    const before = performance.now()
    await app.close()
    expect(performance.now() - before).toBeLessThan(5_000)
    expect((await Promise.all(ends)).map(({ done }) => done)).toEqual([true, true])
  })
})

async function started(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startTestApp({ env })
  onTestFinished(() => app.close())
  return app
}

/** What a stream still says until it ends, by its codes; alerts are left out. */
async function rest(reader: Reader): Promise<string[]> {
  const codes: string[] = []
  for (let part = await reader.next(); !part.done; part = await reader.next()) {
    const code = codeOf(part)
    if (code) codes.push(code)
  }
  return codes
}
