import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freshDatabase, provider } from '../support/databases.ts'
import type { TestDatabase } from '../support/databases.ts'
import { REQUEST, VERIFY } from '../support/people.ts'
import { endAll, makeBuild, quietPort, startServer } from '../support/process.ts'
import type { ServerProcess } from '../support/process.ts'
import { granted } from './deeds.ts'
import { startMailServer } from './mail-server.ts'
import { findHalfMade, openInspector, timesOf } from './rules.ts'
import { linkFrom, signInAt } from './sign-in-at.ts'

beforeAll(makeBuild)

/** The environment of two processes of one site, on the same database, Redis, keys and public URL. */
async function siteOn(database: TestDatabase, extra: Record<string, string> = {}) {
  const ports = [await quietPort(), await quietPort()] as const
  const env = {
    ...database.env,
    PROCESSES: '2',
    PUBLIC_URL: `http://localhost:${ports[0]}`,
    LOG_LEVEL: 'warn',
    ...extra,
  }
  const start = (index: 0 | 1, more: Record<string, string> = {}) => startServer({ ...env, ...more }, ports[index])
  return { env, start }
}

async function startBoth(
  database: TestDatabase,
  extra?: Record<string, string>,
): Promise<[ServerProcess, ServerProcess]> {
  const { start } = await siteOn(database, extra)
  const both: [ServerProcess, ServerProcess] = [start(0), start(1)]
  await Promise.all(both.map(({ ready }) => ready))
  return both
}

describe.runIf(provider === 'postgresql' && process.env['TEST_REDIS_URL'])(
  'two processes on PostgreSQL and Redis',
  () => {
    let database: TestDatabase
    beforeEach(async () => {
      database = await freshDatabase()
    })
    afterEach(async () => {
      await endAll()
      await database.drop()
    })

    test.each([1, 2, 3])('start together on an empty database, with keys made at that moment (%i)', async () => {
      const [one, two] = await startBoth(database)
      const { browser } = await signInAt(one, 'ada@example.com')
      const there = two.browser()
      for (const [name, value] of browser.cookies) there.cookies.set(name, value)
      expect(granted(await there.graphql('{ me { email } }')).data).toEqual({ me: { email: 'ada@example.com' } })
      for (const server of [one, two]) expect((await server.stop()).output).not.toMatch(/ERROR|WARN/)
    })

    test('S2: a session that one made is revoked by the other, and refused at the next request', async () => {
      const [one, two] = await startBoth(database)
      const victim = await signInAt(one, 'grace@example.com')
      const other = two.browser()
      const token = await linkFrom(two, 'grace@example.com', other, 2)
      granted(await other.graphql(VERIFY, { token }))
      expect((await victim.browser.graphql('{ sessions { id } }')).data?.['sessions']).toHaveLength(2)

      granted(await other.graphql('mutation ($id: ID!) { revokeSession(id: $id) { id } }', { id: victim.sessionId }))
      expect((await victim.browser.graphql('{ sessions { id } }')).code).toBe('UNAUTHENTICATED')
      expect((await victim.browser.graphql('{ me { id } }')).data).toEqual({ me: null })
    })

    test('L1: of a hundred requests for links to one address, over both at once, three pass', async () => {
      const both = await startBoth(database, { RATE_LIMIT_SCALE: '1' })
      const ask = (index: number) =>
        both[index % 2 ? 1 : 0].browser().graphql(REQUEST, { email: 'limited@example.com' })
      const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(index)))
      const codes = answers.map(({ code }) => code ?? 'sent')
      expect(codes.filter((code) => code === 'sent')).toHaveLength(3)
      expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(97)
      for (const index of [0, 1]) expect((await ask(index)).code).toBe('RATE_LIMITED')
    })

    test('M1: each of twenty links that is redeemed in both at once signs in once', async () => {
      const both = await startBoth(database)
      for (let round = 0; round < 20; round++) {
        const token = await linkFrom(both[0], `link-${round}@example.com`)
        const answers = await Promise.all(
          both.map((server) => server.browser().graphql(VERIFY, { token, confirm: true })),
        )
        expect(answers.map(({ code }) => code ?? 'signed in').sort()).toEqual(['LINK_INVALID', 'signed in'])
      }
      const inspector = openInspector(database.env)
      const tables = await inspector.tables()
      await inspector.close()
      expect(tables.sessions).toHaveLength(20)
      expect([...timesOf(tables.audit, 'login.succeeded').values()]).toEqual(Array(20).fill(1))
      expect(findHalfMade(tables)).toEqual([])
    })

    test('two links to a new address, redeemed in both at once, make one account and two sessions', async () => {
      const both = await startBoth(database)
      for (let round = 0; round < 10; round++) {
        const email = `new-${round}@example.com`
        const tokens = [await linkFrom(both[0], email), await linkFrom(both[1], email, both[1].browser(), 2)]
        const redeem = (server: ServerProcess, index: number) =>
          server.browser().graphql(VERIFY, { token: tokens[index], confirm: true })
        for (const answer of await Promise.all(both.map(redeem))) granted(answer)
      }
      const inspector = openInspector(database.env)
      const tables = await inspector.tables()
      await inspector.close()
      expect(tables.users).toHaveLength(10)
      expect(tables.sessions).toHaveLength(20)
      expect(findHalfMade(tables)).toEqual([])
    })

    describe('a mail that a process leaves behind when it is killed is sent by the other', () => {
      let mail: Awaited<ReturnType<typeof startMailServer>>
      beforeEach(async () => {
        mail = await startMailServer()
      })
      afterEach(() => mail.close())
      const MAIL_FROM = 'latchkey@example.com'

      test('when it could not send it', async () => {
        const { env, start } = await siteOn(database, { MAIL_FROM })
        const failing = start(0, { SMTP_URL: 'smtp://127.0.0.1:1', LOG_LEVEL: 'error' })
        await failing.ready
        granted(await failing.browser().graphql(REQUEST, { email: 'late@example.com' }))
        failing.kill('SIGKILL')
        await failing.ended
        // It may have been killed in the middle of its try: then the message is its own for a while longer.
        const inspector = openInspector(env)
        await inspector.endLeases()
        await inspector.close()
        const other = start(1, { SMTP_URL: mail.url })
        await expectSignInByMail(other)
      })

      test('when it was sending it, once it can no longer be doing so', async () => {
        const { env, start } = await siteOn(database, { MAIL_FROM, SMTP_URL: mail.url })
        const [one, two] = [start(0), start(1)]
        await Promise.all([one.ready, two.ready])
        mail.hang(true)
        const taken = mail.next()
        granted(await one.browser().graphql(REQUEST, { email: 'late@example.com' }))
        await taken
        one.kill('SIGKILL')
        await one.ended
        mail.hang(false)

        const inspector = openInspector(env)
        await two.browser().graphql(REQUEST, { email: 'somebody-else@example.com' })
        while (mail.tokens('somebody-else@example.com').size === 0) await mail.next()
        expect(mail.tokens('late@example.com').size).toBe(0) // it might still be under way
        await inspector.endLeases()
        await expectSignInByMail(two)
        await inspector.close()
      })

      async function expectSignInByMail(server: ServerProcess): Promise<void> {
        while (mail.tokens('late@example.com').size === 0) await Promise.race([mail.next(), delay(100)])
        const [token] = mail.tokens('late@example.com')
        const answer = granted(await server.browser().graphql(VERIFY, { token, confirm: true }))
        expect(answer.data).toMatchObject({
          verifyMagicLink: { __typename: 'SignedIn', user: { email: 'late@example.com' } },
        })
      }
    })
  },
)
