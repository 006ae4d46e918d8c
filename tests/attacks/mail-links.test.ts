import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect } from 'vitest'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { askForLink, newAddress, VERIFY, VERIFY_CODE } from '../support/people.ts'
import type { Verified } from '../support/people.ts'
import { linkTo, logged, outcomeOf, tally, together } from './mail-links-support.ts'

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'

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

    const answers = await Promise.all(
      browsers.map((browser) => browser.graphql<Verified>(VERIFY, { token, confirm: true })),
    )

    expect(tally(answers)).toEqual({ SignedIn: 1, LINK_INVALID: 49 })
    await expectOneSignIn(app)
    const withCookie = browsers.filter(({ cookies }) => cookies.has('latchkey-session'))
    expect(withCookie).toHaveLength(1)
  })

  test('M1: fifty requests that have all come before one of them may write: one session', async ({ app }) => {
    const { token } = await askForLink(app, app.browser(), newAddress())
    let answers: Promise<Answer[]> = Promise.resolve([])
    await whileWritesWait(app, async () => {
      const lookedFor = linkRead(app)
      const allCame = requestsCome(50)
      answers = together(50, () => app.browser().graphql(VERIFY, { token, confirm: true }))
      await Promise.all([lookedFor, allCame])
    })

    expect(tally(await answers)).toEqual({ SignedIn: 1, LINK_INVALID: 49 })
    await expectOneSignIn(app)
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

  /** Nothing can be written to a link until `during` is over; all can be read. */
  async function whileWritesWait(app: TestApp, during: () => Promise<void>): Promise<void> {
    await app.services.database.systemDb.$transaction(async (tx) => {
      await tx.magicLink.updateMany({ data: { rememberDevice: false } }) // locks the rows, and on SQLite the file
      await during()
    })
  }

  /** Resolves once a link is looked for. */
  function linkRead(app: TestApp): Promise<void> {
    return new Promise((resolve) => {
      const stop = app.services.database.onStatement((text) => {
        if (!/^SELECT\b.*\bmagic_links\b/s.test(text)) return
        stop()
        resolve()
      })
    })
  }

  /** Resolves once so many requests have come to the servers of this process. */
  function requestsCome(count: number): Promise<void> {
    return new Promise((resolve) => {
      let left = count
      const listener = () => {
        left -= 1
        if (left > 0) return
        unsubscribe('http.server.request.start', listener)
        resolve()
      }
      subscribe('http.server.request.start', listener)
    })
  }

  async function expectOneSignIn(app: TestApp): Promise<void> {
    expect(await sessionsIn(app)).toBe(1)
    expect(await logged(app, 'login.succeeded')).toBe(1)
    expect(await logged(app, 'account.created')).toBe(1)
  }
})

describe('M2: a mail scanner without a browser', () => {
  test('M2: opening the link changes nothing, whatever the method and wherever the token stands', async ({ app }) => {
    const [asking, scanner] = [app.browser(), app.browser('Mozilla/5.0 (compatible; MailScanner/1.0)')]
    const email = newAddress()
    const { token } = await askForLink(app, asking, email)
    const before = await linkTo(app, email)

    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      for (const path of [
        '/auth/verify',
        `/auth/verify?token=${token}`,
        `/auth/verify/${token}`,
        `/sign-in?token=${token}`,
      ]) {
        const answer = await scanner.fetch(path, { method })
        expect(answer.status, `${method} ${path}`).toBeLessThan(500)
        expect(answer.headers.getSetCookie()).toEqual([])
      }
    }
    const page = await scanner.fetch('/auth/verify')
    expect(page.status).toBe(200)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')

    expect(before).toMatchObject({ consumedAt: null, codeTries: 0 })
    expect(await linkTo(app, email)).toEqual(before)
    expect(await sessionsIn(app)).toBe(0)
    expect(outcomeOf(await asking.graphql<Verified>(VERIFY, { token }))).toBe('SignedIn')
  })

  test('M2: a GET of /graphql redeems nothing', async ({ app }) => {
    const asking = app.browser()
    const email = newAddress()
    const { token } = await askForLink(app, asking, email)
    const asked = new URLSearchParams({ query: VERIFY, variables: JSON.stringify({ token, confirm: true }) })

    const answer = await asking.fetch(`/graphql?${asked}`, { headers: { accept: 'application/json' } })

    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect((await linkTo(app, email)).consumedAt).toBeNull()
    expect(await sessionsIn(app)).toBe(0)
  })
})

describe('M3: a link in another browser', () => {
  test('M3: asks for a confirmation, and uses nothing up', async ({ app }) => {
    const [asking, other] = [app.browser(), app.browser(IPHONE)]
    const email = newAddress()
    const { token } = await askForLink(app, asking, email)
    const before = await linkTo(app, email)

    const { data, headers } = await other.graphql<Verified>(VERIFY, { token })

    expect(data?.verifyMagicLink).toEqual({
      __typename: 'ConfirmationRequired',
      email,
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
