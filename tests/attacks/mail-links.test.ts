import { describe, expect } from 'vitest'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { askForLink, newAddress, VERIFY, VERIFY_CODE } from '../support/people.ts'
import type { Verified } from '../support/people.ts'
import { linkTo, logged, outcomeOf, tally, together, wrongCode } from './mail-links-support.ts'

const sessionsIn = (app: TestApp) => app.services.database.systemDb.session.count()

describe('M1: a link works once', () => {
  test('M1: fifty times at once in the browser that asked: one session, 49 refusals', async ({ app }) => {
    const browser = app.browser()
    const { token } = await askForLink(app, browser, newAddress())

    const answers = await together(50, () => browser.graphql<Verified>(VERIFY, { token }))

    expect(tally(answers)).toEqual({ SignedIn: 1, LINK_INVALID: 49 })
    await expectOneSignIn(app)
    expect(outcomeOf(await browser.graphql<Verified>(VERIFY, { token }))).toBe('LINK_INVALID')
  })

  test('M1: confirmed in fifty browsers at once: one session, and one browser that holds it', async ({ app }) => {
    const { token } = await askForLink(app, app.browser(), newAddress())
    const browsers = Array.from({ length: 50 }, () => app.browser())

    const answers = await Promise.all(browsers.map((browser) => browser.graphql<Verified>(VERIFY, { token, confirm: true })))

    expect(tally(answers)).toEqual({ SignedIn: 1, LINK_INVALID: 49 })
    await expectOneSignIn(app)
    const withCookie = browsers.filter(({ cookies }) => cookies.has('latchkey-session'))
    expect(withCookie).toHaveLength(1)
  })

  test('M1: the code of the mail fifty times at once: one session', async ({ app }) => {
    const browser = app.browser()
    const { code } = await askForLink(app, browser, newAddress())

    const answers = await together(50, () => browser.graphql(VERIFY_CODE, { code }))

    expect(tally(answers)).toEqual({ SignedIn: 1, CODE_INVALID: 49 })
    await expectOneSignIn(app)
  })

  test('M1: the link and the code of one mail at once: one session', async ({ app }) => {
    const browser = app.browser()
    const { token, code } = await askForLink(app, browser, newAddress())
    const send = (index: number) =>
      index % 2 === 0 ? browser.graphql(VERIFY, { token }) : browser.graphql(VERIFY_CODE, { code })

    const outcomes = tally(await together(10, send))

    expect(outcomes['SignedIn']).toBe(1)
    await expectOneSignIn(app)
  })

  test.skipIf(provider === 'sqlite')('M1: in two processes at once: one session', async ({ app }) => {
    const { token } = await askForLink(app, app.browser(), newAddress())
    const other = await app.second()
    const confirm = (server: TestApp) => server.browser().graphql<Verified>(VERIFY, { token, confirm: true })

    const answers = await together(50, (index) => confirm(index % 2 === 0 ? app : other))

    expect(tally(answers)).toEqual({ SignedIn: 1, LINK_INVALID: 49 })
    await expectOneSignIn(app)
  })

  async function expectOneSignIn(app: TestApp): Promise<void> {
    expect(await sessionsIn(app)).toBe(1)
    expect(await logged(app, 'login.succeeded')).toBe(1)
    expect(await logged(app, 'account.created')).toBe(1)
  }
})

describe('M3: a link in another browser', () => {
  test('M3: asks for a confirmation, and uses nothing up', async ({ app }) => {
    const [asking, other] = [app.browser(), app.browser('Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1')]
    const email = newAddress()
    const { token } = await askForLink(app, asking, email)
    const before = await linkTo(app, email)

    const { data, headers } = await other.graphql<Verified>(VERIFY, { token })

    expect(data?.verifyMagicLink).toEqual({
      __typename: 'ConfirmationRequired',
      requestedAt: before.createdAt.toISOString(),
      deviceName: 'Chrome on macOS', // the browser that asked, not the one that looks
      ipAddress: '127.0.0.1',
    })
    expect(headers.getSetCookie()).toEqual([])
    expect(await linkTo(app, email)).toEqual(before)
    expect(await sessionsIn(app)).toBe(0)
    expect(await app.services.database.systemDb.user.count()).toBe(0)
  })

  test('M3: signs in there once it is confirmed, and is used up for the browser that asked', async ({ app }) => {
    const [asking, other] = [app.browser(), app.browser()]
    const { token } = await askForLink(app, asking, newAddress())
    expect(outcomeOf(await other.graphql<Verified>(VERIFY, { token }))).toBe('ConfirmationRequired')

    expect(outcomeOf(await other.graphql<Verified>(VERIFY, { token, confirm: true }))).toBe('SignedIn')

    expect(other.cookies.has('latchkey-session')).toBe(true)
    expect(asking.cookies.has('latchkey-session')).toBe(false)
    expect(outcomeOf(await asking.graphql<Verified>(VERIFY, { token }))).toBe('LINK_INVALID')
  })

  test('M3: still signs in at once in the browser that asked, however often others looked', async ({ app }) => {
    const asking = app.browser()
    const { token } = await askForLink(app, asking, newAddress())
    const looks = await together(20, () => app.browser().graphql<Verified>(VERIFY, { token }))
    expect(tally(looks)).toEqual({ ConfirmationRequired: 20 })

    expect(outcomeOf(await asking.graphql<Verified>(VERIFY, { token }))).toBe('SignedIn')
  })

  test('M3: a browser that holds the challenge of another mail is another browser', async ({ app }) => {
    const [asking, attacker] = [app.browser(), app.browser()]
    const { token } = await askForLink(app, asking, newAddress())
    await askForLink(app, attacker, newAddress('attacker'))

    expect(outcomeOf(await attacker.graphql<Verified>(VERIFY, { token }))).toBe('ConfirmationRequired')
  })
})

describe('M4: the tries of a code', () => {
  test('M4: five wrong codes kill the code, also for the right one', async ({ app }) => {
    const { browser, email, code } = await ask(app)
    for (let tries = 0; tries < 5; tries++) expect(await tryCode(browser, wrongCode(code))).toBe('CODE_INVALID')

    expect(await tryCode(browser, code)).toBe('CODE_INVALID')
    expect(await linkTo(app, email)).toMatchObject({ codeTries: 5, consumedAt: null })
  })

  test('M4: the fifth try may still be the right one', async ({ app }) => {
    const { browser, code } = await ask(app)
    for (let tries = 0; tries < 4; tries++) expect(await tryCode(browser, wrongCode(code))).toBe('CODE_INVALID')

    expect(await tryCode(browser, code)).toBe('SignedIn')
  })

  test('M4: of fifty wrong codes at once only five are counted, and the code is dead', async ({ app }) => {
    const { browser, email, code } = await ask(app)
    const wrong = (index: number) => String((Number(code) + 1 + index) % 1_000_000).padStart(6, '0')

    const answers = await together(50, (index) => browser.graphql(VERIFY_CODE, { code: wrong(index) }))

    expect(tally(answers)).toEqual({ CODE_INVALID: 50 })
    expect(await linkTo(app, email)).toMatchObject({ codeTries: 5, consumedAt: null })
    expect(await reasons(app)).toEqual({ wrong: 5, 'too-many-tries': 45 })
    expect(await tryCode(browser, code)).toBe('CODE_INVALID')
    expect(await sessionsIn(app)).toBe(0)
  })

  test('M4: a restart gives no further tries', async ({ app }) => {
    const { browser, email, code } = await ask(app)
    for (let tries = 0; tries < 3; tries++) await tryCode(browser, wrongCode(code))
    await app.restart()
    for (let tries = 0; tries < 2; tries++) await tryCode(browser, wrongCode(code))
    await app.restart()

    expect(await tryCode(browser, code)).toBe('CODE_INVALID')
    expect((await linkTo(app, email)).codeTries).toBe(5)
  })

  test('M4: asking again brings the old code no further tries', async ({ app }) => {
    const { browser, email, code } = await ask(app)
    for (let tries = 0; tries < 5; tries++) await tryCode(browser, wrongCode(code))
    const again = await askForLink(app, browser, email)

    expect(await tryCode(browser, code)).toBe(code === again.code ? 'SignedIn' : 'CODE_INVALID')
  })

  test('M4: a code is worth nothing in a browser that did not ask', async ({ app }) => {
    const { browser, email, code } = await ask(app)
    const stranger = app.browser()

    expect(await tryCode(stranger, code)).toBe('CODE_INVALID')
    // A stranger without the challenge cannot use up the owner's tries either.
    for (let tries = 0; tries < 10; tries++) await tryCode(stranger, wrongCode(code))
    expect((await linkTo(app, email)).codeTries).toBe(0)
    expect(await tryCode(browser, code)).toBe('SignedIn')
  })

  const redisUrl = process.env['TEST_REDIS_URL']
  test.skipIf(provider === 'sqlite' || !redisUrl)('M4: Redis that lost everything gives no further tries', async () => {
    const app = await startTestApp({ env: { REDIS_URL: withDatabase(redisUrl ?? '', 11) } })
    try {
      const { browser, email, code } = await ask(app)
      for (let tries = 0; tries < 5; tries++) await tryCode(browser, wrongCode(code))
      await app.services.redis?.flushdb()

      expect(await tryCode(browser, code)).toBe('CODE_INVALID')
      expect((await linkTo(app, email)).codeTries).toBe(5)
    } finally {
      await app.close()
    }
  })

  async function ask(app: TestApp) {
    const [browser, email] = [app.browser(), newAddress()]
    return { browser, email, ...(await askForLink(app, browser, email)) }
  }

  async function tryCode(browser: Visitor, code: string): Promise<string | undefined> {
    const [outcome] = Object.keys(tally([await browser.graphql(VERIFY_CODE, { code })]))
    return outcome
  }

  async function reasons(app: TestApp): Promise<Record<string, number>> {
    const rows = await app.services.database.systemDb.auditEntry.findMany({ where: { action: 'login.failed' } })
    const counts: Record<string, number> = {}
    for (const { details } of rows) {
      const { reason } = JSON.parse(details ?? '{}') as { reason: string } // as the server writes it
      counts[reason] = (counts[reason] ?? 0) + 1
    }
    return counts
  }
})

function withDatabase(url: string, number: number): string {
  const named = new URL(url)
  named.pathname = `/${number}`
  return named.href
}
