import { describe, expect } from 'vitest'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import type { Visitor } from '../support/browser-like.ts'
import { newAddress, signIn } from '../support/people.ts'
import {
  begin,
  BEGIN_REAUTHENTICATION,
  BEGIN_REGISTRATION,
  COMPLETE_REAUTHENTICATION,
  COMPLETE_REGISTRATION,
  LEVEL,
  passkeyLogin,
  reauthenticate,
  register,
  REMOVE,
  RENAME,
  rowId,
  siteOf,
  withPasskey,
} from '../support/passkeys.ts'
import type { Creation, Request } from '../support/passkeys.ts'

const COOKIE = 'latchkey-session'
const MINUTE = 60_000
const REVOKE = 'mutation ($id: ID!) { revokeSession(id: $id) { id } }'

const tokenOf = ({ cookies }: Visitor) => cookies.get(COOKIE) ?? ''
const levelIn = async (browser: Visitor) =>
  (await browser.graphql<{ session: { level: string } | null }>(LEVEL)).data?.session?.level
const rowOf = (app: TestApp, sessionId: string) =>
  app.services.database.systemDb.session.findUniqueOrThrow({ where: { id: rowId(sessionId) } })

function thief(app: TestApp, token: string): Visitor {
  const browser = app.browser()
  browser.cookies.set(COOKIE, token)
  return browser
}

describe('S1: a session cannot be fixed beforehand, by a passkey as by mail', () => {
  test('S1: a planted token is never adopted', async ({ app }) => {
    const owner = await withPasskey(app)
    const planted = 'A'.repeat(43)
    const browser = thief(app, planted)

    const { data } = await passkeyLogin(browser, owner.authenticator)

    expect(data?.completePasskeyLogin.user.id).toBe(owner.userId)
    expect(tokenOf(browser)).not.toBe(planted)
    expect(await levelIn(thief(app, planted))).toBeUndefined()
  })

  test("S1: over a planted session of the attacker's it gets another one, and the planted one ends", async ({
    app,
  }) => {
    const [owner, attacker] = [await withPasskey(app), await signIn(app)]
    const planted = tokenOf(attacker.browser)

    const { data } = await passkeyLogin(thief(app, planted), owner.authenticator)

    expect(data?.completePasskeyLogin.session.id).not.toBe(attacker.sessionId)
    expect(await levelIn(thief(app, planted))).toBeUndefined()
  })

  test('S1: signing in by passkey over the own session changes the token and keeps the row', async ({ app }) => {
    const owner = await withPasskey(app)
    const old = tokenOf(owner.browser)

    const { data } = await passkeyLogin(owner.browser, owner.authenticator)

    expect(data?.completePasskeyLogin.session).toMatchObject({ id: owner.sessionId, current: true, level: 'STRONG' })
    expect(tokenOf(owner.browser)).not.toBe(old)
    expect(await levelIn(thief(app, old))).toBeUndefined()
  })

  test('S1: re-authentication changes the token, and keeps the row, its method and its end; the old token is dead', async ({
    app,
  }) => {
    const owner = await withPasskey(app)
    const [old, before] = [tokenOf(owner.browser), await rowOf(app, owner.sessionId)]
    app.clock.advance(20 * MINUTE)
    expect(await levelIn(owner.browser)).toBe('SESSION')

    const { data } = await reauthenticate(owner.browser, owner.authenticator)

    expect(data?.completePasskeyReauthentication).toEqual({
      id: owner.sessionId,
      current: true,
      level: 'STRONG',
      authMethod: 'MAGIC_LINK',
      expiresAt: before.expiresAt.toISOString(),
    })
    expect(tokenOf(owner.browser)).not.toBe(old)
    expect([await levelIn(owner.browser), await levelIn(thief(app, old))]).toEqual(['STRONG', undefined])
    const after = await rowOf(app, owner.sessionId)
    expect([after.createdAt, after.expiresAt]).toEqual([before.createdAt, before.expiresAt])
    expect(await app.services.database.systemDb.session.count()).toBe(1)
  })

  test('S1: a session that is ended while it is proved stays ended, whichever is first', async ({ app }) => {
    const owner = await withPasskey(app)
    const watching = await signIn(app, owner.email)
    for (let round = 0; round < 10; round++) {
      const { browser, sessionId } = await signIn(app, owner.email)
      const token = tokenOf(browser)
      const { challengeId, options } = await begin<Request>(browser, BEGIN_REAUTHENTICATION)
      const response = owner.authenticator.get(options)

      const [, revoked] = await Promise.all([
        browser.graphql(COMPLETE_REAUTHENTICATION, { challengeId, response }),
        watching.browser.graphql(REVOKE, { id: sessionId }),
      ])

      expect(revoked.errors).toEqual([])
      expect([await levelIn(browser), await levelIn(thief(app, token))]).toEqual([undefined, undefined])
      expect(await app.services.database.systemDb.session.count()).toBe(2)
    }
  })
})

describe('S2: a session that a passkey began ends as any other, in every process', () => {
  for (const [name, document] of [
    ['logout', 'mutation { logout }'],
    ['revokeSession', REVOKE],
  ] as const) {
    test(`S2: by ${name}`, async ({ app }) => {
      const owner = await withPasskey(app)
      const other = await app.second()
      const browser = app.browser()
      const { data } = await passkeyLogin(browser, owner.authenticator)
      const { id } = data?.completePasskeyLogin.session ?? {}
      const token = tokenOf(browser)
      expect(await levelIn(thief(other, token))).toBe('STRONG')

      expect((await browser.graphql(document, { id })).errors).toEqual([])

      expect([await levelIn(thief(app, token)), await levelIn(thief(other, token))]).toEqual([undefined, undefined])
    })
  }

  test('S2: removing the passkey ends no session, and none is strong by it for longer than its time', async ({
    app,
  }) => {
    const owner = await withPasskey(app)
    await register(owner.browser, makeAuthenticator(siteOf(app)))
    const browser = app.browser()
    await passkeyLogin(browser, owner.authenticator)

    expect((await owner.browser.graphql(REMOVE, { id: owner.passkey.id })).errors).toEqual([])

    expect(await levelIn(browser)).toBe('STRONG')
    app.clock.advance(15 * MINUTE)
    expect(await levelIn(browser)).toBe('SESSION')
  })
})

describe("S3: another's session cannot be reached by a passkey session", () => {
  test('S3: neither read nor revoked by its id', async ({ app }) => {
    const [owner, other] = [await withPasskey(app), await withPasskey(app)]
    const browser = app.browser()
    await passkeyLogin(browser, owner.authenticator)

    expect((await browser.graphql(REVOKE, { id: other.sessionId })).code).toBe('NOT_FOUND')
    const { data } = await browser.graphql('query ($id: ID!) { node(id: $id) { id } }', { id: other.sessionId })
    expect(data).toEqual({ node: null })
    expect(await levelIn(other.browser)).toBe('STRONG')
  })
})

describe('S4: a weak session changes no strong factor', () => {
  const REFUSED = { code: 'REAUTHENTICATION_REQUIRED', level: 'STRONG', methods: ['PASSKEY'] }

  test('S4: a session by mail alone, of an account with a passkey, neither adds nor removes one', async ({ app }) => {
    const owner = await withPasskey(app)
    const { browser } = await signIn(app, owner.email)
    const before = await app.services.database.systemDb.passkey.findMany()
    const { challengeId, options } = await begin<Creation>(owner.browser, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)

    const refusals = [
      await browser.graphql(REMOVE, { id: owner.passkey.id }),
      await browser.graphql(BEGIN_REGISTRATION),
      await browser.graphql(COMPLETE_REGISTRATION, { challengeId, response }),
    ]

    for (const { errors } of refusals) expect(errors[0]?.extensions).toMatchObject(REFUSED)
    expect(await app.services.database.systemDb.passkey.findMany()).toEqual(before)
  })

  test('S4: it does once a passkey has proved it, for a quarter of an hour', async ({ app }) => {
    const owner = await withPasskey(app)
    const { browser } = await signIn(app, owner.email)
    await reauthenticate(browser, owner.authenticator)
    const second = makeAuthenticator(siteOf(app))
    expect((await register(browser, second)).errors).toEqual([])
    app.clock.advance(15 * MINUTE)

    const { errors } = await browser.graphql(REMOVE, { id: owner.passkey.id })

    expect(errors[0]?.extensions).toMatchObject(REFUSED)
    await reauthenticate(browser, second)
    expect((await browser.graphql(REMOVE, { id: owner.passkey.id })).errors).toEqual([])
  })

  test('S4: a passkey session that goes on from another browser is weak', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    await passkeyLogin(browser, owner.authenticator)
    const elsewhere = app.browser('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')
    elsewhere.cookies.set(COOKIE, tokenOf(browser))

    expect([await levelIn(browser), await levelIn(elsewhere)]).toEqual(['STRONG', 'SESSION'])
    expect((await elsewhere.graphql(REMOVE, { id: owner.passkey.id })).code).toBe('REAUTHENTICATION_REQUIRED')
  })

  test('S4: a name asks for a fresh proof of any kind', async ({ app }) => {
    const owner = await withPasskey(app)
    const { browser } = await signIn(app, owner.email)
    const variables = { id: owner.passkey.id, name: 'Work' }
    expect((await browser.graphql(RENAME, variables)).errors).toEqual([])
    app.clock.advance(15 * MINUTE)

    const { errors } = await browser.graphql(RENAME, variables)

    expect(errors[0]?.extensions).toMatchObject({ ...REFUSED, level: 'FRESH', methods: ['PASSKEY', 'MAGIC_LINK'] })
  })

  test('S4: nobody reaches them without a session', async ({ app }) => {
    const { challengeId, options } = await begin<Creation>((await signIn(app)).browser, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)
    for (const [document, variables] of [
      [BEGIN_REGISTRATION, {}],
      [COMPLETE_REGISTRATION, { challengeId, response }],
      [REMOVE, { id: 'passkey_01900000-0000-7000-8000-000000000000' }],
      [RENAME, { id: 'passkey_01900000-0000-7000-8000-000000000000', name: 'x' }],
      ['mutation { beginPasskeyReauthentication { challengeId } }', {}],
      ['{ devices { id } }', {}],
      ['{ securityDevices { passkeysLeft } }', {}],
    ] as const) {
      expect((await app.browser().graphql(document, variables)).code).toBe('UNAUTHENTICATED')
    }
  })
})

describe('passkeys and levels', () => {
  test('passkeys: the level falls to FRESH for mail sessions once a passkey exists', async ({ app }) => {
    const email = newAddress()
    const [mail, registering] = [await signIn(app, email), await signIn(app, email)]
    expect([await levelIn(mail.browser), await levelIn(registering.browser)]).toEqual(['STRONG', 'STRONG'])

    await register(registering.browser, makeAuthenticator(siteOf(app)))

    expect([await levelIn(mail.browser), await levelIn(registering.browser)]).toEqual(['FRESH', 'STRONG'])
    expect(await levelIn((await signIn(app, email)).browser)).toBe('FRESH')
  })

  test('passkeys: the level of mail sessions is STRONG again once the last passkey is gone', async ({ app }) => {
    const owner = await withPasskey(app)
    const { browser } = await signIn(app, owner.email)
    expect(await levelIn(browser)).toBe('FRESH')

    await owner.browser.graphql(REMOVE, { id: owner.passkey.id })

    expect(await levelIn(browser)).toBe('STRONG')
  })

  test('passkeys: what follows in the request that adds the first one goes by it', async ({ app }) => {
    const { browser } = await signIn(app)
    const { challengeId, options } = await begin<Creation>(browser, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)
    const document = /* GraphQL */ `
      mutation ($challengeId: ID!, $response: JSON!) {
        completePasskeyRegistration(input: { challengeId: $challengeId, response: $response }) {
          id
        }
        beginPasskeyReauthentication {
          options
        }
        next: beginPasskeyRegistration {
          challengeId
        }
      }
    `
    expect((await browser.graphql(document, { challengeId, response })).errors).toEqual([])
  })
})
