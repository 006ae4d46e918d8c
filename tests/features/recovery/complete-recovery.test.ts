import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import { LEVEL, REMOVE, withPasskey } from '../../support/passkeys.ts'
import { encryptedRecords, keysOf, nextKeys, ROTATE, DISABLE, STATUS, statusOf } from '../encryption/support.ts'
import {
  answered,
  codesOwner,
  COMPLETE,
  HOUR,
  initiate,
  logged,
  newKeys,
  passTime,
  questionsOwner,
  recoveryStatus,
  requestsOf,
  showAnswers,
  showCode,
  standing,
} from '../../attacks/recovery-support.ts'

describe('completeRecovery', () => {
  test('puts new keys and slots in force, closes the recovery, and ends every other session', async ({ app }) => {
    const owner = await questionsOwner(app)
    const { browser, held, codes, email } = owner
    await encryptedRecords(browser, held, 2)
    const elsewhere = await signIn(app, email)
    await initiate(browser, 'RECOVERY_CODE')
    answered(await showCode(browser, codes[0] ?? ''))
    const { input, held: next } = newKeys(held)
    const status = await statusOf(browser.graphql(COMPLETE, { input }))

    expect(status).toMatchObject({ generation: 2, ringRevision: 2, recoveryCodesLeft: 8, securityQuestionsSet: false })
    expect(await keysOf(browser)).toMatchObject({ keyId: next.kid, keySalt: input.keySalt, generation: 2 })
    expect(await recoveryStatus(browser)).toMatchObject({
      methods: ['RECOVERY_CODE'],
      questions: [],
      request: { state: 'COMPLETED', method: 'RECOVERY_CODE' },
    })
    expect((await statusOf(browser.graphql(STATUS))).rotation).toMatchObject({ recordsLeft: 2, finishedAt: null })
    expect((await elsewhere.browser.graphql('{ me { id } }')).data).toEqual({ me: null })
    expect(await logged(app, held.userId, 'recovery.completed')).toBe(1)
    await app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith('Your encrypted data was recovered'))
  })

  test('raises the session to STRONG under another token, so that a lost passkey can be removed', async ({ app }) => {
    const person = await withPasskey(app)
    const { browser, held, codes, email } = await codesOwner(app, person)
    const { browser: phone } = await signIn(app, email)
    await initiate(phone, 'RECOVERY_CODE')
    answered(await showCode(phone, codes[0] ?? ''))
    expect((await phone.graphql(LEVEL)).data).toMatchObject({ session: { level: 'FRESH' } })
    const before = new Map(phone.cookies)
    answered(await phone.graphql(COMPLETE, { input: newKeys(held).input }))

    expect((await phone.graphql(LEVEL)).data).toMatchObject({ session: { level: 'STRONG' } })
    answered(await phone.graphql(REMOVE, { id: person.passkey.id }))
    expect((await browser.graphql('{ me { id } }')).data).toEqual({ me: null })
    const copy = app.browser()
    for (const [name, value] of before) copy.cookies.set(name, value)
    expect((await copy.graphql('{ me { id } }')).data).toEqual({ me: null })
    const mail = await app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith('Your encrypted data was recovered')) // prettier-ignore
    expect(mail.text).toContain(person.passkey.name)
  })

  test('by answers, once their wait is over', async ({ app }) => {
    const { browser, held, questions } = await questionsOwner(app)
    await initiate(browser, 'SECURITY_QUESTIONS')
    answered(await showAnswers(browser, '1-2', questions.verifiers['1-2']))
    const { input } = newKeys(held)
    expect((await browser.graphql(COMPLETE, { input })).errors[0]?.extensions['code']).toBe('RECOVERY_UNPROVEN')
    await passTime(app, held.userId, 48 * HOUR)
    expect((await browser.graphql(COMPLETE, { input })).errors[0]?.extensions['code']).toBe('RECOVERY_UNPROVEN')
    answered(await showAnswers(browser, '1-2', questions.verifiers['1-2']))
    expect(await statusOf(browser.graphql(COMPLETE, { input }))).toMatchObject({ generation: 2 })
  })

  test('is refused without a recovery, without a proof, in another session, and a second time; nothing changes', async ({
    app,
  }) => {
    const { browser, held, codes, email } = await codesOwner(app)
    const { input } = newKeys(held)
    const other = await signIn(app, email)
    const refused = async (from = browser, sent: object = input) => {
      const before = await standing(app, held.userId)
      const { errors } = await from.graphql(COMPLETE, { input: sent })
      expect(await standing(app, held.userId)).toEqual(before)
      return errors[0]?.extensions['code']
    }
    expect(await refused()).toBe('RECOVERY_NOT_OPEN')
    await initiate(browser, 'RECOVERY_CODE')
    expect(await refused()).toBe('RECOVERY_UNPROVEN')
    answered(await showCode(browser, codes[0] ?? ''))
    expect(await refused(other.browser)).toBe('RECOVERY_UNPROVEN')
    expect(await refused(browser, { ...input, ringRevision: 7 })).toBe('CONFLICT')
    expect(await refused(browser, { ...input, slots: input.slots.slice(1) })).toBe('SLOTS_INVALID')
    expect(await refused(browser, { ...input, keySalt: 'x' })).toBe('BAD_INPUT')
    answered(await browser.graphql(COMPLETE, { input }))
    expect(await refused()).toBe('RECOVERY_NOT_OPEN')
  })
})

describe('a change of the keys themselves', () => {
  test('a full rotation ends an open recovery', async ({ app }) => {
    const { browser, held, codes } = await questionsOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    answered(await showCode(browser, codes[0] ?? ''))
    const next = nextKeys(held, { full: true })
    answered(await browser.graphql(ROTATE, { input: next.input }))
    expect(await requestsOf(app, held.userId)).toMatchObject([{ closeReason: 'superseded' }])
    const { errors } = await browser.graphql(COMPLETE, { input: newKeys(next.held).input })
    expect(errors[0]?.extensions['code']).toBe('RECOVERY_NOT_OPEN')
  })

  test('another record key alone ends none', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    answered(await browser.graphql(ROTATE, { input: nextKeys(held).input }))
    expect(await requestsOf(app, held.userId)).toMatchObject([{ isOpen: true }])
  })

  test('switching encryption off ends one', async ({ app }) => {
    const { browser, held } = await codesOwner(app)
    await initiate(browser, 'RECOVERY_CODE')
    answered(await browser.graphql(DISABLE))
    expect(await requestsOf(app, held.userId)).toMatchObject([{ closeReason: 'superseded' }])
  })
})
