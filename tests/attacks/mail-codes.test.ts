import { describe, expect } from 'vitest'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { askForLink, newAddress, VERIFY_CODE } from '../support/people.ts'
import { linkTo, tally, together, wrongCode } from './mail-links-support.ts'

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
    expect(await app.services.database.systemDb.session.count()).toBe(0)
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
