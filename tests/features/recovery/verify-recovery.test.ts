import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import { codeSlots, random } from '../../support/envelopes.ts'
import { withPasskey } from '../../support/passkeys.ts'
import { signIn } from '../../support/people.ts'
import { CODES, keysOf } from '../encryption/support.ts'
import {
  answered,
  askToInitiate,
  cancelBy,
  cancelTokenOf,
  codesOwner,
  COMPLETE,
  DAY,
  HOUR,
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
  VERIFY_RECOVERY,
} from '../../attacks/recovery-support.ts'

const refusalOf = async (asked: Promise<{ errors: readonly { extensions: Record<string, unknown> }[] }>) =>
  (await asked).errors[0]?.extensions['code']

describe('a recovery code', () => {
  test('releases its slot, with the keys, and is used up', async ({ app }) => {
    const { browser, input, codes, held, sessionId } = await codesOwner(app)
    const { id } = await initiate(browser, 'RECOVERY_CODE')
    const before = await keysOf(browser)
    const [code = ''] = codes
    const slot = input.slots.find(({ verifier }) => verifier === code)
    const { payload } = answered(await showCode(browser, code))

    expect(payload.slot).toEqual({ id: slot?.id, kind: 'RECOVERY_CODE', passkeyId: null, envelope: slot?.envelope })
    expect(payload.keys?.encryptedPrivateKey).toBe(before?.encryptedPrivateKey)
    expect(payload.request).toMatchObject({ id, method: 'RECOVERY_CODE', state: 'READY' })
    expect(await recoveryStatus(browser)).toMatchObject({ recoveryCodesLeft: 7 })
    expect((await keysOf(browser))?.slotsRevision).toBe((before?.slotsRevision ?? 0) + 1)
    const row = await openRequest(app, held.userId)
    expect(`session_${row?.releasedTo}`).toBe(sessionId)
    expect(await refusalOf(showCode(browser, code))).toBe('PROOF_INVALID')
    expect(await logged(app, held.userId, 'recovery.released')).toBe(1)
  })

  test('is taken within a recovery by questions that were not answered yet', async ({ app }) => {
    const { browser, codes } = await questionsOwner(app)
    const { id } = await initiate(browser, 'SECURITY_QUESTIONS')
    const { payload } = answered(await showCode(browser, codes[3] ?? ''))
    expect(payload.request).toMatchObject({ id, method: 'RECOVERY_CODE', state: 'READY' })
    expect(Date.parse(payload.request.expiresAt) - Date.parse(payload.request.availableAt)).toBe(DAY)
  })

  test('is refused while none is open, whoever else has it, and where the way is locked', async ({ app }) => {
    const { browser, codes, email } = await codesOwner(app, await withPasskey(app))
    expect(await refusalOf(showCode(browser, codes[0] ?? ''))).toBe('RECOVERY_NOT_OPEN')
    const other = await codesOwner(app)
    await initiate(other.browser, 'RECOVERY_CODE')
    expect(await refusalOf(showCode(other.browser, codes[0] ?? ''))).toBe('PROOF_INVALID')

    await initiate(browser, 'RECOVERY_CODE')
    answered(await cancelBy(browser, await cancelTokenOf(app, email)))
    await initiate(browser, 'PASSKEY')
    expect(await refusalOf(showCode(browser, codes[0] ?? ''))).toBe('RECOVERY_UNAVAILABLE')
    expect(await recoveryStatus(browser)).toMatchObject({ recoveryCodesLeft: 8 })
  })

  test('wrong ones keep no right one out', async ({ app }) => {
    const { browser, codes } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    for (let tries = 0; tries < 21; tries++)
      expect(await refusalOf(showCode(browser, random(32)))).toBe('PROOF_INVALID')
    expect(answered(await showCode(browser, codes[0] ?? '')).payload.slot).not.toBeNull()
  })

  test('whose answer was lost shows it again, in this recovery, also from another session; once it is over it is gone', async ({
    app,
  }) => {
    const { browser, codes, held, email } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    const [code = ''] = codes
    const { payload: first } = answered(await showCode(browser, code))
    expect(await refusalOf(showCode(browser, code))).toBe('PROOF_INVALID')
    await passTime(app, held.userId, 10_000)
    const elsewhere = await signIn(app, email)
    const { payload: again } = answered(await showCode(elsewhere.browser, code))
    expect(again.slot).toEqual(first.slot)
    expect(await recoveryStatus(browser)).toMatchObject({ recoveryCodesLeft: 7 })
    // It was released to the other session now.
    expect((await browser.graphql(COMPLETE, { input: newKeys(held).input })).code).toBe('RECOVERY_UNPROVEN')
    expect(`session_${(await openRequest(app, held.userId))?.releasedTo}`).toBe(elsewhere.sessionId)

    answered(await elsewhere.browser.graphql(COMPLETE, { input: newKeys(held).input }))
    const [closed] = await requestsOf(app, held.userId)
    expect(closed).toMatchObject({ closeReason: 'completed', usedSlot: null })
  })

  test('what it released is worth nothing once the owner has made new codes, or another passphrase', async ({
    app,
  }) => {
    const { browser, codes, held, email } = await codesOwner(app)
    const thief = await signIn(app, email)
    await initiate(thief.browser, 'RECOVERY_CODE')
    answered(await showCode(thief.browser, codes[0] ?? ''))
    answered(await browser.graphql(CODES, { input: { slots: codeSlots(held.userId, held.generation) } }))
    const refused = await thief.browser.graphql(COMPLETE, { input: newKeys(held).input })
    expect(refused.code).toBe('RECOVERY_NOT_OPEN')
    expect(await requestsOf(app, held.userId)).toMatchObject([{ closeReason: 'superseded', usedSlot: null }])
    expect(await recoveryStatus(browser)).toMatchObject({ recoveryCodesLeft: 8 })
  })

  test('with two left the owner is told', async ({ app }) => {
    const { browser, codes, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    for (const code of codes.slice(0, 5)) answered(await showCode(browser, code))
    const few = () => app.services.database.systemDb.securityAlert.count({ where: { userId: held.userId, kind: 'recovery.codes-few' } }) // prettier-ignore
    expect(await few()).toBe(0)
    answered(await showCode(browser, codes[5] ?? ''))
    expect(await few()).toBe(1)
  })

  test('an argument of another form is refused, and counts for nothing', async ({ app }) => {
    const { browser, held } = await questionsOwner(app)
    await initiate(browser, 'SECURITY_QUESTIONS')
    const verifier = random(32)
    const bad = [
      { verifier: 'x' },
      { verifier, first: 0 },
      { verifier, second: 1 },
      { verifier, first: 1, second: 0 },
      { verifier, first: 1, second: 1 },
      { verifier, first: 1, second: 3 },
      { verifier, first: -1, second: 1 },
    ]
    for (const input of bad) expect(await refusalOf(browser.graphql(VERIFY_RECOVERY, { input }))).toBe('BAD_INPUT')
    expect(await openRequest(app, held.userId)).toMatchObject({ wrongAnswers: 0 })
  })
})

describe('two answers', () => {
  test('begin their wait the first time, change nothing meanwhile, and release their slot when it is over', async ({
    app,
  }) => {
    const { browser, questions, held } = await questionsOwner(app)
    await initiate(browser, 'SECURITY_QUESTIONS')
    await passTime(app, held.userId, HOUR)
    const first = answered(await showAnswers(browser, '0-2', questions.verifiers['0-2'])).payload
    expect(first).toMatchObject({ slot: null, keys: null, request: { state: 'WAITING' } })
    const { answeredAt } = (await openRequest(app, held.userId)) ?? {}
    expect(Date.parse(first.request.availableAt)).toBe((answeredAt?.getTime() ?? 0) + 48 * HOUR)

    await passTime(app, held.userId, 48 * HOUR - 60_000)
    const again = answered(await showAnswers(browser, '0-1', questions.verifiers['0-1'])).payload
    expect(again).toMatchObject({ slot: null, keys: null, request: { state: 'WAITING' } })

    await passTime(app, held.userId, 60_000)
    expect((await recoveryStatus(browser)).request?.state).toBe('READY')
    for (const pair of ['0-2', '1-2'] as const) {
      const { payload } = answered(await showAnswers(browser, pair, questions.verifiers[pair]))
      expect(payload.slot).toMatchObject({ kind: 'SECURITY_QUESTIONS', envelope: questions.slots[pair].envelope })
      expect(payload.keys).not.toBeNull()
    }
    expect(await logged(app, held.userId, 'recovery.answered')).toBe(1)
    expect(await logged(app, held.userId, 'recovery.released')).toBe(2)
  })

  test('of another pair, or in a recovery by a code, are not right', async ({ app }) => {
    const { browser, questions } = await questionsOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    expect(await refusalOf(showAnswers(browser, '0-1', questions.verifiers['0-1']))).toBe('RECOVERY_NOT_OPEN')
    await initiate(browser, 'SECURITY_QUESTIONS')
    expect(await refusalOf(showAnswers(browser, '0-1', questions.verifiers['0-2']))).toBe('PROOF_INVALID')
  })

  test('the fifth wrong pair ends the recovery and locks the way; right ones begin the count anew', async ({ app }) => {
    const { browser, questions, held } = await questionsOwner(app)
    await initiate(browser, 'SECURITY_QUESTIONS')
    const wrong = () => refusalOf(showAnswers(browser, '0-1', random(32)))
    for (let tries = 0; tries < 4; tries++) expect(await wrong()).toBe('PROOF_INVALID')
    answered(await showAnswers(browser, '0-1', questions.verifiers['0-1']))
    for (let tries = 0; tries < 5; tries++) expect(await wrong()).toBe('PROOF_INVALID')

    expect(await wrong()).toBe('RECOVERY_NOT_OPEN')
    expect(await requestsOf(app, held.userId)).toMatchObject([{ closeReason: 'too-many-tries', isOpen: null }])
    const [refusal] = (await askToInitiate(browser, 'SECURITY_QUESTIONS')).errors
    expect(refusal?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'locked' })
  })

  test('open nothing while the server takes none', async ({ app }) => {
    const { browser, questions, held } = await questionsOwner(app)
    await initiate(browser, 'SECURITY_QUESTIONS')
    answered(await showAnswers(browser, '0-1', questions.verifiers['0-1']))
    await passTime(app, held.userId, 48 * HOUR)
    await app.restart({ SECURITY_QUESTIONS: 'off' })
    const [refusal] = (await showAnswers(browser, '0-1', questions.verifiers['0-1'])).errors
    expect(refusal?.extensions).toMatchObject({ code: 'RECOVERY_UNAVAILABLE', reason: 'switched-off' })
    expect(await recoveryStatus(browser)).toMatchObject({ methods: ['RECOVERY_CODE'], questions: [] })
  })
})
