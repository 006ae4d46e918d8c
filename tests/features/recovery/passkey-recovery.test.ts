import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { begin, LEVEL, passkeyLogin, REMOVE, withPasskey } from '../../support/passkeys.ts'
import type { PasskeyOwner, Request } from '../../support/passkeys.ts'
import { signIn } from '../../support/people.ts'
import { askForCode, PROVE } from '../reauthentication/support.ts'
import { ENABLE, passkeySlot, statusOf } from '../encryption/support.ts'
import {
  answered,
  BEGIN_PASSKEY,
  cancelBy,
  cancelTokenOf,
  codesOwner,
  COMPLETE,
  COMPLETE_PASSKEY,
  DAY,
  HOUR,
  initiate,
  logged,
  newKeys,
  openRequest,
  passTime,
  questionsInput,
  questionsOwner,
  SET_QUESTIONS,
  showAnswers,
} from '../../attacks/recovery-support.ts'
import type { Owner, Payload } from '../../attacks/recovery-support.ts'

type Both = PasskeyOwner & Owner

async function owner(app: TestApp, { opens = true } = {}): Promise<Both> {
  const person = await withPasskey(app)
  const own = { ...person, ...(await codesOwner(app, person)) }
  if (opens) {
    const slot = passkeySlot(own.held, own.passkey.id)
    await statusOf(own.browser.graphql(ENABLE, { input: { slot } }))
  }
  return own
}

async function touch({ authenticator }: PasskeyOwner, browser: Visitor) {
  const { challengeId, options } = await begin<Request>(browser, BEGIN_PASSKEY)
  const response = authenticator.get(options)
  return browser.graphql<{ payload: Payload }>(COMPLETE_PASSKEY, { challengeId, response })
}

describe('recovery by a passkey', () => {
  test('releases the slot that the passkey opens, raises the session, and can be completed', async ({ app }) => {
    const own = await owner(app)
    const { browser } = await signIn(app, own.email)
    await initiate(browser, 'PASSKEY')
    const { payload } = answered(await touch(own, browser))

    expect(payload.slot).toMatchObject({ kind: 'PASSKEY', passkeyId: own.passkey.id })
    expect(payload.keys).not.toBeNull()
    expect(payload.request).toMatchObject({ method: 'PASSKEY', state: 'READY' })
    expect((await browser.graphql(LEVEL)).data).toMatchObject({ session: { level: 'STRONG' } })
    answered(await browser.graphql(COMPLETE, { input: newKeys(own.held).input }))
    expect(await logged(app, own.held.userId, 'recovery.released')).toBe(1)
  })

  test('a passkey that opens nothing releases nothing, and leaves a wait as it is', async ({ app }) => {
    const person = await withPasskey(app)
    const own = { ...person, ...(await questionsOwner(app, person)) }
    const begun = await initiate(own.browser, 'SECURITY_QUESTIONS')
    const { payload } = answered(await touch(own, own.browser))
    expect(payload).toMatchObject({ slot: null, request: begun })
    expect(payload.keys).not.toBeNull()
    expect(await openRequest(app, own.held.userId)).toMatchObject({ releasedAt: null })
    const { errors } = await own.browser.graphql(COMPLETE, { input: newKeys(own.held).input })
    expect(errors[0]?.extensions['code']).toBe('RECOVERY_UNPROVEN')
  })

  test('one that opens the keys comes in between a wait and does not end it: the answers open when it is over', async ({
    app,
  }) => {
    const own = await owner(app)
    const { browser } = own
    const { input, questions } = questionsInput(own.held)
    answered(await browser.graphql(SET_QUESTIONS, { input }))
    await passTime(app, own.held.userId, 7 * DAY)
    await initiate(browser, 'SECURITY_QUESTIONS')
    const { payload: answeredNow } = answered(await showAnswers(browser, '0-2', questions.verifiers['0-2']))
    const { payload } = answered(await touch(own, browser))
    expect(payload.request).toMatchObject({ method: 'PASSKEY', state: 'READY' })
    expect(payload.request.expiresAt).toBe(answeredNow.request.expiresAt)

    const wait = () => showAnswers(browser, '0-2', questions.verifiers['0-2'])
    expect(answered(await wait()).payload.slot).toBeNull()
    await passTime(app, own.held.userId, 48 * HOUR)
    expect(answered(await wait()).payload).toMatchObject({
      request: { id: payload.request.id, method: 'SECURITY_QUESTIONS', state: 'READY' },
      slot: { kind: 'SECURITY_QUESTIONS' },
    })
    answered(await browser.graphql(COMPLETE, { input: newKeys(own.held).input }))
  })

  test('what it released is worth nothing once the owner has removed it', async ({ app }) => {
    const own = await owner(app)
    const thief = await signIn(app, own.email)
    await initiate(thief.browser, 'PASSKEY')
    expect(answered(await touch(own, thief.browser)).payload.slot).not.toBeNull()
    answered(await own.browser.graphql(REMOVE, { id: own.passkey.id }))
    const { errors } = await thief.browser.graphql(COMPLETE, { input: newKeys(own.held).input })
    expect(errors[0]?.extensions['code']).toBe('RECOVERY_NOT_OPEN')
  })

  test('asks for a proof by mail beside it', async ({ app }) => {
    const own = await owner(app)
    const browser = app.browser()
    answered(await passkeyLogin(browser, own.authenticator, { email: own.email }))
    await initiate(browser, 'PASSKEY')
    const [refusal] = (await browser.graphql(BEGIN_PASSKEY)).errors
    expect(refusal?.extensions).toMatchObject({
      code: 'REAUTHENTICATION_REQUIRED',
      level: 'FRESH',
      methods: ['MAGIC_LINK'],
    })

    const { code } = await askForCode(app, { browser, email: own.email })
    answered(await browser.graphql(PROVE, { code }))
    expect(answered(await touch(own, browser)).payload.slot).not.toBeNull()
  })

  test('an old proof by mail does not count, however fresh the passkey is', async ({ app }) => {
    const own = await owner(app)
    await initiate(own.browser, 'PASSKEY')
    const { systemDb } = app.services.database
    await systemDb.session.updateMany({ data: { mailProvedAt: new Date(app.clock.now().getTime() - HOUR) } })
    const [refusal] = (await own.browser.graphql(BEGIN_PASSKEY)).errors
    expect(refusal?.extensions).toMatchObject({ code: 'REAUTHENTICATION_REQUIRED', methods: ['MAGIC_LINK'] })
  })

  test('needs an open recovery, and a way that is not locked', async ({ app }) => {
    const own = await owner(app)
    const refused = async () => (await own.browser.graphql(BEGIN_PASSKEY)).errors[0]?.extensions['code']
    expect(await refused()).toBe('RECOVERY_NOT_OPEN')
    await initiate(own.browser, 'PASSKEY')
    answered(await cancelBy(own.browser, await cancelTokenOf(app, own.email)))
    await initiate(own.browser, 'RECOVERY_CODE')
    expect(await refused()).toBe('RECOVERY_UNAVAILABLE')
  })

  test('a challenge of another purpose is none', async ({ app }) => {
    const own = await owner(app)
    await initiate(own.browser, 'PASSKEY')
    const { challengeId, options } = await begin<Request>(
      own.browser,
      'mutation { begun: beginPasskeyReauthentication { challengeId options expiresAt } }',
    )
    const response = own.authenticator.get(options)
    const { errors } = await own.browser.graphql(COMPLETE_PASSKEY, { challengeId, response })
    expect(errors[0]?.extensions['code']).toBe('CHALLENGE_INVALID')
    expect(await openRequest(app, own.held.userId)).toMatchObject({ releasedAt: null })
  })
})
