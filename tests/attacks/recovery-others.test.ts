import { describe, expect } from 'vitest'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer, Visitor } from '../support/browser-like.ts'
import { random } from '../support/envelopes.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import type { Authenticator } from '../support/authenticator.ts'
import {
  begin,
  BEGIN_LOGIN,
  BEGIN_REAUTHENTICATION,
  COMPLETE_REAUTHENTICATION,
  LEVEL,
  passkeyLogin,
  reauthenticate,
  register,
  siteOf,
} from '../support/passkeys.ts'
import type { Request } from '../support/passkeys.ts'
import { signIn } from '../support/people.ts'
import { CODES, ENABLE, keysOf, passkeySlot } from '../features/encryption/support.ts'
import { codeSlots } from '../support/envelopes.ts'
import { together } from './mail-links-support.ts'
import {
  answered,
  askToInitiate,
  BEGIN_PASSKEY,
  CANCEL_OPEN,
  codesOwner,
  COMPLETE,
  COMPLETE_PASSKEY,
  initiate,
  MINUTE,
  newKeys,
  openRequest,
  questionsInput,
  questionsOwner,
  recoveryStatus,
  SET_QUESTIONS,
  showAnswers,
  showCode,
  standing,
  tabOf,
} from './recovery-support.ts'
import type { Owner, Payload } from './recovery-support.ts'

type Touching = Owner & { authenticator: Authenticator; slotId: string }

/** Somebody whose passkey opens the keys, and who has begun to recover by it. */
async function touching(app: TestApp): Promise<Touching> {
  const owner = await codesOwner(app)
  const authenticator = makeAuthenticator(siteOf(app))
  const passkey = answered(await register(owner.browser, authenticator)).completePasskeyRegistration
  answered(await reauthenticate(owner.browser, authenticator))
  const slot = passkeySlot(owner.held, passkey.id)
  answered(await owner.browser.graphql(ENABLE, { input: { slot } }))
  await initiate(owner.browser, 'PASSKEY')
  return { ...owner, authenticator, slotId: slot.id }
}

const finishTouch = (browser: Visitor, variables: { challengeId: string; response: unknown }) =>
  browser.graphql<{ payload: Payload }>(COMPLETE_PASSKEY, variables)

/** Nothing of the account's recovery and keys has changed. A refused ceremony may end a challenge, and no more. */
async function unchanged(app: TestApp, userId: string, work: () => Promise<void>): Promise<void> {
  const before = await standing(app, userId)
  await work()
  expect(await standing(app, userId)).toEqual(before)
}

describe("S3, P1: another user's recovery", () => {
  test('S3: its request is in no node, and its codes and answers open nothing elsewhere', async ({ app }) => {
    const owner = await questionsOwner(app)
    const eve = await questionsOwner(app)
    const request = await initiate(owner.browser, 'SECURITY_QUESTIONS')
    const own = await initiate(eve.browser, 'SECURITY_QUESTIONS')
    await unchanged(app, owner.held.userId, async () => {
      const { data } = await eve.browser.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
        ids: [request.id, own.id],
      })
      expect(data).toEqual({ nodes: [null, { id: own.id }] })
      expect((await recoveryStatus(eve.browser)).request?.id).toBe(own.id)
      expect((await showCode(eve.browser, owner.codes[0] ?? '')).code).toBe('PROOF_INVALID')
      expect((await showAnswers(eve.browser, '0-1', owner.questions.verifiers['0-1'])).code).toBe('PROOF_INVALID')
      expect((await eve.browser.graphql(COMPLETE, { input: newKeys(owner.held).input })).code).toBe('RECOVERY_UNPROVEN')
    })
    expect((await showCode(owner.browser, eve.codes[0] ?? '')).code).toBe('PROOF_INVALID')
    expect(answered(await showCode(owner.browser, owner.codes[0] ?? '')).payload.slot).not.toBeNull()
  })

  test('S3: a recovery of one account writes no keys into another, and takes none of its slots', async ({ app }) => {
    const [owner, eve] = [await codesOwner(app), await codesOwner(app)]
    await initiate(eve.browser, 'RECOVERY_CODE')
    answered(await showCode(eve.browser, eve.codes[0] ?? ''))
    await unchanged(app, owner.held.userId, async () => {
      const { input } = newKeys(owner.held)
      expect((await eve.browser.graphql(COMPLETE, { input })).code).toBe('ENVELOPE_INVALID')
      const own = newKeys(eve.held).input
      const stolen = { ...own, slots: [input.slots[0], ...own.slots.slice(1)] }
      expect((await eve.browser.graphql(COMPLETE, { input: stolen })).code).toBe('ENVELOPE_INVALID')
      const passkeys = await touching(app)
      const foreign = passkeySlot({ ...eve.held, generation: 2 }, passkeys.slotId)
      const slots = [...own.slots, foreign]
      expect((await eve.browser.graphql(COMPLETE, { input: { ...own, slots } })).code).toBe('SLOTS_INVALID')
      expect((await eve.browser.graphql(COMPLETE, { input: own })).code).toBeNull()
    })
  })

  test("P1: another's passkey, or one that opens nothing, releases nothing", async ({ app }) => {
    const [owner, eve] = [await touching(app), await touching(app)]
    await unchanged(app, owner.held.userId, async () => {
      const { challengeId, options } = await begin<Request>(eve.browser, BEGIN_PASSKEY)
      const response = owner.authenticator.get({ ...options, allowCredentials: [] })
      expect((await finishTouch(eve.browser, { challengeId, response })).code).toBe('PASSKEY_INVALID')
    })

    const second = makeAuthenticator(siteOf(app))
    answered(await register(owner.browser, second))
    const { challengeId, options } = await begin<Request>(owner.browser, BEGIN_PASSKEY)
    const done = await finishTouch(owner.browser, { challengeId, response: second.get(options) })
    expect(answered(done).payload).toMatchObject({ slot: null, keys: { generation: 1 } })
    const input = newKeys(owner.held).input
    await unchanged(app, owner.held.userId, async () => {
      expect((await owner.browser.graphql(COMPLETE, { input })).code).toBe('RECOVERY_UNPROVEN')
    })
  })
})

describe('P2: the challenge of a recovery', () => {
  test('P2: the same assertion fifty times at once over two processes: one release', async ({ app }) => {
    const other = await app.second()
    const owner = await touching(app)
    const { challengeId, options } = await begin<Request>(owner.browser, BEGIN_PASSKEY)
    const response = owner.authenticator.get(options)
    // Each with the cookie that the session has now: the first that is through changes it.
    const tabs = Array.from({ length: 50 }, (_, index) => tabOf(owner.browser, index % 2 === 0 ? app : other))
    const answers = await together(50, (index) => finishTouch(tabs[index] ?? owner.browser, { challengeId, response }))

    const done = answers.filter(({ code }) => code === null)
    expect(done).toHaveLength(1)
    expect(done[0]?.data?.payload.slot).toMatchObject({ id: owner.slotId, kind: 'PASSKEY' })
    for (const { code } of answers) expect([null, 'CHALLENGE_INVALID', 'UNAUTHENTICATED']).toContain(code)
    const { systemDb } = app.services.database
    const where = { userId: owner.held.userId, action: 'recovery.released' }
    expect(await systemDb.auditEntry.count({ where })).toBe(1)
  })

  test('P2: a bad signature burns it', async ({ app }) => {
    const owner = await touching(app)
    const { challengeId, options } = await begin<Request>(owner.browser, BEGIN_PASSKEY)
    await unchanged(app, owner.held.userId, async () => {
      const bad = owner.authenticator.get(options, { badSignature: true })
      expect((await finishTouch(owner.browser, { challengeId, response: bad })).code).toBe('PASSKEY_INVALID')
      const good = owner.authenticator.get(options)
      expect((await finishTouch(owner.browser, { challengeId, response: good })).code).toBe('CHALLENGE_INVALID')
    })
  })

  test('P2: one of another purpose, of another session, of nobody, or an old one is refused', async ({ app }) => {
    const owner = await touching(app)
    const { browser, authenticator } = owner
    const second = await signIn(app, owner.email)
    const stranger = app.browser()
    const refused = async (from: Visitor, document: string, at = browser) => {
      const { challengeId, options } = await begin<Request>(from, document)
      const response = authenticator.get({ ...options, allowCredentials: [] })
      expect((await finishTouch(at, { challengeId, response })).code).toBe('CHALLENGE_INVALID')
    }
    await unchanged(app, owner.held.userId, async () => {
      await refused(browser, BEGIN_REAUTHENTICATION)
      await refused(stranger, BEGIN_LOGIN)
      await refused(second.browser, BEGIN_PASSKEY)
      const { options } = await begin<Request>(browser, BEGIN_PASSKEY)
      const unknown = { challengeId: '01900000-0000-7000-8000-000000000000', response: authenticator.get(options) }
      expect((await finishTouch(browser, unknown)).code).toBe('CHALLENGE_INVALID')

      const { challengeId, options: old } = await begin<Request>(browser, BEGIN_PASSKEY)
      app.clock.advance(6 * MINUTE)
      const response = authenticator.get(old)
      expect((await finishTouch(browser, { challengeId, response })).code).toBe('CHALLENGE_INVALID')
    })
  })

  test('P2: one of a recovery proves no session again', async ({ app }) => {
    const { browser, authenticator } = await touching(app)
    const { challengeId, options } = await begin<Request>(browser, BEGIN_PASSKEY)
    const response = authenticator.get(options)
    expect((await browser.graphql(COMPLETE_REAUTHENTICATION, { challengeId, response })).code).toBe('CHALLENGE_INVALID')
  })

  test("P3, P7: wrong origin, no verification of the user, and a PRF's result are refused", async ({ app }) => {
    const owner = await touching(app)
    const { browser, authenticator } = owner
    await unchanged(app, owner.held.userId, async () => {
      for (const [deviation, code] of [
        [{ origin: 'https://evil.example' }, 'PASSKEY_INVALID'],
        [{ uv: false }, 'PASSKEY_INVALID'],
        [{ rpId: 'evil.example' }, 'PASSKEY_INVALID'],
        [{ type: 'webauthn.create' }, 'PASSKEY_INVALID'],
        [{ clientExtensionResults: { prf: { results: { first: random(32) } } } }, 'BAD_INPUT'],
      ] as const) {
        const { challengeId, options } = await begin<Request>(browser, BEGIN_PASSKEY)
        const response = authenticator.get(options, deviation)
        expect((await finishTouch(browser, { challengeId, response })).code).toBe(code)
      }
    })
  })
})

describe('S4: what a session must have proved', () => {
  test('S4: a passkey alone recovers nothing: the mail must have been shown as well, and of late', async ({ app }) => {
    const owner = await touching(app)
    const browser = app.browser()
    answered(await passkeyLogin(browser, owner.authenticator))
    await unchanged(app, owner.held.userId, async () => {
      const refused = await browser.graphql(BEGIN_PASSKEY)
      expect(refused.errors[0]?.extensions).toMatchObject({
        code: 'REAUTHENTICATION_REQUIRED',
        methods: ['MAGIC_LINK'],
      })
    })
    // The passkey keeps the session at STRONG; what it has shown of the mail grows old.
    app.clock.advance(10 * MINUTE)
    answered(await reauthenticate(owner.browser, owner.authenticator))
    app.clock.advance(6 * MINUTE)
    await unchanged(app, owner.held.userId, async () => {
      expect(levelIn(await owner.browser.graphql(LEVEL))).toBe('STRONG')
      expect((await owner.browser.graphql(BEGIN_PASSKEY)).code).toBe('REAUTHENTICATION_REQUIRED')
    })
  })

  test('S4: a session whose proof is old recovers nothing, and stops what is open all the same', async ({ app }) => {
    const owner = await questionsOwner(app)
    await initiate(owner.browser, 'SECURITY_QUESTIONS')
    app.clock.advance(16 * MINUTE)
    const input = newKeys(owner.held).input
    await unchanged(app, owner.held.userId, async () => {
      const answers = [
        await askToInitiate(owner.browser, 'RECOVERY_CODE'),
        await showCode(owner.browser, owner.codes[0] ?? ''),
        await showAnswers(owner.browser, '0-1', owner.questions.verifiers['0-1']),
        await owner.browser.graphql(BEGIN_PASSKEY),
        await owner.browser.graphql(COMPLETE, { input }),
        await owner.browser.graphql(SET_QUESTIONS, { input: questionsInput(owner.held).input }),
      ]
      expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['REAUTHENTICATION_REQUIRED']))
    })
    expect(answered(await owner.browser.graphql(CANCEL_OPEN))).toEqual({ cancelOpenRecovery: true })
  })

  test('S4: a session below STRONG makes no new codes and no questions, by which it would then recover', async ({
    app,
  }) => {
    const owner = await touching(app)
    const { browser } = await signIn(app, owner.email)
    const slots = codeSlots(owner.held.userId, 1)
    await unchanged(app, owner.held.userId, async () => {
      expect((await browser.graphql(CODES, { input: { slots } })).code).toBe('REAUTHENTICATION_REQUIRED')
      const { input } = questionsInput(owner.held)
      expect((await browser.graphql(SET_QUESTIONS, { input })).code).toBe('REAUTHENTICATION_REQUIRED')
    })
  })

  test('S1: a recovery changes the token of the session, ends all others, and stands at STRONG', async ({ app }) => {
    const owner = await touching(app)
    const [before, other] = [tabOf(owner.browser, app), await signIn(app, owner.email)]
    const { browser } = await signIn(app, owner.email)
    const stale = tabOf(browser, app)
    expect(levelIn(await browser.graphql(LEVEL))).toBe('FRESH')
    answered(await showCode(browser, owner.codes[0] ?? ''))
    answered(await browser.graphql(COMPLETE, { input: newKeys(owner.held).input }))

    expect(levelIn(await browser.graphql(LEVEL))).toBe('STRONG')
    for (const dead of [before, other.browser, stale, owner.browser]) {
      expect((await dead.graphql('{ sessions { id } }')).code).toBe('UNAUTHENTICATED')
    }
    expect((await browser.graphql('{ sessions { id } }')).data).toMatchObject({ sessions: [{}] })
    expect(await openRequest(app, owner.held.userId)).toBeNull()
    expect((await keysOf(browser))?.generation).toBe(2)
  })

  const levelIn = ({ data }: Answer): unknown => (data as { session: { level: string } | null } | null)?.session?.level
})
