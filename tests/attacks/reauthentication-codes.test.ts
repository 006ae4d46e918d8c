import { describe, expect } from 'vitest'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { provider } from '../support/databases.ts'
import { newAddress, signIn } from '../support/people.ts'
import { askForCode, codesOf, levelIn, PROVE, proveBy, rowId } from '../features/reauthentication/support.ts'
import type { Proved } from '../features/reauthentication/support.ts'
import { logged, together, wrongCode } from './mail-links-support.ts'

const COOKIE = 'latchkey-session'

async function ask(app: TestApp) {
  const person = await signIn(app, newAddress(), { rememberDevice: true })
  app.clock.advance(20 * 60_000)
  return { person, ...(await askForCode(app, person)) }
}

/** How many answers ended alike, by level or by refusal. */
function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

describe('M4: the tries of a code that proves somebody again', () => {
  test('M4: five wrong codes kill the code, also for the right one', async ({ app }) => {
    const { person, code } = await ask(app)
    for (let tries = 0; tries < 5; tries++) expect(await proveBy(person.browser, wrongCode(code))).toBe('CODE_INVALID')

    expect(await proveBy(person.browser, code)).toBe('CODE_INVALID')
    expect(await codesOf(app, person)).toMatchObject([{ codeTries: 5, consumedAt: null }])
    expect(await levelIn(person.browser)).toBe('SESSION')
  })

  test('M4: the fifth try may still be the right one', async ({ app }) => {
    const { person, code } = await ask(app)
    for (let tries = 0; tries < 4; tries++) expect(await proveBy(person.browser, wrongCode(code))).toBe('CODE_INVALID')
    expect(await proveBy(person.browser, code)).toBe('STRONG')
  })

  test('M4: of fifty wrong codes at once only five are counted, and the code is dead', async ({ app }) => {
    const { person, code } = await ask(app)
    const wrong = (index: number) => String((Number(code) + 1 + index) % 1_000_000).padStart(6, '0')

    const outcomes = await together(50, (index) => proveBy(person.browser, wrong(index)))

    expect(tally(outcomes)).toEqual({ CODE_INVALID: 50 })
    expect(await codesOf(app, person)).toMatchObject([{ codeTries: 5, consumedAt: null }])
    expect(await proveBy(person.browser, code)).toBe('CODE_INVALID')
    expect(await logged(app, 'reauthentication.failed')).toBe(51)
  })

  test('M4: a restart gives no further tries', async ({ app }) => {
    const { person, code } = await ask(app)
    for (let tries = 0; tries < 3; tries++) await proveBy(person.browser, wrongCode(code))
    await app.restart()
    for (let tries = 0; tries < 2; tries++) await proveBy(person.browser, wrongCode(code))
    await app.restart()

    expect(await proveBy(person.browser, code)).toBe('CODE_INVALID')
    expect(await codesOf(app, person)).toMatchObject([{ codeTries: 5, consumedAt: null }])
  })

  test('M4: asking again brings the old code no further tries', async ({ app }) => {
    const { person, code } = await ask(app)
    for (let tries = 0; tries < 5; tries++) await proveBy(person.browser, wrongCode(code))
    const again = await askForCode(app, person)
    expect(await proveBy(person.browser, code)).toBe(code === again.code ? 'STRONG' : 'CODE_INVALID')
  })

  test('M4: three open codes are no more tries than one: five for the session', async ({ app }) => {
    const { person, code } = await ask(app)
    const codes = [code, (await askForCode(app, person)).code, (await askForCode(app, person)).code]
    const wrong = Array.from({ length: 8 }, (_, index) => String(index).padStart(6, '0'))
    const tried = wrong.filter((each) => !codes.includes(each)).slice(0, 5)
    for (const each of tried) expect(await proveBy(person.browser, each)).toBe('CODE_INVALID')

    for (const each of codes) expect(await proveBy(person.browser, each)).toBe('CODE_INVALID')
    expect((await codesOf(app, person)).map(({ codeTries }) => codeTries)).toEqual([5, 5, 5])
  })

  test("M4: another's tries, and those of another session, use up none", async ({ app }) => {
    const { person, code } = await ask(app)
    const strangers = [await signIn(app, person.email), await signIn(app)]
    for (const { browser } of strangers) for (let tries = 0; tries < 6; tries++) await proveBy(browser, wrongCode(code))
    expect(await codesOf(app, person)).toMatchObject([{ codeTries: 0 }])
    expect(await proveBy(person.browser, code)).toBe('STRONG')
  })

  const redisUrl = process.env['TEST_REDIS_URL']
  test.skipIf(provider === 'sqlite' || !redisUrl)('M4: Redis that lost everything gives no further tries', async () => {
    const own = new URL(redisUrl ?? '')
    own.pathname = '/12' // it is emptied
    const app = await startTestApp({ env: { REDIS_URL: own.href } })
    try {
      const { person, code } = await ask(app)
      for (let tries = 0; tries < 5; tries++) await proveBy(person.browser, wrongCode(code))
      await app.services.redis?.flushdb()

      expect(await proveBy(person.browser, code)).toBe('CODE_INVALID')
      expect(await codesOf(app, person)).toMatchObject([{ codeTries: 5, consumedAt: null }])
    } finally {
      await app.close()
    }
  })
})

describe('M1: a code proves somebody once', () => {
  test('M1: the right code fifty times at once: one proof, and one token', async ({ app }) => {
    const { person, code } = await ask(app)
    const token = person.browser.cookies.get(COOKIE) ?? ''
    // Fifty browsers that hold the same token, so that each keeps the one that it is given.
    const browsers = Array.from({ length: 50 }, () => {
      const browser = app.browser()
      browser.cookies.set(COOKIE, token)
      return browser
    })

    const outcomes = tally(await Promise.all(browsers.map((browser) => proveBy(browser, code))))

    // Whoever comes after the proof holds a dead token.
    const { STRONG, CODE_INVALID = 0, UNAUTHENTICATED = 0, ...others } = outcomes
    expect([STRONG, CODE_INVALID + UNAUTHENTICATED, others]).toEqual([1, 49, {}])
    expect(await logged(app, 'reauthentication.succeeded')).toBe(1)
    const alive = await Promise.all(browsers.map((browser) => levelIn(browser)))
    expect(alive.filter((level) => level !== undefined)).toEqual(['STRONG'])
    expect(await app.services.database.systemDb.session.count()).toBe(1)
  })
})

describe('S1: a proof changes the token', () => {
  test('S1: the token changes, the row and its end stay, and the old token is dead in every process', async ({
    app,
  }) => {
    const { person, code } = await ask(app)
    const other = await app.second()
    const { systemDb } = app.services.database
    const before = await systemDb.session.findUniqueOrThrow({ where: { id: rowId(person.sessionId) } })
    const old = person.browser.cookies.get(COOKIE) ?? ''

    const { headers } = await person.browser.graphql<Proved>(PROVE, { code })

    const after = await systemDb.session.findUniqueOrThrow({ where: { id: rowId(person.sessionId) } })
    expect(person.browser.cookies.get(COOKIE)).not.toBe(old)
    expect(after.tokenHash).not.toBe(before.tokenHash)
    expect([
      after.id,
      after.expiresAt,
      after.createdAt,
      after.remembered,
      after.deviceHash,
      after.strongProvedAt,
    ]).toEqual([before.id, before.expiresAt, before.createdAt, true, before.deviceHash, null])
    const maxAge = Number(/Max-Age=(\d+)/.exec(headers.getSetCookie().join())?.[1])
    const left = (before.expiresAt.getTime() - app.clock.now().getTime()) / 1_000
    expect(Math.abs(maxAge - left)).toBeLessThan(60)
    for (const server of [app, other]) {
      const thief = server.browser()
      thief.cookies.set(COOKIE, old)
      expect((await thief.graphql('{ session { id } }')).data).toEqual({ session: null })
    }
    expect(await levelIn(person.browser)).toBe('STRONG')
  })

  test('S1: a refused code changes no token', async ({ app }) => {
    const { person, code } = await ask(app)
    const old = person.browser.cookies.get(COOKIE)
    const { headers } = await person.browser.graphql(PROVE, { code: wrongCode(code) })
    expect(headers.getSetCookie()).toEqual([])
    expect(person.browser.cookies.get(COOKIE)).toBe(old)
    expect(await levelIn(person.browser)).toBe('SESSION')
  })
})
