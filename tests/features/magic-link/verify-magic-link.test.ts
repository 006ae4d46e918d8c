import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { askForLink, newAddress, signIn, VERIFY } from '../../support/people.ts'
import type { Verified } from '../../support/people.ts'

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000] as const
const DAY = 24 * HOUR

describe('redeeming a link', () => {
  test('signs in the browser that asked, and makes the account the first time', async ({ app }) => {
    const [browser, email] = [app.browser(), newAddress()]
    const { token } = await askForLink(app, browser, email)

    const { data } = await browser.graphql<Verified>(VERIFY, { token })

    expect(data?.verifyMagicLink).toMatchObject({
      __typename: 'SignedIn',
      redirectTo: null,
      user: { email },
      session: { current: true, remembered: false, deviceName: 'Chrome on macOS' },
    })
    expect(await whoIs(browser)).toBe(email)
  })

  test('finds the account the next time', async ({ app }) => {
    const email = newAddress()
    const [first, second] = [await signIn(app, email), await signIn(app, email)]

    expect(second.userId).toBe(first.userId)
    expect(second.sessionId).not.toBe(first.sessionId)
    expect(await app.services.database.systemDb.user.count()).toBe(1)
  })

  test('keeps when the account last signed in', async ({ app }) => {
    const email = newAddress()
    await signIn(app, email)
    app.clock.advance(DAY)
    const before = app.clock.now()
    await signIn(app, email)

    const { createdAt, lastLoginAt } = await app.services.database.systemDb.user.findUniqueOrThrow({ where: { email } })
    expect(lastLoginAt?.getTime()).toBeGreaterThanOrEqual(before.getTime())
    expect(createdAt.getTime()).toBeLessThan(before.getTime())
  })

  test('works until ten minutes are over, and not then', async ({ app }) => {
    const [early, late] = [app.browser(), app.browser()]
    const [inTime, tooLate] = [await askForLink(app, early, newAddress()), await askForLink(app, late, newAddress())]

    app.clock.advance(9 * MINUTE + 30 * SECOND)
    expect(await verify(early, inTime.token)).toBe('SignedIn')
    app.clock.advance(30 * SECOND)
    expect(await verify(late, tooLate.token)).toBe('LINK_INVALID')
  })

  test('refuses what is no token, and a token that nobody was sent, alike', async ({ app }) => {
    const answers = []
    for (const token of [
      '',
      'short',
      'A'.repeat(43),
      `${'A'.repeat(43)} `,
      'ä'.repeat(43),
      "' OR '1'='1",
      'A'.repeat(10_000),
    ]) {
      const { data, errors, headers } = await app.browser().graphql<Verified>(VERIFY, { token, confirm: true })
      answers.push({ data, errors, cookies: headers.getSetCookie() })
    }

    expect(answers[0]).toMatchObject({ data: null, errors: [{ extensions: { code: 'LINK_INVALID' } }], cookies: [] })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  test('leaves a newer link of the same address alone', async ({ app }) => {
    const [browser, email] = [app.browser(), newAddress()]
    const [older, newer] = [await askForLink(app, browser, email), await askForLink(app, browser, email)]

    expect(await verify(browser, older.token)).toBe('SignedIn')
    expect(await verify(app.browser(), newer.token)).toBe('ConfirmationRequired')
  })
})

describe('how long a sign-in by link lasts', () => {
  test.for([
    { rememberDevice: false, seconds: 86_400 },
    { rememberDevice: true, seconds: 30 * 86_400 },
  ])('$seconds seconds with rememberDevice: $rememberDevice', async ({ rememberDevice, seconds }, { app }) => {
    const browser = app.browser()
    const { token } = await askForLink(app, browser, newAddress(), { rememberDevice })
    const before = app.clock.now().getTime()

    const { data, headers } = await browser.graphql<Verified>(VERIFY, { token })

    const result = data?.verifyMagicLink
    if (result?.__typename !== 'SignedIn') throw new Error('The link did not sign in.')
    expect(result.session.remembered).toBe(rememberDevice)
    const lastsMs = new Date(result.session.expiresAt).getTime() - before
    expect(Math.abs(lastsMs - seconds * SECOND)).toBeLessThan(MINUTE)
    const cookie = headers.getSetCookie().find((line) => line.startsWith('latchkey-session='))
    expect(cookie).toMatch(
      new RegExp(`^latchkey-session=[\\w-]{43}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax$`),
    )
  })

  test('is not what was asked with the link where it is confirmed in another browser: that one asked to be remembered, not this', async ({
    app,
  }) => {
    const { token } = await askForLink(app, app.browser(), newAddress(), { rememberDevice: true })

    const { data } = await app.browser().graphql<Verified>(VERIFY, { token, confirm: true })

    expect(data?.verifyMagicLink).toMatchObject({ session: { remembered: false } })
  })
})

describe('where a sign-in by link leads', () => {
  test('to the path that was asked for, in whichever browser it ends', async ({ app }) => {
    const { token } = await askForLink(app, app.browser(), newAddress(), { redirectTo: '/notes?open=1#top' })

    const { data } = await app.browser().graphql<Verified>(VERIFY, { token, confirm: true })

    expect(data?.verifyMagicLink).toMatchObject({ __typename: 'SignedIn', redirectTo: '/notes?open=1#top' })
  })

  test('nowhere when nothing was asked for', async ({ app }) => {
    const browser = app.browser()
    const { token } = await askForLink(app, browser, newAddress())

    const { data } = await browser.graphql<Verified>(VERIFY, { token })

    expect(data?.verifyMagicLink).toMatchObject({ __typename: 'SignedIn', redirectTo: null })
  })

  test('is not told to who has not signed in yet', async ({ app }) => {
    const { token } = await askForLink(app, app.browser(), newAddress(), { redirectTo: '/a/private/place' })

    const answer = await app.browser().graphql<Verified>(VERIFY, { token })

    expect(JSON.stringify(answer.data)).not.toContain('private')
  })
})

async function verify(browser: Visitor, token: string): Promise<string | undefined> {
  const { data, code } = await browser.graphql<Verified>(VERIFY, { token })
  return data?.verifyMagicLink.__typename ?? code ?? undefined
}

async function whoIs(browser: Visitor): Promise<string | undefined> {
  const { data } = await browser.graphql<{ me: { email: string } | null }>('{ me { email } }')
  return data?.me?.email
}
