import { describe, expect } from 'vitest'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import { signIn } from '../support/people.ts'
import {
  begin,
  BEGIN_LOGIN,
  BEGIN_REAUTHENTICATION,
  BEGIN_REGISTRATION,
  COMPLETE_LOGIN,
  COMPLETE_REAUTHENTICATION,
  COMPLETE_REGISTRATION,
  DEVICES,
  loggedDetails,
  passkeyLogin,
  reauthenticate,
  register,
  REMOVE,
  RENAME,
  rowId,
  siteOf,
  withPasskey,
} from '../support/passkeys.ts'
import type { Creation, LoggedIn, PasskeyOwner, Request } from '../support/passkeys.ts'
import { logged, tally, together } from './mail-links-support.ts'

const MINUTE = 60_000

const passkeys = (app: TestApp) => app.services.database.systemDb.passkey.findMany({ orderBy: { id: 'asc' } })
const sessions = (app: TestApp) => app.services.database.systemDb.session.count()
const countOf = async (app: TestApp, userId: string) =>
  (await app.services.database.systemDb.user.findUniqueOrThrow({ where: { id: rowId(userId) } })).passkeyCount

describe("P1: another's passkey cannot be reached", () => {
  const UNKNOWN = 'passkey_01900000-0000-7000-8000-000000000000'

  for (const [what, document, variables] of [
    ['removed', REMOVE, {}],
    ['renamed', RENAME, { name: 'Mine now' }],
  ] as const) {
    test(`P1: it cannot be ${what} by its id, and an unknown id is answered alike`, async ({ app }) => {
      const [owner, other] = [await withPasskey(app), await withPasskey(app)]
      const before = await passkeys(app)

      const answers = []
      for (const id of [owner.passkey.id, UNKNOWN]) {
        const { status, data, errors } = await other.browser.graphql(document, { id, ...variables })
        answers.push({ status, data, errors })
      }

      expect(answers[0]?.errors[0]?.extensions.code).toBe('NOT_FOUND')
      expect(answers[0]).toEqual(answers[1])
      expect(await passkeys(app)).toEqual(before)
      expect([await countOf(app, owner.userId), await countOf(app, other.userId)]).toEqual([1, 1])
    })
  }

  test('P1: it is in no list, and no node', async ({ app }) => {
    const [owner, other] = [await withPasskey(app), await withPasskey(app)]

    const { data } = await other.browser.graphql(
      'query ($ids: [ID!]!) { devices { id } securityDevices { passkeys { id } sessions { id } } nodes(ids: $ids) { id } }',
      { ids: [owner.passkey.id, other.passkey.id] },
    )

    const own = [{ id: other.passkey.id }]
    expect(data).toEqual({
      devices: own,
      securityDevices: { passkeys: own, sessions: [{ id: other.sessionId }] },
      nodes: [null, ...own],
    })
  })
})

describe('P2: a challenge is consumed once, whatever follows', () => {
  test('P2: the same assertion fifty times at once: one session, 49 refusals', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN)
    const response = owner.authenticator.get(options)
    const before = await sessions(app)

    const answers = await together(50, () => browser.graphql(COMPLETE_LOGIN, { challengeId, response }))

    expect(tally(answers)).toEqual({ SignedIn: 1, CHALLENGE_INVALID: 49 })
    expect(await sessions(app)).toBe(before + 1)
    expect(await loggedDetails(app, 'login.succeeded')).toEqual([{ method: 'MAGIC_LINK' }, { method: 'PASSKEY' }])
  })

  test('P2: the same re-authentication fifty times at once: one renewal', async ({ app }) => {
    const owner = await withPasskey(app)
    const { challengeId, options } = await begin<Request>(owner.browser, BEGIN_REAUTHENTICATION)
    const response = owner.authenticator.get(options)
    // Each with the cookie that the session has now: the first that is through changes it.
    const cookie = [...owner.browser.cookies].map((pair) => pair.join('=')).join('; ')
    const send = () =>
      app.browser().graphql(COMPLETE_REAUTHENTICATION, { challengeId, response }, { headers: { cookie } })

    const answers = await together(50, send)

    const { undefined: renewed = 0, nothing = 0, ...refused } = tally(answers)
    expect(renewed + nothing).toBe(1)
    expect(Object.keys(refused).filter((code) => !['CHALLENGE_INVALID', 'UNAUTHENTICATED'].includes(code))).toEqual([])
    expect(await logged(app, 'reauthentication.succeeded')).toBe(1)
  })

  test('P2: the same new passkey fifty times at once: one passkey', async ({ app }) => {
    const { browser, userId } = await signIn(app)
    const { challengeId, options } = await begin<Creation>(browser, BEGIN_REGISTRATION)
    const response = makeAuthenticator(siteOf(app)).create(options)

    const answers = await together(50, () => browser.graphql(COMPLETE_REGISTRATION, { challengeId, response }))

    expect(answers.filter(({ data }) => data)).toHaveLength(1)
    expect(answers.filter(({ code }) => code === 'CHALLENGE_INVALID')).toHaveLength(49)
    expect([(await passkeys(app)).length, await countOf(app, userId)]).toEqual([1, 1])
  })

  test('P2: a bad signature burns the challenge', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN)
    const send = (response: unknown) => browser.graphql(COMPLETE_LOGIN, { challengeId, response })

    expect((await send(owner.authenticator.get(options, { badSignature: true }))).code).toBe('PASSKEY_INVALID')
    expect((await send(owner.authenticator.get(options))).code).toBe('CHALLENGE_INVALID')
    expect(browser.cookies.has('latchkey-session')).toBe(false)
  })

  test("P2: another browser's challenge is refused, and not burnt", async ({ app }) => {
    const owner = await withPasskey(app)
    const asking = app.browser()
    const { challengeId, options } = await begin<Request>(asking, BEGIN_LOGIN)
    const response = owner.authenticator.get(options)
    const withAnother = app.browser()
    await begin<Request>(withAnother, BEGIN_LOGIN)

    for (const thief of [app.browser(), withAnother, owner.browser]) {
      const { code } = await thief.graphql(COMPLETE_LOGIN, { challengeId, response })
      expect(code).toBe('CHALLENGE_INVALID')
    }

    expect(tally([await asking.graphql(COMPLETE_LOGIN, { challengeId, response })])).toEqual({ SignedIn: 1 })
  })

  test("P2: another session's challenge is refused, of the same user and of another, and not burnt", async ({
    app,
  }) => {
    const [owner, other] = [await withPasskey(app), await withPasskey(app)]
    const elsewhere = await signIn(app, owner.email)
    const { challengeId, options } = await begin<Request>(owner.browser, BEGIN_REAUTHENTICATION)
    const response = owner.authenticator.get(options)

    for (const { browser } of [other, elsewhere]) {
      const { code } = await browser.graphql(COMPLETE_REAUTHENTICATION, { challengeId, response })
      expect(code).toBe('CHALLENGE_INVALID')
    }

    const { errors } = await owner.browser.graphql(COMPLETE_REAUTHENTICATION, { challengeId, response })
    expect(errors).toEqual([])
  })

  const PURPOSES = [
    { purpose: 'registration', begins: BEGIN_REGISTRATION, completes: COMPLETE_REGISTRATION },
    { purpose: 'sign-in', begins: BEGIN_LOGIN, completes: COMPLETE_LOGIN },
    { purpose: 're-authentication', begins: BEGIN_REAUTHENTICATION, completes: COMPLETE_REAUTHENTICATION },
  ] as const
  const PAIRS = PURPOSES.flatMap((asked) =>
    PURPOSES.filter((used) => used !== asked).map((used) => ({ asked, used, name: `${asked.purpose}'s for a ${used.purpose}` })),
  ) // prettier-ignore

  test.for(PAIRS)('P2: a challenge of another purpose is refused: a $name', async ({ asked, used }, { app }) => {
    const owner = await withPasskey(app)
    await begin<Request>(owner.browser, BEGIN_LOGIN) // holds the cookie of a sign-in besides
    const { challengeId, options } = await begin<Creation & Request>(owner.browser, asked.begins)
    const before = [await passkeys(app), await sessions(app)]
    const response =
      used.purpose === 'registration'
        ? makeAuthenticator(siteOf(app)).create({
            ...options,
            rp: { id: 'localhost', name: 'localhost' },
            user: { id: 'AAAA', name: 'x', displayName: 'x' },
          })
        : owner.authenticator.get({ rpId: 'localhost', challenge: options.challenge })

    const { code } = await owner.browser.graphql(used.completes, { challengeId, response })

    expect(code).toBe('CHALLENGE_INVALID')
    expect([await passkeys(app), await sessions(app)]).toEqual(before)
  })

  test('P2: what is no challenge at all is refused alike', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const { options } = await begin<Request>(browser, BEGIN_LOGIN)
    const response = owner.authenticator.get(options)

    const answers = []
    for (const challengeId of ['', 'x', '01900000-0000-7000-8000-000000000000', "' OR 1=1 --", 'A'.repeat(5_000)]) {
      const { data, errors } = await browser.graphql(COMPLETE_LOGIN, { challengeId, response })
      answers.push({ data, errors })
    }

    expect(answers[0]?.errors[0]?.extensions.code).toBe('CHALLENGE_INVALID')
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })
})

describe('P5: a copied authenticator', () => {
  const copied = (app: TestApp, owner: PasskeyOwner) =>
    app.services.database.systemDb.securityAlert.count({
      where: { userId: rowId(owner.userId), kind: 'passkey.copied' },
    })
  const counterOf = async (app: TestApp, owner: PasskeyOwner) =>
    (await app.services.database.systemDb.passkey.findUniqueOrThrow({ where: { id: rowId(owner.passkey.id) } })).counter

  for (const [what, counter] of [
    ['went back', 6],
    ['stayed', 7],
    ['fell to none', 0],
  ] as const) {
    test(`P5: a counter that ${what} is refused at a sign-in, logged and alerted once a day`, async ({ app }) => {
      const owner = await withPasskey(app)
      expect(tally([await passkeyLogin(app.browser(), owner.authenticator, { counter: 7 })])).toEqual({ SignedIn: 1 })
      const before = await sessions(app)

      for (let time = 0; time < 2; time++) {
        const copy = app.browser()
        const { code, errors } = await passkeyLogin(copy, owner.authenticator, { counter })
        expect(code).toBe('PASSKEY_INVALID')
        expect(errors[0]?.message).not.toMatch(/counter|cop(y|ied)/i) // whoever holds the copy learns nothing
        expect(copy.cookies.has('latchkey-session')).toBe(false)
      }

      expect(await sessions(app)).toBe(before)
      expect(await counterOf(app, owner)).toBe(7n)
      expect(await copied(app, owner)).toBe(1)
      const [first] = await loggedDetails(app, 'login.failed')
      expect(first).toMatchObject({ method: 'PASSKEY', reason: expect.stringMatching(/counter/) as unknown })
      app.clock.advance(24 * 60 * MINUTE)
      await passkeyLogin(app.browser(), owner.authenticator, { counter })
      expect(await copied(app, owner)).toBe(2)
    })
  }

  test('P5: it is refused at a re-authentication too, and alerted', async ({ app }) => {
    const owner = await withPasskey(app)
    expect((await reauthenticate(owner.browser, owner.authenticator, { counter: 7 })).errors).toEqual([])

    const { code } = await reauthenticate(owner.browser, owner.authenticator, { counter: 7 })

    expect(code).toBe('PASSKEY_INVALID')
    expect(await counterOf(app, owner)).toBe(7n)
    expect(await copied(app, owner)).toBe(1)
    expect(await logged(app, 'reauthentication.failed')).toBe(1)
  })

  test('P5: the authenticator and its copy at once, with the same counter: one of them signs in', async ({ app }) => {
    const owner = await withPasskey(app)
    const tries = []
    for (let index = 0; index < 10; index++) {
      const browser = app.browser()
      const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN)
      const response = owner.authenticator.get(options, { counter: 3 })
      tries.push(() => browser.graphql<LoggedIn>(COMPLETE_LOGIN, { challengeId, response }))
    }

    const answers = await Promise.all(tries.map((send) => send()))

    expect(tally(answers)).toEqual({ SignedIn: 1, PASSKEY_INVALID: 9 })
    expect(await copied(app, owner)).toBe(1)
  })

  test('P5: one that counts goes on, and 0 after 0 is fine', async ({ app }) => {
    for (const counts of [true, false]) {
      const owner = await withPasskey(app, { counts })
      for (let time = 1; time <= 3; time++) {
        expect(tally([await passkeyLogin(app.browser(), owner.authenticator)])).toEqual({ SignedIn: 1 })
      }
      expect(await counterOf(app, owner)).toBe(counts ? 4n : 0n)
      expect(await copied(app, owner)).toBe(0)
    }
  })

  test('P5: a counter uses all of its 32 bits', async ({ app }) => {
    const owner = await withPasskey(app)
    const most = 2 ** 32 - 1

    expect(tally([await passkeyLogin(app.browser(), owner.authenticator, { counter: most })])).toEqual({ SignedIn: 1 })

    expect(await counterOf(app, owner)).toBe(BigInt(most))
  })
})

describe('P6: what an account may hold', () => {
  test('P6: a sixth passkey is refused', async ({ app }) => {
    const { browser, userId, email } = await signIn(app)
    const authenticators = Array.from({ length: 6 }, () => makeAuthenticator(siteOf(app)))
    const begun: Creation[] = []
    // All six before one is kept: a full account may not even begin.
    for (let index = 0; index < 6; index++) begun.push(await begin<Creation>(browser, BEGIN_REGISTRATION))
    const outcomes = []
    for (const [index, { challengeId, options }] of begun.entries()) {
      const response = authenticators[index]?.create(options)
      const { code, errors } = await browser.graphql(COMPLETE_REGISTRATION, { challengeId, response })
      outcomes.push(code ?? 'added')
      if (code) expect(errors[0]?.extensions).toMatchObject({ code: 'QUOTA_EXCEEDED', limit: 5 })
    }

    expect(outcomes).toEqual(['added', 'added', 'added', 'added', 'added', 'QUOTA_EXCEEDED'])
    expect((await browser.graphql(BEGIN_REGISTRATION)).code).toBe('QUOTA_EXCEEDED')
    expect([(await passkeys(app)).length, await countOf(app, userId)]).toEqual([5, 5])
    const sixth = authenticators[5]
    if (!sixth) throw new Error('There is no sixth authenticator.')
    expect((await passkeyLogin(app.browser(), sixth)).code).toBe('PASSKEY_INVALID')
    const alerts = await app.services.database.systemDb.securityAlert.count({ where: { kind: 'passkey.added' } })
    expect([alerts, email]).toEqual([5, email])
  })

  test('P6: fifty new ones at once: five are kept', async ({ app }) => {
    const { browser, userId } = await signIn(app)
    const tries: (() => ReturnType<typeof browser.graphql>)[] = []
    for (let index = 0; index < 50; index++) {
      const { challengeId, options } = await begin<Creation>(browser, BEGIN_REGISTRATION)
      const response = makeAuthenticator(siteOf(app)).create(options)
      tries.push(() => browser.graphql(COMPLETE_REGISTRATION, { challengeId, response }))
    }

    const answers = await Promise.all(tries.map((send) => send()))

    expect(answers.filter(({ data }) => data)).toHaveLength(5)
    expect(answers.filter(({ code }) => code === 'QUOTA_EXCEEDED')).toHaveLength(45)
    const kept = await passkeys(app)
    expect([kept.length, await countOf(app, userId)]).toEqual([5, 5])
    expect(new Set(kept.map(({ name }) => name)).size).toBe(5)
    expect(await logged(app, 'passkey.created')).toBe(5)
  })

  test('P6: the same passkey twice is refused', async ({ app }) => {
    const owner = await withPasskey(app)
    const [credential] = owner.authenticator.credentials
    const before = await passkeys(app)

    const { code } = await register(owner.browser, owner.authenticator, { credentialId: credential?.id ?? Buffer.of() })

    expect(code).toBe('PASSKEY_EXISTS')
    expect(await passkeys(app)).toEqual(before)
    expect(await countOf(app, owner.userId)).toBe(1)
  })

  test("P6: A's credential under B is refused, and goes on opening A's account alone", async ({ app }) => {
    const owner = await withPasskey(app)
    const other = await signIn(app)
    const [credential] = owner.authenticator.credentials
    const before = await passkeys(app)
    const stolen = makeAuthenticator(siteOf(app))

    const { code } = await register(other.browser, stolen, { credentialId: credential?.id ?? Buffer.of() })

    expect(code).toBe('PASSKEY_EXISTS')
    expect(await passkeys(app)).toEqual(before)
    expect(await countOf(app, other.userId)).toBe(0)
    expect((await passkeyLogin(app.browser(), stolen)).code).toBe('PASSKEY_INVALID')
    const { data } = await passkeyLogin(app.browser(), owner.authenticator)
    expect(data?.completePasskeyLogin.user.id).toBe(owner.userId)
  })

  test('P6: one that was removed makes room, and signs in no more', async ({ app }) => {
    const owner = await withPasskey(app)
    for (let more = 0; more < 4; more++) await register(owner.browser, makeAuthenticator(siteOf(app)))
    expect((await owner.browser.graphql(BEGIN_REGISTRATION)).code).toBe('QUOTA_EXCEEDED')

    expect((await owner.browser.graphql(REMOVE, { id: owner.passkey.id })).errors).toEqual([])

    expect((await passkeyLogin(app.browser(), owner.authenticator)).code).toBe('PASSKEY_INVALID')
    expect((await register(owner.browser, makeAuthenticator(siteOf(app)))).errors).toEqual([])
    expect([(await passkeys(app)).length, await countOf(app, owner.userId)]).toEqual([5, 5])
  })

  test('P6: one removal fifty times at once counts once', async ({ app }) => {
    const owner = await withPasskey(app)
    await register(owner.browser, makeAuthenticator(siteOf(app)))

    const answers = await together(50, () => owner.browser.graphql(REMOVE, { id: owner.passkey.id }))

    expect(answers.filter(({ data }) => data)).toHaveLength(1)
    expect(answers.filter(({ code }) => code === 'NOT_FOUND')).toHaveLength(49)
    expect([(await passkeys(app)).length, await countOf(app, owner.userId)]).toEqual([1, 1])
    const { data } = await owner.browser.graphql<{ devices: unknown[] }>(DEVICES)
    expect(data?.devices).toHaveLength(1)
  })
})
