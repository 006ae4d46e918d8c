import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { makeAuthenticator } from '../../support/authenticator.ts'
import type { Algorithm, Deviations } from '../../support/authenticator.ts'
import { signIn } from '../../support/people.ts'
import {
  begin,
  BEGIN_LOGIN,
  BEGIN_REGISTRATION,
  COMPLETE_LOGIN,
  loggedDetails,
  passkeyLogin,
  register,
  rowId,
  siteOf,
  withPasskey,
} from '../../support/passkeys.ts'
import type { Creation } from '../../support/passkeys.ts'

const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
const ICLOUD = 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd'

/** Registers a passkey and gives what it is called, or the code of the refusal. */
async function nameOf(
  app: TestApp,
  browser: Parameters<typeof register>[0],
  how: Deviations & { name?: string } = {},
): Promise<string | null | undefined> {
  const { data, code } = await register(browser, makeAuthenticator(siteOf(app)), how)
  return data?.completePasskeyRegistration.name ?? code
}

describe('beginning to register a passkey', () => {
  test('asks for one that is found by itself and verifies its user, and for no certificate', async ({ app }) => {
    const { browser, userId, email } = await signIn(app)

    const { options, expiresAt } = await begin<Creation>(browser, BEGIN_REGISTRATION)

    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'localhost' },
      user: { id: Buffer.from(rowId(userId)).toString('base64url'), name: email },
      challenge: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ alg, type: 'public-key' })),
      timeout: 300_000,
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    })
    const lasts = new Date(expiresAt).getTime() - app.clock.now().getTime()
    expect(Math.abs(lasts - 300_000)).toBeLessThan(30_000)
  })

  test("names the account's passkeys, and no other's, so that no device makes a second", async ({ app }) => {
    const [owner] = [await withPasskey(app), await withPasskey(app)]
    const [credential] = owner.authenticator.credentials

    const { options } = await begin<Creation>(owner.browser, BEGIN_REGISTRATION)

    expect(options.excludeCredentials?.map(({ id }) => id)).toEqual([credential?.id.toString('base64url')])
  })
})

describe('registering a passkey', () => {
  test('gives what it is, counts it, logs it, and warns its owner', async ({ app }) => {
    const { browser, userId, sessionId } = await signIn(app)
    const { systemDb } = app.services.database

    const { data } = await register(browser, makeAuthenticator(siteOf(app)), {
      name: '  My phone ',
      transports: ['hybrid', 'internal', 'telepathy'],
    })

    const passkey = data?.completePasskeyRegistration
    expect(passkey).toEqual({
      id: expect.stringMatching(/^passkey_[0-9a-f-]{36}$/) as unknown,
      name: 'My phone',
      deviceType: 'MULTI_DEVICE',
      backedUp: true,
      transports: ['hybrid', 'internal'],
      createdAt: expect.any(String) as unknown,
      lastUsedAt: null,
    })
    const id = rowId(passkey?.id ?? '')
    const [entry] = await systemDb.auditEntry.findMany({ where: { action: 'passkey.created' } })
    expect(entry).toMatchObject({ userId: rowId(userId), sessionId: rowId(sessionId), recordId: id, success: true })
    const [alert] = await systemDb.securityAlert.findMany({ where: { userId: rowId(userId), kind: 'passkey.added' } })
    expect(alert?.message).toContain('"My phone"')
  })

  test.for([
    ['ES256', -7],
    ['EdDSA', -8],
    ['RS256', -257],
  ] as const)('takes %s, and signs in with it', async ([, algorithm], { app }) => {
    const owner = await withPasskey(app, { algorithm: algorithm satisfies Algorithm })
    const { data } = await passkeyLogin(app.browser(), owner.authenticator)
    expect(data?.completePasskeyLogin.user.id).toBe(owner.userId)
  })

  test('tells a passkey that stays on its device from one that is synced, and whether it is', async ({ app }) => {
    const { browser } = await signIn(app)
    const shown = []
    for (const flags of [
      { be: false, bs: false },
      { be: true, bs: false },
      { be: true, bs: true },
    ]) {
      const { data } = await register(browser, makeAuthenticator(siteOf(app)), flags)
      shown.push([data?.completePasskeyRegistration.deviceType, data?.completePasskeyRegistration.backedUp])
    }
    expect(shown).toEqual([
      ['SINGLE_DEVICE', false],
      ['MULTI_DEVICE', false],
      ['MULTI_DEVICE', true],
    ])
  })

  test('does not take flags that contradict each other', async ({ app }) => {
    const { browser } = await signIn(app)
    expect(await nameOf(app, browser, { be: false, bs: true })).toBe('PASSKEY_INVALID')
  })

  test('does not burn its challenge where the name is refused: the same ceremony goes on under another', async ({
    app,
  }) => {
    const { browser } = await signIn(app)
    const { challengeId, options } = await begin<Creation>(browser, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)
    const complete = (name: string) =>
      browser.graphql(
        'mutation ($challengeId: ID!, $response: JSON!, $name: String) { completePasskeyRegistration(input: { challengeId: $challengeId, response: $response, name: $name }) { name } }',
        { challengeId, response, name },
      )

    expect((await complete('\u0000')).code).toBe('BAD_INPUT')
    expect((await complete('Key')).data).toEqual({ completePasskeyRegistration: { name: 'Key' } })
  })
})

describe('the name of a passkey', () => {
  test('is its provider, where its AAGUID says so, and else the device; each is told from the others', async ({
    app,
  }) => {
    const { browser } = await signIn(app)
    expect(await nameOf(app, browser, { aaguid: ICLOUD })).toBe('iCloud Keychain')
    expect(await nameOf(app, browser, { aaguid: ICLOUD })).toBe('iCloud Keychain 2')
    expect(await nameOf(app, browser)).toBe('Passkey on macOS')
    expect(await nameOf(app, browser, { aaguid: '12345678-0000-0000-0000-000000000000' })).toBe('Passkey on macOS 2')
    expect(await nameOf(app, browser, { name: 'iCloud Keychain' })).toBe('iCloud Keychain 3')
  })

  test('is found from the browser that registered it, and is plain where nothing is known', async ({ app }) => {
    const names = []
    for (const userAgent of [WINDOWS, 'curl/8.5.0']) {
      const { browser } = await signIn(app, undefined, { browser: app.browser(userAgent) })
      names.push(await nameOf(app, browser))
    }
    expect(names).toEqual(['Passkey on Windows', 'Passkey'])
  })

  test('is 1 to 64 characters that can be seen', async ({ app }) => {
    const { browser } = await signIn(app)
    for (const name of ['', '   ', 'x'.repeat(65), 'a\nb', 'a\u0000b', 'a\u202Eb', 'a\u200Bb', '\ud800'])
      expect(await nameOf(app, browser, { name }), JSON.stringify(name)).toBe('BAD_INPUT')
    expect(await nameOf(app, browser, { name: 'x'.repeat(64) })).toBe('x'.repeat(64))
    expect(await nameOf(app, browser, { name: 'Cafe\u0301 \u{1F511}' })).toBe('Caf\u00e9 \u{1F511}')
    expect(await loggedDetails(app, 'passkey.created')).toHaveLength(2)
  })
})

describe('a server that is reached by an IP address', () => {
  test('says that it has no passkeys, and offers mail alone', async () => {
    const app = await startTestApp({ env: { PUBLIC_URL: 'http://127.0.0.1:4321' } })
    onTestFinished(() => app.close())
    const { browser, email } = await signIn(app)

    const refusals = [
      await browser.graphql(BEGIN_REGISTRATION),
      await app.browser().graphql(BEGIN_LOGIN),
      await browser.graphql('mutation { beginPasskeyReauthentication { challengeId } }'),
    ]

    for (const { code, errors } of refusals) {
      expect(code).toBe('PASSKEYS_UNAVAILABLE')
      expect(errors[0]?.message).toMatch(/mail/)
    }
    const { data } = await app
      .browser()
      .graphql('query ($email: String!) { signInOptions(email: $email) { methods } }', { email })
    expect(data).toEqual({ signInOptions: { methods: ['MAGIC_LINK'] } })
    const response = { id: 'AA', rawId: 'AA', type: 'public-key', response: { clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'AA' } } // prettier-ignore
    const challengeId = '01900000-0000-7000-8000-000000000000'
    expect((await app.browser().graphql(COMPLETE_LOGIN, { challengeId, response })).data).toBeNull()
  })
})
