import { describe, expect } from 'vitest'
import { removeOldChallenges } from '../../../src/features/passkeys/remove-old-challenges.ts'
import { test } from '../../support/app.ts'
import { newAddress } from '../../support/people.ts'
import {
  begin,
  BEGIN_LOGIN,
  BEGIN_REAUTHENTICATION,
  COMPLETE_LOGIN,
  DEVICES,
  loggedDetails,
  passkeyLogin,
  reauthenticate,
  rowId,
  withPasskey,
} from '../../support/passkeys.ts'
import type { LoggedIn, PasskeyShown, Request } from '../../support/passkeys.ts'
import { signIn } from '../../support/people.ts'

const [SECOND, MINUTE, DAY] = [1_000, 60_000, 24 * 3_600_000] as const

describe('signing in by passkey', () => {
  test('works without an address, and is strong at once', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()

    const { data, headers } = await passkeyLogin(browser, owner.authenticator)

    expect(data?.completePasskeyLogin).toMatchObject({
      __typename: 'SignedIn',
      redirectTo: null,
      user: { id: owner.userId, email: owner.email },
      session: { current: true, level: 'STRONG', authMethod: 'PASSKEY', remembered: false },
    })
    expect(headers.getSetCookie().map((line) => line.split('=')[0])).toEqual(
      expect.arrayContaining(['latchkey-session', 'latchkey-device']) as unknown,
    )
    const me = await browser.graphql<{ me: { id: string } }>('{ me { id } }')
    expect(me.data?.me.id).toBe(owner.userId)
    expect(await loggedDetails(app, 'login.succeeded')).toContainEqual({ method: 'PASSKEY' })
  })

  test('works with the address, in whatever spelling', async ({ app }) => {
    const owner = await withPasskey(app)
    for (const email of [owner.email, ` ${owner.email.toUpperCase()}`]) {
      const { data } = await passkeyLogin(app.browser(), owner.authenticator, { email })
      expect(data?.completePasskeyLogin.user.id).toBe(owner.userId)
    }
    expect((await app.browser().graphql(BEGIN_LOGIN, { email: 'no address' })).code).toBe('EMAIL_INVALID')
  })

  test('keeps when the passkey was used, whether it is backed up, and when the account last signed in', async ({
    app,
  }) => {
    const owner = await withPasskey(app)
    app.clock.advance(DAY)
    const before = app.clock.now()

    const browser = app.browser()
    await passkeyLogin(browser, owner.authenticator, { bs: false })

    const { data } = await browser.graphql<{ devices: PasskeyShown[] }>(DEVICES)
    expect(data?.devices[0]).toMatchObject({
      id: owner.passkey.id,
      backedUp: false,
      createdAt: owner.passkey.createdAt,
    })
    expect(new Date(data?.devices[0]?.lastUsedAt ?? 0).getTime()).toBeGreaterThanOrEqual(before.getTime())
    const { lastLoginAt } = await app.services.database.systemDb.user.findUniqueOrThrow({
      where: { id: rowId(owner.userId) },
    })
    expect(lastLoginAt?.getTime()).toBeGreaterThanOrEqual(before.getTime())
  })

  test.for([
    { rememberDevice: false, seconds: 86_400 },
    { rememberDevice: true, seconds: 30 * 86_400 },
  ])('lasts $seconds seconds with rememberDevice: $rememberDevice', async ({ rememberDevice, seconds }, { app }) => {
    const owner = await withPasskey(app)
    const before = app.clock.now().getTime()

    const { data, headers } = await passkeyLogin(app.browser(), owner.authenticator, { rememberDevice })

    const session = data?.completePasskeyLogin.session
    expect(session?.remembered).toBe(rememberDevice)
    const lastsMs = new Date(session?.expiresAt ?? 0).getTime() - before
    expect(Math.abs(lastsMs - seconds * SECOND)).toBeLessThan(MINUTE)
    const cookie = headers.getSetCookie().find((line) => line.startsWith('latchkey-session='))
    expect(cookie).toMatch(
      new RegExp(`^latchkey-session=[\\w-]{43}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax$`),
    )
  })

  test('two tabs of one browser that began at once both go on', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const [first, second] = [await begin<Request>(browser, BEGIN_LOGIN), await begin<Request>(browser, BEGIN_LOGIN)]

    for (const { challengeId, options } of [first, second]) {
      const response = owner.authenticator.get(options)
      const { data } = await browser.graphql<LoggedIn>(COMPLETE_LOGIN, { challengeId, response })
      expect(data?.completePasskeyLogin.user.id).toBe(owner.userId)
    }
  })

  test('gives the browser a cookie of five minutes, which no script reads and the next call renews', async ({
    app,
  }) => {
    const browser = app.browser()
    const values = []
    for (let time = 0; time < 2; time++) {
      const { headers } = await browser.graphql(BEGIN_LOGIN, {})
      const cookie = headers.getSetCookie().find((line) => line.startsWith('latchkey-passkey='))
      expect(cookie).toMatch(/^latchkey-passkey=[\w-]{43}; Max-Age=300; Path=\/; HttpOnly; SameSite=Lax$/)
      values.push(browser.cookies.get('latchkey-passkey'))
    }
    expect(values[1]).toBe(values[0])
    browser.cookies.set('latchkey-passkey', 'short')
    await browser.graphql(BEGIN_LOGIN, {})
    expect(browser.cookies.get('latchkey-passkey')).toMatch(/^[\w-]{43}$/)
  })

  test('goes once in a request', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const [a, b] = [await begin<Request>(browser, BEGIN_LOGIN), await begin<Request>(browser, BEGIN_LOGIN)]
    const document = /* GraphQL */ `
      mutation ($a: ID!, $b: ID!, $x: JSON!, $y: JSON!) {
        one: completePasskeyLogin(input: { challengeId: $a, response: $x }) {
          __typename
        }
        two: completePasskeyLogin(input: { challengeId: $b, response: $y }) {
          __typename
        }
      }
    `
    const before = await app.services.database.systemDb.session.count()

    const { code } = await browser.graphql(document, {
      a: a.challengeId,
      b: b.challengeId,
      x: owner.authenticator.get(a.options),
      y: owner.authenticator.get(b.options),
    })

    expect(code).toBe('BAD_INPUT')
    expect(await app.services.database.systemDb.session.count()).toBe(before + 1)
  })

  test('makes no account', async ({ app }) => {
    const owner = await withPasskey(app)
    await passkeyLogin(app.browser(), owner.authenticator, { email: newAddress() })
    expect(await app.services.database.systemDb.user.count()).toBe(1)
  })

  test('lets the same passkey in after the server started again', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN)
    await app.restart()

    const response = owner.authenticator.get(options)
    const { data } = await browser.graphql<LoggedIn>(COMPLETE_LOGIN, { challengeId, response })

    expect(data?.completePasskeyLogin.user.id).toBe(owner.userId)
  })
})

describe('proving a session again by passkey', () => {
  test('names the passkeys of the account', async ({ app }) => {
    const owner = await withPasskey(app)
    const [credential] = owner.authenticator.credentials

    const { options } = await begin<Request>(owner.browser, BEGIN_REAUTHENTICATION)

    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(options.allowCredentials?.map(({ id }) => id)).toEqual([credential?.id.toString('base64url')])
  })

  test('is not offered to an account without one, which is told to use mail', async ({ app }) => {
    const { browser } = await signIn(app)
    const { code, errors } = await browser.graphql(BEGIN_REAUTHENTICATION)
    expect(code).toBe('NOT_FOUND')
    expect(errors[0]?.message).toMatch(/mail/)
  })

  test('is logged with its method, and notes where it came from', async ({ app }) => {
    const owner = await withPasskey(app)
    const moved = app.browser('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')
    for (const [name, value] of owner.browser.cookies) moved.cookies.set(name, value)

    const { data } = await reauthenticate(moved, owner.authenticator)

    expect(data?.completePasskeyReauthentication.level).toBe('STRONG')
    expect(await loggedDetails(app, 'reauthentication.succeeded')).toEqual([{ method: 'PASSKEY' }])
    const { userAgent } = await app.services.database.systemDb.session.findUniqueOrThrow({
      where: { id: rowId(owner.sessionId) },
    })
    expect(userAgent).toContain('Firefox')
  })
})

test('challenges that nobody answered are removed once they are too old', async ({ app }) => {
  const { passkeyChallenge } = app.services.database.systemDb
  await app.browser().graphql(BEGIN_LOGIN, {})
  app.clock.advance(6 * MINUTE)
  await app.browser().graphql(BEGIN_LOGIN, {})
  expect(await passkeyChallenge.count()).toBe(2)

  await removeOldChallenges.run(app.services)

  expect(await passkeyChallenge.count()).toBe(1)
})
