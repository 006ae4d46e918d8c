import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import { withPasskey } from '../../support/passkeys.ts'
import {
  answered,
  askToInitiate,
  cancelBy,
  cancelTokenOf,
  codesOwner,
  DAY,
  databaseTime,
  HOUR,
  initiate,
  logged,
  openRequest,
  passTime,
  questionsInput,
  questionsOwner,
  recoveryStatus,
  requestsOf,
  SET_QUESTIONS,
  showCode,
} from '../../attacks/recovery-support.ts'

const ms = (text: string) => Date.parse(text)

describe('initiateRecovery', () => {
  test('by a code: it is ready at once, and open for a day, by the clock of the database', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    app.clock.advance(5 * DAY)
    await app.services.database.systemDb.session.updateMany({
      data: { provedAt: app.clock.now(), lastActivityAt: app.clock.now(), expiresAt: new Date(app.clock.now().getTime() + DAY) },
    }) // prettier-ignore
    const before = await databaseTime(app)
    const request = await initiate(browser, 'RECOVERY_CODE')

    expect(request).toMatchObject({ method: 'RECOVERY_CODE', state: 'READY', availableAt: request.createdAt })
    expect(ms(request.createdAt)).toBeGreaterThanOrEqual(before.getTime() - 1)
    expect(ms(request.createdAt)).toBeLessThanOrEqual((await databaseTime(app)).getTime() + 1)
    expect(ms(request.expiresAt) - ms(request.createdAt)).toBe(DAY)
    expect(await openRequest(app, held.userId)).toMatchObject({ closeReason: null, releasedAt: null })
  })

  test('by questions: nothing is released before 48 hours, and then for seven days', async ({ app }) => {
    const { browser } = await questionsOwner(app)
    const request = await initiate(browser, 'SECURITY_QUESTIONS')

    expect(request.state).toBe('WAITING')
    expect(ms(request.availableAt) - ms(request.createdAt)).toBe(48 * HOUR)
    expect(ms(request.expiresAt) - ms(request.availableAt)).toBe(7 * DAY)
  })

  test('the owner is told by mail, with a link that stops it', async ({ app }) => {
    const { browser, email, held } = await codesOwner(app)
    const { id } = await initiate(browser, 'RECOVERY_CODE')
    const token = await cancelTokenOf(app, email)

    const row = await openRequest(app, held.userId)
    expect(JSON.stringify(row)).not.toContain(token)
    expect(answered(await cancelBy(app.browser(), token))).toEqual({ cancelRecovery: true })
    expect((await recoveryStatus(browser)).request).toMatchObject({ id, state: 'CANCELLED' })
    expect(await logged(app, held.userId, 'recovery.started')).toBe(1)
  })

  test('a second start gives back the first as it is', async ({ app }) => {
    const { browser, email, held } = await questionsOwner(app)
    const first = await initiate(browser, 'SECURITY_QUESTIONS')
    await passTime(app, held.userId, HOUR)
    const again = await initiate((await signIn(app, email)).browser, 'SECURITY_QUESTIONS')
    const byCode = await initiate(browser, 'RECOVERY_CODE')

    expect(again.id).toBe(first.id)
    expect(ms(again.availableAt)).toBe(ms(first.availableAt) - HOUR)
    expect(byCode).toEqual(again)
    expect(await logged(app, held.userId, 'recovery.started')).toBe(1)
  })

  test('questions take the place of a code that was not shown, and not of one that another session has shown', async ({
    app,
  }) => {
    const { browser, held, codes, email } = await questionsOwner(app)
    const first = await initiate(browser, 'RECOVERY_CODE')
    const second = await initiate(browser, 'SECURITY_QUESTIONS')
    expect(second.id).not.toBe(first.id)
    const [superseded] = await requestsOf(app, held.userId)
    expect(superseded).toMatchObject({ isOpen: null, closeReason: 'superseded' })

    answered(await showCode(browser, codes[0] ?? ''))
    const { browser: elsewhere } = await signIn(app, email)
    const third = await initiate(elsewhere, 'SECURITY_QUESTIONS')
    expect(third).toMatchObject({ id: second.id, method: 'RECOVERY_CODE', state: 'READY' })
  })

  test('one in a day for each method, by the rows', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    await passTime(app, held.userId, DAY - 60_000)
    await app.services.database.systemDb.recoveryRequest.updateMany({
      data: { isOpen: null, closeReason: 'superseded', closedAt: await databaseTime(app) },
    })
    const { errors, headers } = await askToInitiate(browser, 'RECOVERY_CODE')
    expect(errors[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', field: 'method' })
    expect(errors[0]?.extensions['retryAfter']).toBeLessThanOrEqual(60)
    expect(headers.get('retry-after')).toBe(String(errors[0]?.extensions['retryAfter']))

    await passTime(app, held.userId, 60_000)
    expect(await initiate(browser, 'RECOVERY_CODE')).toMatchObject({ state: 'READY' })
  })

  test('an open one that is over makes room, and is closed as expired', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    const first = await initiate(browser, 'RECOVERY_CODE')
    await passTime(app, held.userId, DAY)
    expect((await recoveryStatus(browser)).request).toMatchObject({ id: first.id, state: 'EXPIRED' })

    const second = await initiate(browser, 'RECOVERY_CODE')
    expect(second.id).not.toBe(first.id)
    expect((await requestsOf(app, held.userId))[0]).toMatchObject({ isOpen: null, closeReason: 'expired' })
  })

  test('a way that is not set up is refused, and so is every way while encryption is off', async ({ app }) => {
    const nobody = await signIn(app)
    expect((await askToInitiate(nobody.browser, 'RECOVERY_CODE')).errors[0]?.extensions['code']).toBe('ENCRYPTION_OFF')

    const { browser, held } = await codesOwner(app)
    for (const method of ['SECURITY_QUESTIONS', 'PASSKEY'] as const) {
      const [refusal] = (await askToInitiate(browser, method)).errors
      expect(refusal?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'not-set-up' })
    }
    await app.services.database.systemDb.keySlot.deleteMany({ where: { kind: 'RECOVERY_CODE' } })
    const [refusal] = (await askToInitiate(browser, 'RECOVERY_CODE')).errors
    expect(refusal?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'not-set-up' })
    expect(await requestsOf(app, held.userId)).toEqual([])
    expect(await logged(app, held.userId, 'recovery.refused')).toBe(3)
  })

  test('questions that were set within seven days, or a mail address that was changed, open nothing yet', async ({
    app,
  }) => {
    const { browser, held } = await codesOwner(app)
    answered(await browser.graphql(SET_QUESTIONS, { input: questionsInput(held).input }))
    const [young] = (await askToInitiate(browser, 'SECURITY_QUESTIONS')).errors
    expect(young?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'changed-lately' })
    const setAt = (await app.services.database.systemDb.securityQuestions.findFirstOrThrow()).setAt
    expect(young?.extensions['availableAt']).toBe(new Date(setAt.getTime() + 7 * DAY).toISOString())

    await passTime(app, held.userId, 7 * DAY)
    await app.services.database.systemDb.user.updateMany({ data: { emailChangedAt: await databaseTime(app) } })
    const [moved] = (await askToInitiate(browser, 'SECURITY_QUESTIONS')).errors
    expect(moved?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'changed-lately' })

    await passTime(app, held.userId, 7 * DAY)
    expect(await initiate(browser, 'SECURITY_QUESTIONS')).toMatchObject({ state: 'WAITING' })
  })

  test('a method that was stopped is locked for seven days', async ({ app }) => {
    const { browser, email, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    answered(await cancelBy(browser, await cancelTokenOf(app, email)))
    await passTime(app, held.userId, 7 * DAY - 60_000)
    const [refusal] = (await askToInitiate(browser, 'RECOVERY_CODE')).errors
    expect(refusal?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'locked', field: 'method' })

    await passTime(app, held.userId, 60_000)
    expect(await initiate(browser, 'RECOVERY_CODE')).toMatchObject({ state: 'READY' })
  })
})

test('a request is a node of its owner, and of nobody else', async ({ app }) => {
  const { browser } = await codesOwner(app)
  const { id } = await initiate(browser, 'RECOVERY_CODE')
  const NODE = 'query ($id: ID!) { node(id: $id) { id ... on RecoveryRequest { state deviceName } } }'
  expect((await browser.graphql(NODE, { id })).data).toMatchObject({ node: { id, state: 'READY' } })
  const other = await signIn(app)
  expect((await other.browser.graphql(NODE, { id })).data).toEqual({ node: null })
})

test('recoveryStatus lists what the account can recover with', async ({ app }) => {
  const owner = await questionsOwner(app, await withPasskey(app))
  expect(await recoveryStatus(owner.browser)).toMatchObject({
    methods: ['RECOVERY_CODE', 'SECURITY_QUESTIONS', 'PASSKEY'],
    recoveryCodesLeft: 8,
    questions: ['What was the first street?', 'Who taught you to swim?', 'What did the cat eat?'],
    request: null,
  })
  const nobody = await signIn(app)
  expect(await recoveryStatus(nobody.browser)).toEqual({
    methods: [],
    recoveryCodesLeft: 0,
    questions: [],
    questionsSalt: null,
    request: null,
  })
})
