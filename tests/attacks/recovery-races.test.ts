import { describe, expect } from 'vitest'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer, Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { hold, untilWaiting } from '../support/held-rows.ts'
import { signIn } from '../support/people.ts'
import { keysOf } from '../features/encryption/support.ts'
import { together } from './mail-links-support.ts'
import {
  answered,
  askToInitiate,
  CANCEL_OPEN,
  cancelBy,
  cancelTokenOf,
  codesOwner,
  COMPLETE,
  DAY,
  initiate,
  logged,
  newKeys,
  openRequest,
  passTime,
  questionsOwner,
  recoveryStatus,
  requestsOf,
  showAnswers,
  showCode,
  standing,
  tabOf,
} from './recovery-support.ts'
import type { Owner } from './recovery-support.ts'

/** How often each code came; null is an answer. */
function tally(answers: readonly Answer<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code } of answers) counts[code ?? 'answered'] = (counts[code ?? 'answered'] ?? 0) + 1
  return counts
}

/** Sends by turns from a browser, and from one with the same session at another process. */
function byTurns(browser: Visitor, elsewhere: Visitor): (index: number) => Visitor {
  return (index) => (index % 2 === 0 ? browser : elsewhere)
}

const codesLeft = ({ services }: TestApp, { held }: Owner) =>
  services.database.systemDb.keySlot.count({ where: { userId: held.userId, kind: 'RECOVERY_CODE' } })

/** How often a code that was used up in the recovery was taken once more. */
const releasedAgain = ({ services }: TestApp, userId: string) =>
  services.database.systemDb.auditEntry.count({
    where: { userId, action: 'recovery.released', details: { contains: '"again":true' } },
  })

/** A recovery by code that has come as far as the release. */
async function released(app: TestApp) {
  const owner = await codesOwner(app)
  await initiate(owner.browser, 'RECOVERY_CODE')
  answered(await showCode(owner.browser, owner.codes[0] ?? ''))
  return { ...owner, token: await cancelTokenOf(app, owner.email) }
}

describe('R2: what comes at once', () => {
  test('R2: x50 verifyRecovery with one code over two processes: one release, and one code less', async ({ app }) => {
    const other = await app.second()
    const owner = await codesOwner(app)
    const { browser, codes, held, input } = owner
    await initiate(browser, 'RECOVERY_CODE')
    const from = byTurns(browser, tabOf(browser, other))
    const answers = await together(50, (index) => showCode(from(index), codes[3] ?? ''))

    // One that comes ten seconds later, because the machine is slow, is taken for one whose answer was lost.
    const again = await releasedAgain(app, held.userId)
    expect(tally(answers)).toEqual({ answered: 1 + again, PROOF_INVALID: 49 - again })
    const payload = answers.find(({ code }) => code === null)?.data?.payload
    const slot = input.slots.find(({ verifier }) => verifier === codes[3])
    expect(payload).toMatchObject({
      request: { method: 'RECOVERY_CODE', state: 'READY' },
      slot: { id: slot?.id, kind: 'RECOVERY_CODE', envelope: slot?.envelope },
      keys: { encryptedPrivateKey: input.encryptedPrivateKey },
    })
    expect(await codesLeft(app, owner)).toBe(7)
    expect((await recoveryStatus(browser)).recoveryCodesLeft).toBe(7)
    expect(await logged(app, held.userId, 'recovery.released')).toBe(1 + again)
  })

  test('R2: two codes, each shown ten times over two processes: two releases, and two codes less', async ({ app }) => {
    const other = await app.second()
    const owner = await codesOwner(app)
    const { browser, codes } = owner
    await initiate(browser, 'RECOVERY_CODE')
    const from = byTurns(browser, tabOf(browser, other))
    const answers = await together(20, (index) => showCode(from(index), codes[Math.floor(index / 2) % 2] ?? ''))

    const again = await releasedAgain(app, owner.held.userId)
    expect(tally(answers)).toEqual({ answered: 2 + again, PROOF_INVALID: 18 - again })
    const slots = answers.flatMap(({ data }) => data?.payload.slot?.id ?? [])
    expect(new Set(slots).size).toBe(2)
    expect(await codesLeft(app, owner)).toBe(6)
  })

  test('R2: one code from two sessions of its owner at once: one release, and that session alone completes', async ({
    app,
  }) => {
    const owner = await codesOwner(app)
    const second = await signIn(app, owner.email)
    const before = newKeys(owner.held)
    await initiate(owner.browser, 'RECOVERY_CODE')
    const browsers = [owner.browser, second.browser]
    const answers = await Promise.all(browsers.map((browser) => showCode(browser, owner.codes[0] ?? '')))
    expect(tally(answers)).toEqual({ answered: 1, PROOF_INVALID: 1 })

    const winner = answers.findIndex(({ code }) => code === null)
    const [has, lacks] = winner === 0 ? browsers : browsers.toReversed()
    const frozen = await standing(app, owner.held.userId)
    expect((await lacks?.graphql(COMPLETE, { input: before.input }))?.code).toBe('RECOVERY_UNPROVEN')
    expect(await standing(app, owner.held.userId)).toEqual(frozen)
    expect((await has?.graphql(COMPLETE, { input: before.input }))?.code).toBeNull()
  })

  test('R2: x50 completeRecovery over two processes: one, and the keys of that one alone', async ({ app }) => {
    const other = await app.second()
    const owner = await released(app)
    const { browser, held } = owner
    const inputs = Array.from({ length: 50 }, () => newKeys(held).input)
    // Each in a tab of its own: the session's token changes with the one that succeeds.
    const tabs = inputs.map((_, index) => tabOf(browser, index % 2 === 0 ? app : other))
    const answers = await together(50, async (index) =>
      (tabs[index] ?? browser).graphql(COMPLETE, { input: inputs[index] }),
    )

    const won = answers.findIndex(({ code }) => code === null)
    const { answered: completed, ...refused } = tally(answers)
    expect(completed).toBe(1)
    for (const code of Object.keys(refused)) {
      expect(['CONFLICT', 'RECOVERY_NOT_OPEN', 'RECOVERY_UNPROVEN', 'UNAUTHENTICATED']).toContain(code)
    }
    const { systemDb } = app.services.database
    const where = { userId: held.userId }
    expect(await systemDb.encryptionKeys.findUnique({ where })).toMatchObject({
      encryptedPrivateKey: inputs[won]?.encryptedPrivateKey,
      generation: 2,
      ringRevision: 2,
    })
    const slots = await systemDb.keySlot.findMany({ where })
    expect(slots.map(({ id }) => `keyslot_${id}`).sort()).toEqual(inputs[won]?.slots.map(({ id }) => id).sort())
    expect(await systemDb.keyRotation.count({ where })).toBe(1)
    expect(await systemDb.session.count({ where })).toBe(1)
    expect(await logged(app, held.userId, 'recovery.completed')).toBe(1)
    expect(await systemDb.securityAlert.count({ where: { ...where, kind: 'recovery.completed' } })).toBe(1)
    expect((await requestsOf(app, held.userId)).map(({ closeReason }) => closeReason)).toEqual(['completed'])
    expect(await keysOf(tabs[won] ?? browser)).toMatchObject({ generation: 2 })
  })

  test('R2: x50 initiateRecovery over two processes: one request, and one warning', async ({ app }) => {
    const other = await app.second()
    const owner = await questionsOwner(app)
    const { browser, held } = owner
    const from = byTurns(browser, tabOf(browser, other))
    const answers = await together(50, (index) => askToInitiate(from(index), 'SECURITY_QUESTIONS'))

    expect(tally(answers)).toEqual({ answered: 50 })
    expect(new Set(answers.map(({ data }) => JSON.stringify(data?.request))).size).toBe(1)
    expect(await requestsOf(app, held.userId)).toHaveLength(1)
    const { systemDb } = app.services.database
    expect(await systemDb.securityAlert.count({ where: { userId: held.userId, kind: 'recovery.started' } })).toBe(1)
  })

  test('R2: x50 right answers when the wait is over, from two sessions: one of the two completes', async ({ app }) => {
    const other = await app.second()
    const { browser, email, held, questions } = await questionsOwner(app)
    const second = await signIn(app, email)
    await initiate(browser, 'SECURITY_QUESTIONS')
    answered(await showAnswers(browser, '0-1', questions.verifiers['0-1']))
    await passTime(app, held.userId, 2 * DAY)
    const browsers = [browser, tabOf(second.browser, other)]
    const from = (index: number) => browsers[index % 2] ?? browser
    const answers = await together(50, (index) => showAnswers(from(index), '0-1', questions.verifiers['0-1']))
    expect(tally(answers)).toEqual({ answered: 50 })
    expect(await app.services.database.systemDb.keySlot.count({ where: { pair: '0-1', userId: held.userId } })).toBe(1)

    const completed = await Promise.all(browsers.map((each) => each.graphql(COMPLETE, { input: newKeys(held).input })))
    const codes = completed.map(({ code }) => code ?? 'answered')
    expect(codes.filter((code) => code === 'answered')).toHaveLength(1)
    expect(['RECOVERY_UNPROVEN', 'RECOVERY_NOT_OPEN', 'UNAUTHENTICATED']).toContain(
      codes.find((code) => code !== 'answered'),
    )
    expect(await app.services.database.systemDb.session.count({ where: { userId: held.userId } })).toBe(1)
  })

  test('R2: a cancellation and a completion at once: one of the two, ten times', async ({ app }) => {
    for (let round = 0; round < 10; round++) {
      const { browser, held, token } = await released(app)
      const cancel = () => (round % 2 === 0 ? cancelBy(app.browser(), token) : browser.graphql(CANCEL_OPEN))
      const tab = tabOf(browser, app)
      const complete = () => tab.graphql(COMPLETE, { input: newKeys(held).input })
      const [cancelled, completed] = await Promise.all([cancel(), complete()])
      await expectOne(app, held.userId, { cancelled, completed })
    }
  })
})

/** Either the keys are new and nothing was cancelled, or they are the old ones and nothing was completed. */
async function expectOne(
  app: TestApp,
  userId: string,
  { cancelled, completed }: { cancelled: Answer<unknown>; completed: Answer<unknown> },
): Promise<'cancelled' | 'completed'> {
  const [request] = await requestsOf(app, userId)
  const keys = await app.services.database.systemDb.encryptionKeys.findUniqueOrThrow({ where: { userId } })
  const { closeReason, isOpen } = request ?? {}
  expect(isOpen).toBeNull()
  if (completed.code === null) {
    expect({ closeReason, generation: keys.generation }).toEqual({ closeReason: 'completed', generation: 2 })
    const stopped = cancelled.code === null && Object.values(cancelled.data ?? {})[0] === true
    expect(stopped).toBe(false)
    return 'completed'
  }
  expect({ closeReason, generation: keys.generation }).toEqual({ closeReason: 'cancelled', generation: 1 })
  expect(cancelled.data).toEqual({ [Object.keys(cancelled.data ?? {})[0] ?? '']: true })
  expect(completed.code).toBe('RECOVERY_NOT_OPEN')
  return 'cancelled'
}

// On SQLite transactions take turns, so nothing comes between.
describe.skipIf(provider === 'sqlite')('R2: what is forced to come between', () => {
  const account = (app: TestApp, userId: string) =>
    hold(app, (tx) => tx.user.updateMany({ where: { id: userId }, data: { displayName: null } }))
  const requestRow = (app: TestApp, userId: string) =>
    hold(app, (tx) => tx.recoveryRequest.updateMany({ where: { userId }, data: { remindersSent: 0 } }))

  for (const [name, held] of [
    ['account', account],
    ['request', requestRow],
  ] as const) {
    test(`R2: a cancellation that waits for the ${name}, and a completion behind it`, async ({ app }) => {
      const owner = await released(app)
      const letGo = await held(app, owner.held.userId)
      const cancelling = cancelBy(app.browser(), owner.token)
      await untilWaiting(app, 1)
      const completing = owner.browser.graphql(COMPLETE, { input: newKeys(owner.held).input })
      await untilWaiting(app, 2)
      await letGo()
      const [cancelled, completed] = await Promise.all([cancelling, completing])
      await expectOne(app, owner.held.userId, { cancelled, completed })
    })

    test(`R2: a completion that waits for the ${name}, and a cancellation behind it`, async ({ app }) => {
      const owner = await released(app)
      const letGo = await held(app, owner.held.userId)
      const completing = owner.browser.graphql(COMPLETE, { input: newKeys(owner.held).input })
      await untilWaiting(app, 1)
      const cancelling = cancelBy(app.browser(), owner.token)
      await untilWaiting(app, 2)
      await letGo()
      const [cancelled, completed] = await Promise.all([cancelling, completing])
      await expectOne(app, owner.held.userId, { cancelled, completed })
    })
  }

  // Whoever closes a request locks the account first. Were one to forget it, the condition of each write would still hold.
  for (const [name, isLocked] of [
    ['cancelled', true],
    ['closed without a lock', false],
  ] as const)
    test(`R2: a code that waits while the recovery is ${name} releases nothing, and stays`, async ({ app }) => {
      const owner = await codesOwner(app)
      const { browser, codes, email, held } = owner
      await initiate(browser, 'RECOVERY_CODE')
      const token = await cancelTokenOf(app, email)
      const letGo = await hold(app, async (tx) => {
        if (isLocked) await tx.user.updateMany({ where: { id: held.userId }, data: { displayName: null } })
        await tx.recoveryRequest.updateMany({
          where: { userId: held.userId, isOpen: true },
          data: { isOpen: null, closeReason: 'cancelled', closedAt: new Date() },
        })
      })
      const showing = showCode(browser, codes[0] ?? '')
      await untilWaiting(app, 1)
      await letGo()
      expect((await showing).code).toBe('RECOVERY_NOT_OPEN')
      expect(await codesLeft(app, owner)).toBe(8)
      expect((await cancelBy(app.browser(), token)).code).toBe('LINK_INVALID')
      expect(await openRequest(app, held.userId)).toBeNull()
    })

  test('R2: S2: a session that ends meanwhile completes nothing', async ({ app }) => {
    const { browser, held } = await released(app)
    const before = await standing(app, held.userId)
    const letGo = await account(app, held.userId)
    const completing = browser.graphql(COMPLETE, { input: newKeys(held).input })
    await untilWaiting(app, 1)
    await app.services.database.systemDb.session.deleteMany({ where: { userId: held.userId } })
    await letGo()
    expect((await completing).code).toBe('UNAUTHENTICATED')
    expect(await standing(app, held.userId)).toEqual({ ...before, sessions: [] })
  })
})
