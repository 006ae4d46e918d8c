import { generateKeyPairSync } from 'node:crypto'
import { describe, expect } from 'vitest'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import type { Deviations } from '../support/authenticator.ts'
import { signIn } from '../support/people.ts'
import {
  begin,
  BEGIN_LOGIN,
  BEGIN_REAUTHENTICATION,
  BEGIN_REGISTRATION,
  COMPLETE_LOGIN,
  COMPLETE_REAUTHENTICATION,
  COMPLETE_REGISTRATION,
  loggedDetails,
  passkeyLogin,
  reauthenticate,
  register,
  siteOf,
  withPasskey,
} from '../support/passkeys.ts'
import type { Creation, PasskeyOwner, Request } from '../support/passkeys.ts'
import { tally } from './mail-links-support.ts'

const MINUTE = 60_000

type Forgery = { what: string; deviations: Deviations; reason: string }

// One thing is wrong in each, and the reason in the log says that it was this one.
const ANYWHERE: readonly Forgery[] = [
  { what: 'another origin', deviations: { origin: 'https://evil.example' }, reason: 'origin' },
  { what: 'the origin at another port', deviations: { origin: 'http://localhost:1' }, reason: 'origin' },
  { what: 'an origin below it', deviations: { origin: 'http://sub.localhost' }, reason: 'origin' },
  { what: 'an origin that begins alike', deviations: { origin: 'http://localhost.evil.example' }, reason: 'origin' },
  { what: 'the hash of another RP ID', deviations: { rpId: 'evil.example' }, reason: 'rp-id' },
  { what: 'another challenge', deviations: { challenge: 'A'.repeat(43) }, reason: 'challenge' },
  { what: 'a user who was not verified', deviations: { uv: false }, reason: 'user-verification' },
  { what: 'a user who was not present', deviations: { up: false }, reason: 'user-presence' },
]
const SIGNED: readonly Forgery[] = [
  ...ANYWHERE,
  { what: 'the type of a registration', deviations: { type: 'webauthn.create' }, reason: 'type' },
  { what: 'a bad signature', deviations: { badSignature: true }, reason: 'signature' },
  { what: 'a page of another site around it', deviations: framed(), reason: 'origin' },
  { what: 'the handle of another user', deviations: { userHandle: Buffer.from('another') }, reason: 'user-handle' },
]
const REGISTERED: readonly Forgery[] = [
  ...ANYWHERE,
  { what: 'the type of a sign-in', deviations: { type: 'webauthn.get' }, reason: 'type' },
  { what: 'an algorithm that was not asked for', deviations: { algorithm: -35 }, reason: 'algorithm' },
  {
    what: 'a certificate that was not asked for',
    deviations: {
      attestation: {
        fmt: 'packed',
        attStmt: new Map<string, unknown>([
          ['alg', -7],
          ['sig', new Uint8Array(64)],
          ['x5c', [new Uint8Array(64)]],
        ]),
      },
    },
    reason: 'attestation',
  },
  {
    what: 'a statement of a kind that was not asked for',
    deviations: { attestation: { fmt: 'fido-u2f', attStmt: new Map() } },
    reason: 'attestation',
  },
]

function framed(): Deviations {
  return { crossOrigin: true, topOrigin: 'https://evil.example' }
}

const passkeys = (app: TestApp) => app.services.database.systemDb.passkey.findMany({ orderBy: { id: 'asc' } })
const sessions = (app: TestApp) => app.services.database.systemDb.session.findMany({ orderBy: { id: 'asc' } })

describe('P3: a forged sign-in', () => {
  test.for(SIGNED)('P3: $what is refused', async ({ deviations, reason }, { app }) => {
    const owner = await withPasskey(app)
    const before = [await passkeys(app), await sessions(app)]
    const browser = app.browser()

    const { code } = await passkeyLogin(browser, owner.authenticator, deviations)

    expect(code).toBe('PASSKEY_INVALID')
    expect(browser.cookies.has('latchkey-session')).toBe(false)
    expect([await passkeys(app), await sessions(app)]).toEqual(before)
    expect(await loggedDetails(app, 'login.failed')).toEqual([{ method: 'PASSKEY', reason }])
    await expectOwnerStillSignsIn(app, owner)
  })

  test('P3: a signature by another key, of the same algorithm or another, is refused', async ({ app }) => {
    const owner = await withPasskey(app)
    const [credential] = owner.authenticator.credentials
    if (!credential) throw new Error('The authenticator holds nothing.')
    const keys = [
      { algorithm: -7, privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
      { algorithm: -8, privateKey: generateKeyPairSync('ed25519').privateKey },
      { algorithm: -257, privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey },
    ] as const
    for (const key of keys) {
      const forged = { ...credential, ...key }
      expect((await passkeyLogin(app.browser(), owner.authenticator, { credential: forged })).code).toBe(
        'PASSKEY_INVALID',
      )
    }
    await expectOwnerStillSignsIn(app, owner)
  })

  test('P3: a passkey that nobody registered is refused, in the same words as a bad signature', async ({ app }) => {
    const [owner, other] = [await withPasskey(app), makeAuthenticator(siteOf(app))]
    const { options } = await begin<Creation>(owner.browser, BEGIN_REGISTRATION)
    other.create(options)

    const unknown = await passkeyLogin(app.browser(), other)
    const bad = await passkeyLogin(app.browser(), owner.authenticator, { badSignature: true })

    expect(unknown.code).toBe('PASSKEY_INVALID')
    expect(unknown.errors).toEqual(bad.errors)
    expect(unknown.status).toBe(bad.status)
    expect(unknown.errors[0]?.message).toMatch(/mail/)
    expect(await loggedDetails(app, 'login.failed')).toEqual([
      { method: 'PASSKEY', reason: 'unknown' },
      { method: 'PASSKEY', reason: 'signature' },
    ])
  })

  test("P3: a passkey of another account than the address names is refused, and logged for the address' account", async ({
    app,
  }) => {
    const [owner, other] = [await withPasskey(app), await withPasskey(app)]

    const { code } = await passkeyLogin(app.browser(), owner.authenticator, { email: other.email })

    expect(code).toBe('PASSKEY_INVALID')
    const failures = await app.services.database.systemDb.auditEntry.findMany({ where: { action: 'login.failed' } })
    expect(failures.map(({ userId }) => `user_${userId}`)).toEqual([other.userId])
    await expectOwnerStillSignsIn(app, owner)
  })

  test('P3: one that comes after five minutes is refused, and one before is not', async ({ app }) => {
    const owner = await withPasskey(app)
    const [early, late] = [app.browser(), app.browser()]
    const [inTime, tooLate] = [await begin<Request>(early, BEGIN_LOGIN), await begin<Request>(late, BEGIN_LOGIN)]
    const answer = ({ challengeId, options }: Request) => ({ challengeId, response: owner.authenticator.get(options) })

    app.clock.advance(4.5 * MINUTE)
    expect(tally([await early.graphql(COMPLETE_LOGIN, answer(inTime))])).toEqual({ SignedIn: 1 })
    app.clock.advance(0.5 * MINUTE)
    expect((await late.graphql(COMPLETE_LOGIN, answer(tooLate))).code).toBe('CHALLENGE_INVALID')
  })

  test('P3: a user handle is not needed where the passkey is named', async ({ app }) => {
    const owner = await withPasskey(app)
    expect(tally([await passkeyLogin(app.browser(), owner.authenticator, { userHandle: null })])).toEqual({
      SignedIn: 1,
    })
  })
})

describe('P3: a forged re-authentication', () => {
  test.for(SIGNED)('P3: $what is refused', async ({ deviations, reason }, { app }) => {
    const owner = await withPasskey(app)
    const before = [await passkeys(app), await sessions(app)]

    const { code } = await reauthenticate(owner.browser, owner.authenticator, deviations)

    expect(code).toBe('PASSKEY_INVALID')
    expect([await passkeys(app), await sessions(app)]).toEqual(before)
    expect(await loggedDetails(app, 'reauthentication.failed')).toEqual([{ method: 'PASSKEY', reason }])
  })

  test("P3: another user's passkey is refused, also where its handle is left out", async ({ app }) => {
    const [owner, other] = [await withPasskey(app), await withPasskey(app)]
    const [credential] = other.authenticator.credentials
    if (!credential) throw new Error('The authenticator holds nothing.')

    for (const userHandle of [undefined, null]) {
      const { challengeId, options } = await begin<Request>(owner.browser, BEGIN_REAUTHENTICATION)
      const handle = userHandle === null ? { userHandle } : {}
      const response = other.authenticator.get(options, { credential, ...handle })
      const { code } = await owner.browser.graphql(COMPLETE_REAUTHENTICATION, { challengeId, response })
      expect(code).toBe('PASSKEY_INVALID')
    }
  })

  test('P3: one that comes after five minutes is refused', async ({ app }) => {
    const owner = await withPasskey(app)
    const { challengeId, options } = await begin<Request>(owner.browser, BEGIN_REAUTHENTICATION)
    const response = owner.authenticator.get(options)
    app.clock.advance(5 * MINUTE)

    const { code } = await owner.browser.graphql(COMPLETE_REAUTHENTICATION, { challengeId, response })

    expect(code).toBe('CHALLENGE_INVALID')
  })
})

describe('P3: a forged registration', () => {
  test.for(REGISTERED)('P3: $what is refused', async ({ deviations, reason }, { app }) => {
    const { browser } = await signIn(app)
    const before = await sessions(app)

    const { code, errors } = await register(browser, makeAuthenticator(siteOf(app)), deviations)

    expect(code).toBe('PASSKEY_INVALID')
    expect(errors[0]?.message).toMatch(/mail/)
    expect(await passkeys(app)).toEqual([])
    expect(await sessions(app)).toEqual(before)
    expect(await loggedDetails(app, 'passkey.refused')).toEqual([{ reason }])
    expect((await register(browser, makeAuthenticator(siteOf(app)))).errors).toEqual([])
  })

  test('P3: one that comes after five minutes is refused', async ({ app }) => {
    const { browser } = await signIn(app)
    const { challengeId, options } = await begin<Creation>(browser, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)
    app.clock.advance(5 * MINUTE)

    expect((await browser.graphql(COMPLETE_REGISTRATION, { challengeId, response })).code).toBe('CHALLENGE_INVALID')
    expect(await passkeys(app)).toEqual([])
  })
})

describe('P3: an answer that is none', () => {
  type Response = ReturnType<PasskeyOwner['authenticator']['get']>
  const within = (response: Response, member: object) => ({
    ...response,
    response: { ...response.response, ...member },
  })
  const MALFORMED: readonly (readonly [what: string, make: (response: Response) => unknown])[] = [
    ['nothing', () => null],
    ['a text', (response) => JSON.stringify(response)],
    ['a list', (response) => [response]],
    ['an empty object', () => ({})],
    ['another type', (response) => ({ ...response, type: 'password' })],
    ['an id that is an operator', (response) => ({ ...response, id: { not: '' }, rawId: { not: '' } })],
    ['an id in plain base64', (response) => ({ ...response, id: '+/+/', rawId: '+/+/' })],
    ['a signature that is a number', (response) => within(response, { signature: 1 })],
    ['no authenticator data', (response) => within(response, { authenticatorData: undefined })],
    ['a handle that is an object', (response) => within(response, { userHandle: {} })],
    ['client data of a megabyte', (response) => within(response, { clientDataJSON: 'A'.repeat(70_000) })],
  ]

  test.for(MALFORMED)('P3: %s is refused, and burns nothing', async ([, make], { app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN)
    const response = owner.authenticator.get(options)

    const refused = await browser.graphql(COMPLETE_LOGIN, { challengeId, response: make(response) })

    expect(refused.data ?? null).toBeNull()
    expect(['BAD_INPUT', 'GRAPHQL_VALIDATION_FAILED']).toContain(refused.code)
    expect(tally([await browser.graphql(COMPLETE_LOGIN, { challengeId, response })])).toEqual({ SignedIn: 1 })
  })

  const UNREADABLE: readonly (readonly [what: string, member: object])[] = [
    ['client data that is no JSON', { clientDataJSON: 'AAAA' }],
    ['client data that is null', { clientDataJSON: Buffer.from('null').toString('base64url') }],
    ['authenticator data that is too short', { authenticatorData: 'AAAA' }],
    ['a signature that is none', { signature: 'AAAA' }],
  ]

  test.for(UNREADABLE)('P3: %s is refused as any other', async ([, member], { app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN)

    const response = within(owner.authenticator.get(options), member)
    const { code, status } = await browser.graphql(COMPLETE_LOGIN, { challengeId, response })

    expect([code, status]).toEqual(['PASSKEY_INVALID', 200])
    expect(browser.cookies.has('latchkey-session')).toBe(false)
  })
})

async function expectOwnerStillSignsIn(app: TestApp, owner: PasskeyOwner): Promise<void> {
  const { data } = await passkeyLogin(app.browser(), owner.authenticator)
  expect(data?.completePasskeyLogin.user.id).toBe(owner.userId)
}
