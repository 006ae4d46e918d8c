import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { newAddress, signIn } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'

const SESSION =
  'id current deviceName authMethod level remembered encryptionEnabled ipAddress userAgent createdAt lastActivityAt expiresAt'
const SESSIONS = `{ sessions { ${SESSION} } }`
const REVOKE = `mutation ($id: ID!) { revokeSession(id: $id) { ${SESSION} } }`
const REVOKE_OTHERS = `mutation { revokeOtherSessions { ${SESSION} } }`

type SessionNode = {
  id: string
  current: boolean
  deviceName: string
  level: string
  createdAt: string
  lastActivityAt: string
  expiresAt: string
}

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

/** One person in as many browsers as there are user agents, the last one newest. */
async function personIn(...userAgents: (string | undefined)[]): Promise<Person[]> {
  const email = newAddress()
  const people: Person[] = []
  for (const userAgent of userAgents) people.push(await signIn(app, email, { browser: app.browser(userAgent) }))
  return people
}

async function sessionsOf(browser: Visitor): Promise<SessionNode[]> {
  const { data, errors } = await browser.graphql<{ sessions: SessionNode[] }>(SESSIONS)
  expect(errors).toEqual([])
  return data?.sessions ?? []
}

const isSignedIn = async (browser: Visitor) => (await browser.graphql('{ me { id } }')).data?.['me'] !== null
const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id)

describe('sessions', () => {
  test('shows where the person is signed in, the newest first, and marks the one that asks', async () => {
    const [laptop, phone] = await personIn(FIREFOX, IPHONE)
    const shown = await sessionsOf(laptop?.browser ?? app.browser())

    expect(shown.map(({ id, current, deviceName }) => ({ id, current, deviceName }))).toEqual([
      { id: phone?.sessionId, current: false, deviceName: 'Safari on iPhone' },
      { id: laptop?.sessionId, current: true, deviceName: 'Firefox on Linux' },
    ])
    expect(shown[1]).toMatchObject({
      authMethod: 'MAGIC_LINK',
      level: 'STRONG', // fresh, and the account has no stronger factor
      remembered: false,
      encryptionEnabled: false,
      ipAddress: '127.0.0.1',
      userAgent: FIREFOX,
    })
  })

  test('lasts a day, or thirty days where the device is remembered', async () => {
    const shortly = await signIn(app)
    const long = await signIn(app, newAddress(), { rememberDevice: true })
    const hours = async ({ browser }: Person) => {
      const [session] = await sessionsOf(browser)
      return (Date.parse(session?.expiresAt ?? '') - Date.parse(session?.createdAt ?? '')) / 3_600_000
    }
    expect([await hours(shortly), await hours(long)]).toEqual([24, 30 * 24])
  })

  test('`session` is the one that asks, and null for nobody', async () => {
    const [person] = await personIn(FIREFOX)
    const { data } = await (person?.browser ?? app.browser()).graphql(
      `{ session { ${SESSION} } sessions { ${SESSION} } }`,
    )

    expect(data?.['session']).toEqual((data?.['sessions'] as SessionNode[])[0]) // as asked for
    expect((await app.browser().graphql('{ session { id } me { id } }')).data).toEqual({ session: null, me: null })
  })

  test("shows nothing of other people's", async () => {
    const [mine] = await personIn(undefined)
    const [theirs] = await personIn(undefined)

    expect(ids(await sessionsOf(mine?.browser ?? app.browser()))).toEqual([mine?.sessionId])
    expect(ids(await sessionsOf(theirs?.browser ?? app.browser()))).toEqual([theirs?.sessionId])
  })
})

describe('revokeSession', () => {
  test('ends another session at once, and answers what it ended', async () => {
    const [laptop, phone] = await personIn(FIREFOX, IPHONE)
    if (!laptop || !phone) throw new Error('Two people were asked for.')
    const { data } = await laptop.browser.graphql(REVOKE, { id: phone.sessionId })

    expect(data?.['revokeSession']).toMatchObject({
      id: phone.sessionId,
      current: false,
      deviceName: 'Safari on iPhone',
    })
    expect([await isSignedIn(phone.browser), await isSignedIn(laptop.browser)]).toEqual([false, true])
    expect(ids(await sessionsOf(laptop.browser))).toEqual([laptop.sessionId])
    expect((await laptop.browser.graphql(REVOKE, { id: phone.sessionId })).code).toBe('NOT_FOUND')
  })

  test('ends the own one too, and takes its cookie back', async () => {
    const [person] = await personIn(FIREFOX)
    if (!person) throw new Error('One person was asked for.')
    const kept = new Map(person.browser.cookies)
    const { data, headers } = await person.browser.graphql(REVOKE, { id: person.sessionId })

    expect(data?.['revokeSession']).toMatchObject({ id: person.sessionId })
    expect(headers.getSetCookie().join()).toMatch(/latchkey-session=; Max-Age=0/)
    expect(person.browser.cookies.has('latchkey-session')).toBe(false)
    for (const [name, value] of kept) person.browser.cookies.set(name, value) // by a thief, or a copy
    expect(await isSignedIn(person.browser)).toBe(false)
  })

  test("another person's session is not found, and goes on", async () => {
    const [mine] = await personIn(FIREFOX)
    const [theirs] = await personIn(FIREFOX)
    if (!mine || !theirs) throw new Error('Two people were asked for.')
    const foreign = await mine.browser.graphql(REVOKE, { id: theirs.sessionId })
    const none = await mine.browser.graphql(REVOKE, { id: 'session_0198c5b2-0000-7000-8000-000000000000' })

    expect(foreign.code).toBe('NOT_FOUND')
    expect(foreign.errors).toEqual(none.errors)
    expect(await isSignedIn(theirs.browser)).toBe(true)
  })

  test('refuses what is no id of a session', async () => {
    const [person] = await personIn(FIREFOX)
    for (const id of [
      '',
      person?.userId,
      person?.sessionId.replace('session_', ''),
      `record_${person?.sessionId.slice(8)}`,
    ]) {
      const { code, errors } = await (person?.browser ?? app.browser()).graphql(REVOKE, { id })
      expect([code, errors[0]?.extensions['field']]).toEqual(['BAD_INPUT', 'id'])
    }
  })

  test('twenty times at once ends it once', async () => {
    const [laptop, phone] = await personIn(FIREFOX, IPHONE)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => (laptop?.browser ?? app.browser()).graphql(REVOKE, { id: phone?.sessionId })),
    )
    expect(answers.filter(({ code }) => code === null)).toHaveLength(1)
    expect(answers.filter(({ code }) => code === 'NOT_FOUND')).toHaveLength(19)
  })
})

describe('revokeOtherSessions', () => {
  test('ends all but the one that asks, and answers those that it ended', async () => {
    const [first, second, third] = await personIn(FIREFOX, IPHONE, undefined)
    const [stranger] = await personIn(FIREFOX)
    if (!first || !second || !third || !stranger) throw new Error('Four people were asked for.')
    const { data } = await second.browser.graphql<{ revokeOtherSessions: SessionNode[] }>(REVOKE_OTHERS)

    expect(ids(data?.revokeOtherSessions ?? [])).toEqual([third.sessionId, first.sessionId])
    const alive = await Promise.all([first, second, third, stranger].map(({ browser }) => isSignedIn(browser)))
    expect(alive).toEqual([false, true, false, true])
    expect((await second.browser.graphql(REVOKE_OTHERS)).data).toEqual({ revokeOtherSessions: [] })
  })

  test('two that end each other leave one of them, or none, and no fault', async () => {
    const [first, second] = await personIn(FIREFOX, IPHONE)
    const answers = await Promise.all(
      [first, second].map((person) => (person?.browser ?? app.browser()).graphql(REVOKE_OTHERS)),
    )

    for (const { code } of answers) expect([null, 'UNAUTHENTICATED']).toContain(code)
  })
})

describe('logout', () => {
  test('ends the session that asks, takes its cookie back, and leaves the others', async () => {
    const [laptop, phone] = await personIn(FIREFOX, IPHONE)
    if (!laptop || !phone) throw new Error('Two people were asked for.')
    const cookie = laptop.browser.cookies.get('latchkey-session') ?? ''
    const { data, headers } = await laptop.browser.graphql('mutation { logout }')

    expect(data).toEqual({ logout: true })
    expect(headers.getSetCookie()).toEqual(['latchkey-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'])
    laptop.browser.cookies.set('latchkey-session', cookie)
    expect([await isSignedIn(laptop.browser), await isSignedIn(phone.browser)]).toEqual([false, true])
    expect(await app.services.database.systemDb.session.count({ where: { id: laptop.sessionId.slice(8) } })).toBe(0)
  })

  test('is true for nobody too, and twice', async () => {
    const [person] = await personIn(FIREFOX)
    for (const browser of [app.browser(), person?.browser, person?.browser]) {
      expect((await browser?.graphql('mutation { logout }'))?.data).toEqual({ logout: true })
    }
  })
})
