import { describe, expect } from 'vitest'
import { hashToken, makeToken } from '../../src/platform/crypto/tokens.ts'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { newAddress, signIn } from '../support/people.ts'
import type { Person } from '../support/people.ts'

const COOKIE = 'latchkey-session'
const ME = '{ me { id } session { id level } }'
const REVOKE = 'mutation ($id: ID!) { revokeSession(id: $id) { id } }'

type Me = { me: { id: string } | null; session: { id: string; level: string } | null }

/** Who a browser is signed in as, or null. */
async function whoIs(browser: Visitor): Promise<string | null> {
  const { data, errors } = await browser.graphql<Me>(ME)
  expect(errors).toEqual([])
  expect(data?.session === null).toBe(data?.me === null)
  return data?.me?.id ?? null
}

/** A browser that holds a copy of a session's token. */
function thief(app: TestApp, token: string): Visitor {
  const browser = app.browser()
  browser.cookies.set(COOKIE, token)
  return browser
}

function tokenOf({ cookies }: Visitor): string {
  const token = cookies.get(COOKIE)
  if (!token) throw new Error('This browser has no session.')
  return token
}

describe('S1: a session cannot be fixed beforehand', () => {
  test('S1: a planted token is never adopted', async ({ app }) => {
    const planted = makeToken()
    const browser = thief(app, planted)
    await signIn(app, newAddress(), { browser })

    expect(tokenOf(browser)).not.toBe(planted)
    expect(await whoIs(thief(app, planted))).toBeNull()
    const { systemDb } = app.services.database
    expect(await systemDb.session.count({ where: { tokenHash: hashToken(planted) } })).toBe(0)
  })

  test("S1: who signs in over a planted session of the attacker's gets another one, and the planted one ends", async ({
    app,
  }) => {
    const attacker = await signIn(app)
    const planted = tokenOf(attacker.browser)
    const victim = await signIn(app, newAddress(), { browser: thief(app, planted) })

    expect(await whoIs(victim.browser)).toBe(victim.userId)
    expect(victim.sessionId).not.toBe(attacker.sessionId)
    expect(await whoIs(thief(app, planted))).toBeNull()
  })

  test('S1: signing in again changes the token and keeps the session; the old token is dead', async ({ app }) => {
    const person = await signIn(app)
    const old = tokenOf(person.browser)
    const again = await signIn(app, person.email, { browser: person.browser })

    expect(again.sessionId).toBe(person.sessionId)
    expect(tokenOf(person.browser)).not.toBe(old)
    expect(await whoIs(person.browser)).toBe(person.userId)
    expect(await whoIs(thief(app, old))).toBeNull()
  })

  test('S1: of two cookies with the name of the session one was planted, and neither counts', async ({ app }) => {
    const [person, attacker] = [await signIn(app), await signIn(app)]
    const [own, planted] = [tokenOf(person.browser), tokenOf(attacker.browser)].map((token) => `${COOKIE}=${token}`)
    for (const cookie of [`${planted}; ${own}`, `${own}; ${planted}`, `${own}; ${own}`]) {
      const { data } = await app.browser().graphql<Me>(ME, {}, { headers: { cookie } })
      expect(data).toEqual({ me: null, session: null })
    }
  })
})

describe('S2: a session that ended is refused at the next request, in every process', () => {
  type Ending = { name: string; end(person: Person, app: TestApp): Promise<unknown> }
  const ENDINGS: readonly Ending[] = [
    { name: 'logout', end: ({ browser }) => browser.graphql('mutation { logout }') },
    { name: 'revokeSession of itself', end: ({ browser, sessionId }) => browser.graphql(REVOKE, { id: sessionId }) },
    {
      name: 'revokeSession from another browser',
      end: async ({ email, sessionId }, app) => (await signIn(app, email)).browser.graphql(REVOKE, { id: sessionId }),
    },
    {
      name: 'revokeOtherSessions from another browser',
      end: async ({ email }, app) =>
        (await signIn(app, email)).browser.graphql('mutation { revokeOtherSessions { id } }'),
    },
    {
      name: 'its row being gone',
      end: ({ userId }, app) =>
        app.services.database.systemDb.session.deleteMany({ where: { userId: userId.slice('user_'.length) } }),
    },
    { name: 'its end', end: (_person, app) => Promise.resolve(app.clock.advance(24 * 3_600_000)) },
  ]

  for (const { name, end } of ENDINGS) {
    test(`S2: by ${name}`, async ({ app }) => {
      const other = await app.second()
      const person = await signIn(app)
      const token = tokenOf(person.browser)
      expect([await whoIs(thief(app, token)), await whoIs(thief(other, token))]).toEqual([person.userId, person.userId])

      await end(person, app)
      expect([await whoIs(thief(other, token)), await whoIs(thief(app, token))]).toEqual([null, null])
      for (const server of [app, other]) {
        expect((await thief(server, token).graphql('{ sessions { id } }')).code).toBe('UNAUTHENTICATED')
      }
    })
  }

  test('S2: a browser that logs out is told to forget its cookie', async ({ app }) => {
    const { browser } = await signIn(app)
    const { headers } = await browser.graphql('mutation { logout }')
    expect(headers.getSetCookie().join()).toMatch(/^latchkey-session=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(browser.cookies.has(COOKIE)).toBe(false)
  })
})

describe("S3: another's session cannot be reached", () => {
  test('S3: it is in no list', async ({ app }) => {
    const [a, b] = [await signIn(app), await signIn(app)]
    const { data } = await b.browser.graphql<{ sessions: { id: string }[] }>('{ sessions { id } }')
    expect(data?.sessions.map(({ id }) => id)).toEqual([b.sessionId])
    expect(a.sessionId).not.toBe(b.sessionId)
  })

  test('S3: it cannot be revoked or read by its id, and an unknown id is answered alike', async ({ app }) => {
    const [a, b] = [await signIn(app), await signIn(app)]
    const { systemDb } = app.services.database
    const before = await systemDb.session.findMany({ orderBy: { id: 'asc' } })
    const unknown = 'session_01900000-0000-7000-8000-000000000000'

    const refusals = [
      await b.browser.graphql(REVOKE, { id: a.sessionId }),
      await b.browser.graphql(REVOKE, { id: unknown }),
    ]
    const told = refusals.map(({ status, data, errors }) => ({ status, data, errors }))
    expect(told[0]?.errors[0]?.extensions.code).toBe('NOT_FOUND')
    expect(told[0]).toEqual(told[1])

    const read = await b.browser.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: [a.sessionId, unknown, b.sessionId],
    })
    expect(read.data).toEqual({ nodes: [null, null, { id: b.sessionId }] })
    expect(await systemDb.session.findMany({ orderBy: { id: 'asc' } })).toEqual(before)
    expect(await whoIs(a.browser)).toBe(a.userId)
  })

  test("S3: revoking all others ends one's own alone", async ({ app }) => {
    const [a, b] = [await signIn(app), await signIn(app)]
    const elsewhere = await signIn(app, b.email)
    const { data } = await b.browser.graphql('mutation { revokeOtherSessions { id } }')
    expect(data).toEqual({ revokeOtherSessions: [{ id: elsewhere.sessionId }] })
    expect([await whoIs(a.browser), await whoIs(b.browser), await whoIs(elsewhere.browser)]).toEqual([
      a.userId,
      b.userId,
      null,
    ])
  })
})

describe('S7: times hold to the second, and a clock that is set back prolongs nothing', () => {
  const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000]
  const DAY = 24 * HOUR

  /** A server whose clock stands still until it is set: to `at` milliseconds after the start of the test. */
  const onStoppedClock = async (steps: (app: TestApp, setTo: (at: number) => void) => Promise<void>): Promise<void> => {
    const start = Math.ceil(Date.now() / SECOND) * SECOND
    let now = start
    const app = await startTestApp({ replacements: { now: () => new Date(now) } })
    try {
      await steps(app, (at) => (now = start + at))
    } finally {
      await app.close()
    }
  }

  const LIVES = [
    { name: '24 hours', remember: false, uses: [11 * HOUR, 22 * HOUR], end: DAY },
    { name: '30 days, on a remembered device', remember: true, uses: [13 * DAY, 26 * DAY], end: 30 * DAY },
  ]
  for (const { name, remember, uses, end } of LIVES) {
    test(`S7: a session lasts ${name}, however busy it is`, () =>
      onStoppedClock(async (app, setTo) => {
        const person = await signIn(app, newAddress(), { rememberDevice: remember })
        for (const at of [...uses, end - SECOND]) {
          setTo(at)
          expect(await whoIs(person.browser)).toBe(person.userId)
        }
        setTo(end)
        expect(await whoIs(person.browser)).toBeNull()
      }))
  }

  const IDLE = [
    { name: '12 hours', remember: false, limit: 12 * HOUR },
    { name: '14 days, on a remembered device', remember: true, limit: 14 * DAY },
  ]
  for (const { name, remember, limit } of IDLE) {
    test(`S7: an unused session ends after ${name}`, () =>
      onStoppedClock(async (app, setTo) => {
        const [used, unused] = [
          await signIn(app, newAddress(), { rememberDevice: remember }),
          await signIn(app, newAddress(), { rememberDevice: remember }),
        ]
        setTo(limit - SECOND)
        expect(await whoIs(used.browser)).toBe(used.userId)
        setTo(limit)
        expect(await whoIs(unused.browser)).toBeNull()
        expect(await whoIs(used.browser)).toBe(used.userId)
      }))
  }

  test('S7: a proof is fresh for 15 minutes, and a clock that is set back makes it no fresher', () =>
    onStoppedClock(async (app, setTo) => {
      const { browser } = await signIn(app)
      const levelAt = async (at: number) => {
        setTo(at)
        return (await browser.graphql<Me>(ME)).data?.session?.level
      }
      expect(await levelAt(15 * MINUTE - SECOND)).toBe('STRONG')
      expect(await levelAt(15 * MINUTE)).toBe('SESSION')
      expect(await levelAt(5 * MINUTE)).toBe('SESSION')
    }))

  test('S7: a session that has ended does not come back when the clock is set back', () =>
    onStoppedClock(async (app, setTo) => {
      const person = await signIn(app)
      setTo(11 * HOUR)
      expect(await whoIs(person.browser)).toBe(person.userId)
      setTo(DAY)
      expect(await whoIs(person.browser)).toBeNull()

      setTo(HOUR)
      expect(await whoIs(person.browser)).toBeNull()
      // A new process knows nothing of the later time; that the session was used then gives it away.
      await app.restart()
      expect(await whoIs(person.browser)).toBeNull()
      expect((await person.browser.graphql('{ sessions { id } }')).code).toBe('UNAUTHENTICATED')
    }))

  test('S7: a server whose clock is behind refuses a session that was used in its future, and leaves it as it is', () =>
    onStoppedClock(async (app, setTo) => {
      const person = await signIn(app)
      setTo(2 * HOUR)
      expect(await whoIs(person.browser)).toBe(person.userId)
      const row = await app.services.database.systemDb.session.findFirst()

      setTo(HOUR)
      const behind = await app.second()
      expect(await whoIs(thief(behind, tokenOf(person.browser)))).toBeNull()
      expect(await app.services.database.systemDb.session.findFirst()).toEqual(row)
      expect(await whoIs(person.browser)).toBe(person.userId)
    }))
})
