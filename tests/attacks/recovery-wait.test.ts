import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { signIn } from '../support/people.ts'
import { newKid } from '../support/envelopes.ts'
import { setupInput } from '../features/encryption/support.ts'
import {
  answered,
  ASK_TO_BEGIN_ANEW,
  askToInitiate,
  BEGIN_ANEW,
  CANCEL_OPEN,
  cancelBy,
  cancelTokenOf,
  codesOwner,
  COMPLETE,
  databaseTime,
  DAY,
  HOUR,
  initiate,
  MINUTE,
  newKeys,
  openRequest,
  passTime,
  questionsInput,
  questionsOwner,
  recoveryStatus,
  requestsOf,
  REMOVE_QUESTIONS,
  SET_QUESTIONS,
  showAnswers,
  showCode,
  standing,
} from './recovery-support.ts'
import type { Owner, Questions } from './recovery-support.ts'

type Questioned = Owner & { questions: Questions }

const answersOf = ({ questions }: Questioned) => questions.verifiers['0-2']
const answer = (owner: Questioned, browser = owner.browser) => showAnswers(browser, '0-2', answersOf(owner))

/** Somebody whose two answers were right a moment ago. */
async function waiting(app: TestApp) {
  const owner = await questionsOwner(app)
  await initiate(owner.browser, 'SECURITY_QUESTIONS')
  const { payload } = answered(await answer(owner))
  return { ...owner, request: payload.request }
}

/** Lets time pass until an instant of the open request lies so far ahead; below zero, so far behind. */
async function passUntil(app: TestApp, userId: string, name: 'availableAt' | 'expiresAt', ahead: number) {
  const request = await openRequest(app, userId)
  const now = await databaseTime(app)
  if (!request) throw new Error('There is no open request.')
  await passTime(app, userId, request[name].getTime() - ahead - now.getTime())
}

type Moment<Result> = {
  /** The instant, as the rows have it. */
  at: () => Promise<number>
  ask: () => Promise<Result>
  /** Takes back what an answer that came too late has begun. */
  undo?: () => Promise<unknown>
}

/**
 * Asks when an instant lies one second ahead, and what the account was before and after. Once more where the database
 * passed the instant meanwhile: what came then says nothing.
 */
async function aSecondBefore<Result>(app: TestApp, userId: string, { at, ask, undo }: Moment<Result>) {
  for (;;) {
    await passTime(app, userId, (await at()) - 1_000 - (await databaseTime(app)).getTime())
    const [before, instant] = [await standing(app, userId), await at()]
    const result = await ask()
    if ((await databaseTime(app)).getTime() < instant) return { result, before, after: await standing(app, userId) }
    await undo?.()
  }
}

/** Lets time pass until an instant is there. */
async function passTo(app: TestApp, userId: string, at: () => Promise<number>): Promise<void> {
  await passTime(app, userId, (await at()) - (await databaseTime(app)).getTime())
}

const forgetOpen = ({ services }: TestApp, userId: string) =>
  services.database.systemDb.recoveryRequest.deleteMany({ where: { userId, isOpen: true } })

const states = (owner: Questioned) => recoveryStatus(owner.browser).then(({ request }) => request?.state)

describe('R3: the wait of 48 hours', () => {
  test('R3: 47:59:59 after the answers nothing is released, at 48:00:00 the slot is', async ({ app }) => {
    const owner = await waiting(app)
    const { held, request } = owner
    expect(request.state).toBe('WAITING')
    const row = await openRequest(app, held.userId)
    expect(row?.availableAt.getTime()).toBe((row?.answeredAt?.getTime() ?? 0) + 48 * HOUR)
    expect(row?.expiresAt.getTime()).toBe((row?.answeredAt?.getTime() ?? 0) + 48 * HOUR + 7 * DAY)
    expect(Math.abs((row?.answeredAt?.getTime() ?? 0) - (await databaseTime(app)).getTime())).toBeLessThan(MINUTE)

    const at = async () => (await openRequest(app, held.userId))?.availableAt.getTime() ?? 0
    const early = await aSecondBefore(app, held.userId, { at, ask: () => answer(owner) })
    expect(answered(early.result).payload).toMatchObject({ request: { state: 'WAITING' }, slot: null, keys: null })
    expect(early.after).toEqual(early.before)

    await passTo(app, held.userId, at)
    const { payload } = answered(await answer(owner))
    expect(payload).toMatchObject({
      request: { state: 'READY', method: 'SECURITY_QUESTIONS' },
      slot: { id: owner.questions.slots['0-2'].id, envelope: owner.questions.slots['0-2'].envelope },
      keys: { encryptedPrivateKey: owner.input.encryptedPrivateKey },
    })
    expect((await owner.browser.graphql(COMPLETE, { input: newKeys(held).input })).code).toBeNull()
  })

  test('R3: nothing completes before the release, whatever is waited for', async ({ app }) => {
    const owner = await waiting(app)
    const { browser, held } = owner
    const input = newKeys(held).input
    const before = await standing(app, held.userId)
    expect((await browser.graphql(COMPLETE, { input })).code).toBe('RECOVERY_UNPROVEN')
    expect(await standing(app, held.userId)).toEqual(before)
    await passTime(app, held.userId, 3 * DAY)
    expect((await browser.graphql(COMPLETE, { input })).code).toBe('RECOVERY_UNPROVEN')
  })

  test('R3: the wait counts from the answers, not from the beginning', async ({ app }) => {
    const owner = await questionsOwner(app)
    const begun = await initiate(owner.browser, 'SECURITY_QUESTIONS')
    expect(begun.state).toBe('WAITING')
    await passTime(app, owner.held.userId, 3 * DAY)
    const { payload } = answered(await answer(owner))
    expect(payload).toMatchObject({ slot: null, keys: null, request: { state: 'WAITING' } })
    await passTime(app, owner.held.userId, 47 * HOUR)
    expect(answered(await answer(owner)).payload.slot).toBeNull()
    await passTime(app, owner.held.userId, HOUR)
    expect(answered(await answer(owner)).payload.slot).not.toBeNull()
  })

  test('R3: answering again, by another pair or session, moves nothing', async ({ app }) => {
    const owner = await waiting(app)
    const second = await signIn(app, owner.email)
    await passTime(app, owner.held.userId, DAY)
    const row = await openRequest(app, owner.held.userId)
    for (const browser of [owner.browser, second.browser]) {
      answered(await answer(owner, browser))
      answered(await showAnswers(browser, '1-2', owner.questions.verifiers['1-2']))
    }
    expect(await openRequest(app, owner.held.userId)).toEqual(row)
  })

  test('R3: starting again, by any method or session, neither shortens the wait nor restarts it', async ({ app }) => {
    const owner = await waiting(app)
    const second = await signIn(app, owner.email)
    await passTime(app, owner.held.userId, 47 * HOUR)
    const row = await openRequest(app, owner.held.userId)
    for (const browser of [owner.browser, second.browser]) {
      for (const method of ['SECURITY_QUESTIONS', 'RECOVERY_CODE'] as const) {
        const again = answered(await askToInitiate(browser, method)).request
        expect(again).toMatchObject({ id: owner.request.id, state: 'WAITING' })
      }
    }
    expect(await openRequest(app, owner.held.userId)).toEqual(row)
    expect(answered(await answer(owner)).payload.slot).toBeNull()
    await passTime(app, owner.held.userId, HOUR)
    expect(answered(await answer(owner)).payload.slot).not.toBeNull()
  })

  test("R3: the clock is the database's: the server's own, days ahead or behind, changes nothing", async ({ app }) => {
    const owner = await waiting(app)
    const row = await openRequest(app, owner.held.userId)
    for (const days of [3, 30, -60, 27]) {
      app.clock.advance(days * DAY)
      const { browser } = await signIn(app, owner.email)
      expect((await recoveryStatus(browser)).request).toEqual(owner.request)
      expect(answered(await answer(owner, browser)).payload).toMatchObject({ slot: null, keys: null })
      expect((await browser.graphql(COMPLETE, { input: newKeys(owner.held).input })).code).toBe('RECOVERY_UNPROVEN')
      expect(await openRequest(app, owner.held.userId)).toEqual(row)
    }

    app.clock.advance(-10 * DAY) // and the rows' instants say that it is time
    await passTime(app, owner.held.userId, 2 * DAY)
    const { browser } = await signIn(app, owner.email)
    expect(answered(await answer(owner, browser)).payload.slot).not.toBeNull()
  })

  test("R3: a recovery that is begun under a wrong clock has the database's instants", async ({ app }) => {
    const owner = await questionsOwner(app)
    for (const days of [-40, 80]) {
      app.clock.advance(days * DAY)
      const { browser } = await signIn(app, owner.email)
      await initiate(browser, days < 0 ? 'SECURITY_QUESTIONS' : 'RECOVERY_CODE')
      if (days < 0) answered(await answer(owner, browser))
      const { createdAt, availableAt, answeredAt } = (await openRequest(app, owner.held.userId)) ?? {}
      const now = (await databaseTime(app)).getTime()
      expect(Math.abs(now - (createdAt?.getTime() ?? 0))).toBeLessThan(HOUR)
      expect(Math.abs(now + 48 * HOUR - (availableAt?.getTime() ?? 0))).toBeLessThan(HOUR)
      expect(Math.abs(now - (answeredAt?.getTime() ?? 0))).toBeLessThan(HOUR)
    }
  })

  test('R3: seven days after the wait the recovery has expired, and nothing is released', async ({ app }) => {
    const owner = await waiting(app)
    const { held, browser } = owner
    await passUntil(app, held.userId, 'expiresAt', HOUR)
    expect(await states(owner)).toBe('READY')
    await passUntil(app, held.userId, 'expiresAt', 0)
    expect(await states(owner)).toBe('EXPIRED')
    expect((await answer(owner)).code).toBe('RECOVERY_NOT_OPEN')
    expect((await browser.graphql(COMPLETE, { input: newKeys(held).input })).code).toBe('RECOVERY_NOT_OPEN')
    expect(await app.services.database.systemDb.keySlot.count({ where: { userId: held.userId } })).toBe(12)
  })

  test('R3: a release that was not completed expires with the recovery', async ({ app }) => {
    const owner = await codesOwner(app)
    const { browser, held, codes } = owner
    await initiate(browser, 'RECOVERY_CODE')
    answered(await showCode(browser, codes[0] ?? ''))
    await passUntil(app, held.userId, 'expiresAt', 0)
    const before = await standing(app, held.userId)
    expect((await browser.graphql(COMPLETE, { input: newKeys(held).input })).code).toBe('RECOVERY_NOT_OPEN')
    expect((await standing(app, held.userId)).keys).toEqual(before.keys)
    expect((await showCode(browser, codes[1] ?? '')).code).toBe('RECOVERY_NOT_OPEN')
    expect((await standing(app, held.userId)).slots).toEqual(before.slots)
  })
})

describe('R3: what ends it', () => {
  test('R3: the link in the mail, without a session, ends the wait, and locks the questions for seven days to the second', async ({
    app,
  }) => {
    const owner = await waiting(app)
    const { browser, held } = owner
    const token = await cancelTokenOf(app, owner.email)
    const stranger = app.browser()
    expect(answered(await cancelBy(stranger, token))).toEqual({ cancelRecovery: true })
    expect(stranger.cookies.size).toBe(0)
    await expectStopped(app, owner)

    expect((await askToInitiate(browser, 'SECURITY_QUESTIONS')).code).toBe('RECOVERY_UNAVAILABLE')
    await refusedUntil(app, owner, async () => {
      const [request] = await requestsOf(app, held.userId)
      return (request?.closedAt?.getTime() ?? 0) + 7 * DAY
    })
  })

  test('R3: any session of the owner ends it, without a fresh proof', async ({ app }) => {
    const owner = await waiting(app)
    app.clock.advance(HOUR)
    expect(answered(await owner.browser.graphql(CANCEL_OPEN))).toEqual({ cancelOpenRecovery: true })
    const { browser } = await signIn(app, owner.email)
    await expectStopped(app, { ...owner, browser })
  })

  test("R3: another user's session ends nothing of it", async ({ app }) => {
    const owner = await waiting(app)
    const eve = await signIn(app)
    const before = await standing(app, owner.held.userId)
    expect(answered(await eve.browser.graphql(CANCEL_OPEN))).toEqual({ cancelOpenRecovery: false })
    expect(await standing(app, owner.held.userId)).toEqual(before)
  })

  test('R3: it can be ended when the slot is released already, and nothing can then be completed', async ({ app }) => {
    const owner = await waiting(app)
    await passTime(app, owner.held.userId, 2 * DAY)
    expect(answered(await answer(owner)).payload.slot).not.toBeNull()
    expect(answered(await cancelBy(app.browser(), await cancelTokenOf(app, owner.email)))).toEqual({
      cancelRecovery: true,
    })
    await expectStopped(app, owner)
  })

  test('R3: a cancelled way by code stays locked as well, and the other ways do not', async ({ app }) => {
    const owner = await questionsOwner(app)
    await initiate(owner.browser, 'RECOVERY_CODE')
    answered(await owner.browser.graphql(CANCEL_OPEN))
    expect((await askToInitiate(owner.browser, 'RECOVERY_CODE')).code).toBe('RECOVERY_UNAVAILABLE')
    expect((await askToInitiate(owner.browser, 'SECURITY_QUESTIONS')).code).toBeNull()
  })

  async function expectStopped(app: TestApp, owner: Questioned): Promise<void> {
    const { browser, held } = owner
    expect((await recoveryStatus(browser)).request?.state ?? 'CANCELLED').toBe('CANCELLED')
    await passTime(app, held.userId, 2 * DAY)
    const before = await standing(app, held.userId)
    expect((await answer(owner, browser)).code).toBe('RECOVERY_NOT_OPEN')
    expect((await browser.graphql(COMPLETE, { input: newKeys(held).input })).code).toBe('RECOVERY_NOT_OPEN')
    expect(await standing(app, held.userId)).toEqual(before)
  }
})

describe('R3: what closes the questions for seven days', () => {
  test('R3: new questions may be used seven days later, not a second before', async ({ app }) => {
    const owner = await codesOwner(app)
    const { input } = questionsInput(owner.held)
    answered(await owner.browser.graphql(SET_QUESTIONS, { input }))
    const setAt = async () => {
      const row = await app.services.database.systemDb.securityQuestions.findUnique({
        where: { userId: owner.held.userId },
      })
      return row?.setAt.getTime() ?? 0
    }
    await refusedUntil(app, owner, async () => (await setAt()) + 7 * DAY)
  })

  test('R3: so may old ones after a change of the mail address', async ({ app }) => {
    const owner = await questionsOwner(app)
    await changeAddress(app, owner.held.userId)
    const changedAt = async () => {
      const { emailChangedAt } = await app.services.database.systemDb.user.findUniqueOrThrow({
        where: { id: owner.held.userId },
      })
      return emailChangedAt?.getTime() ?? 0
    }
    await refusedUntil(app, owner, async () => (await changedAt()) + 7 * DAY)
  })

  test('R3: a change in the middle of the wait stops it too: the rule is asked at each step', async ({ app }) => {
    const owner = await waiting(app)
    await passTime(app, owner.held.userId, 2 * DAY)
    await changeAddress(app, owner.held.userId)
    const before = await standing(app, owner.held.userId)
    expect((await answer(owner)).code).toBe('RECOVERY_UNAVAILABLE')
    expect(await standing(app, owner.held.userId)).toEqual(before)
  })

  test('R3: new questions end a wait that the old ones began', async ({ app }) => {
    const owner = await waiting(app)
    await passTime(app, owner.held.userId, 2 * DAY)
    const { input, questions } = questionsInput(owner.held)
    answered(await owner.browser.graphql(SET_QUESTIONS, { input }))
    for (const verifier of [answersOf(owner), questions.verifiers['0-2']]) {
      expect((await showAnswers(owner.browser, '0-2', verifier)).code).toBe('RECOVERY_NOT_OPEN')
    }
    expect((await askToInitiate(owner.browser, 'SECURITY_QUESTIONS')).code).toMatch(
      /^(RECOVERY_UNAVAILABLE|RATE_LIMITED)$/,
    )
  })

  test('R3: so does their removal', async ({ app }) => {
    const owner = await waiting(app)
    await passTime(app, owner.held.userId, 2 * DAY)
    answered(await owner.browser.graphql(REMOVE_QUESTIONS))
    expect((await answer(owner)).code).toBe('RECOVERY_NOT_OPEN')
    expect((await askToInitiate(owner.browser, 'SECURITY_QUESTIONS')).code).toBe('RECOVERY_UNAVAILABLE')
    const { methods, questions } = await recoveryStatus(owner.browser)
    expect({ methods, questions }).toEqual({ methods: ['RECOVERY_CODE'], questions: [] })
  })

  /** Another address, a moment ago by the database's clock. */
  async function changeAddress(app: TestApp, userId: string): Promise<void> {
    const emailChangedAt = await databaseTime(app)
    await app.services.database.systemDb.user.update({ where: { id: userId }, data: { emailChangedAt } })
  }
})

describe('R3: a fresh start', () => {
  const ask = ({ browser, email }: Owner) => browser.graphql(ASK_TO_BEGIN_ANEW, { confirmation: email })
  const beginAnew = ({ browser, held }: Owner) => {
    const next = { kid: newKid(), generation: held.generation + 1, ringRevision: held.ringRevision + 1 }
    return browser.graphql(BEGIN_ANEW, { input: setupInput(held.userId, next) })
  }

  test('R3: a second before seven days nothing is given up, at seven days it is', async ({ app }) => {
    const owner = await codesOwner(app)
    const { userId } = owner.held
    answered(await ask(owner))
    await passTime(app, userId, 3 * DAY)
    const asked = await standing(app, userId)
    answered(await ask(owner)) // again, which neither shortens the wait nor restarts it
    expect(await standing(app, userId)).toEqual(asked)
    const at = async () => (await standing(app, userId)).freshStarts[0]?.availableAt.getTime() ?? 0
    const early = await aSecondBefore(app, userId, { at, ask: () => beginAnew(owner) })
    expect(early.result.code).toBe('RECOVERY_UNAVAILABLE')
    expect(early.after).toEqual(early.before)
    await passTo(app, userId, at)
    answered(await beginAnew(owner))
  })

  test("R3: the clock is the database's here too, also for how long none can be asked for after one was stopped", async ({
    app,
  }) => {
    const owner = await codesOwner(app)
    answered(await ask(owner))
    for (const days of [8, -30]) {
      app.clock.advance(days * DAY)
      const { browser } = await signIn(app, owner.email)
      expect((await beginAnew({ ...owner, browser })).code).toBe('RECOVERY_UNAVAILABLE')
    }
    const { browser } = await signIn(app, owner.email)
    answered(await browser.graphql(CANCEL_OPEN))
    for (const days of [0, 60]) {
      app.clock.advance(days * DAY)
      const later = await signIn(app, owner.email)
      expect((await ask({ ...owner, browser: later.browser })).code).toBe('RECOVERY_UNAVAILABLE')
    }
    await passTime(app, owner.held.userId, 7 * DAY)
    const last = await signIn(app, owner.email)
    answered(await ask({ ...owner, browser: last.browser }))
  })

  test('R3: whoever gets in again by another way has nothing to give up any more', async ({ app }) => {
    const owner = await codesOwner(app)
    answered(await ask(owner))
    await initiate(owner.browser, 'RECOVERY_CODE')
    answered(await showCode(owner.browser, owner.codes[0] ?? ''))
    const next = newKeys(owner.held)
    answered(await owner.browser.graphql(COMPLETE, { input: next.input }))
    await passTime(app, owner.held.userId, 8 * DAY)
    expect((await beginAnew({ ...owner, held: next.held })).code).toBe('RECOVERY_NOT_OPEN')
  })
})

describe('R3: once a day', () => {
  test('R3: a recovery that has expired can be begun again a day after it began, not before', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    await app.services.database.systemDb.recoveryRequest.updateMany({
      where: { userId: held.userId },
      data: { expiresAt: await databaseTime(app) },
    })
    await passTime(app, held.userId, 23 * HOUR)
    const refused = await askToInitiate(browser, 'RECOVERY_CODE')
    expect(refused.code).toBe('RATE_LIMITED')
    const seconds = Number(refused.errors[0]?.extensions['retryAfter'])
    expect(seconds).toBeGreaterThan(3_500)
    expect(seconds).toBeLessThanOrEqual(3_600)
    await passTime(app, held.userId, HOUR)
    expect((await askToInitiate(browser, 'RECOVERY_CODE')).code).toBeNull()
  })

  const redisUrl = process.env['TEST_REDIS_URL']
  test.skipIf(provider === 'sqlite' || !redisUrl)('R3: also when Redis has lost everything', async () => {
    const named = new URL(redisUrl ?? '')
    named.pathname = '/12'
    const app = await startTestApp({ env: { REDIS_URL: named.href } })
    onTestFinished(() => app.close())
    const { browser, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    await app.services.database.systemDb.recoveryRequest.updateMany({
      where: { userId: held.userId },
      data: { expiresAt: await databaseTime(app) },
    })
    await app.services.redis?.flushdb()
    expect((await askToInitiate(browser, 'RECOVERY_CODE')).code).toBe('RATE_LIMITED')
  })
})

describe('R3: SECURITY_QUESTIONS=off', () => {
  test('R3: switched off in the middle of the wait, it releases nothing; the codes still do', async ({ app }) => {
    const owner = await waiting(app)
    await passTime(app, owner.held.userId, 2 * DAY)
    await app.restart({ SECURITY_QUESTIONS: 'off' })
    const before = await standing(app, owner.held.userId)
    expect((await answer(owner)).code).toBe('RECOVERY_UNAVAILABLE')
    expect((await askToSet(owner.browser, owner)).code).toBe('RECOVERY_UNAVAILABLE')
    expect(await standing(app, owner.held.userId)).toEqual(before)
    expect((await recoveryStatus(owner.browser)).methods).toEqual(['RECOVERY_CODE'])

    const { payload } = answered(await showCode(owner.browser, owner.codes[0] ?? ''))
    expect(payload.slot).toMatchObject({ kind: 'RECOVERY_CODE' })
  })

  test('R3: switched off before, it is not begun', async ({ app }) => {
    const owner = await questionsOwner(app)
    await app.restart({ SECURITY_QUESTIONS: 'off' })
    const before = await standing(app, owner.held.userId)
    expect((await askToInitiate(owner.browser, 'SECURITY_QUESTIONS')).code).toBe('RECOVERY_UNAVAILABLE')
    expect(await standing(app, owner.held.userId)).toEqual(before)
  })

  const askToSet = (browser: Visitor, { held }: Owner) =>
    browser.graphql(SET_QUESTIONS, { input: questionsInput(held).input })
})

/** The questions are closed until an instant, to the second, and the refusal names it. */
async function refusedUntil(app: TestApp, { browser, held }: Owner, at: () => Promise<number>): Promise<void> {
  const ask = () => askToInitiate(browser, 'SECURITY_QUESTIONS')
  const undo = () => forgetOpen(app, held.userId)
  const before = await standing(app, held.userId)
  const atOnce = await ask()
  expect(atOnce.code).toBe('RECOVERY_UNAVAILABLE')
  expect(new Date(String(atOnce.errors[0]?.extensions['availableAt'])).getTime()).toBe(await at())
  expect(await standing(app, held.userId)).toEqual(before)

  const early = await aSecondBefore(app, held.userId, { at, ask, undo })
  expect(early.result.code).toBe('RECOVERY_UNAVAILABLE')
  expect(early.after).toEqual(early.before)
  await passTo(app, held.userId, at)
  expect((await ask()).code).toBeNull()
}
