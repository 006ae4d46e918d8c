import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HOUR, passTime } from '../attacks/recovery-support.ts'
import { withoutBrowser } from '../support/browser.ts'
import { PASSPHRASE } from '../support/devices.ts'
import { build } from '../../scripts/build.mjs'
import { addAuthenticator, closeStage, openProfile, openStage, signInAndSetUp, signInByMail } from './sdk-pages.ts'
import type { Harness, Profile, Stage } from './sdk-pages.ts'

// Whole journeys: set up, write, forget the passphrase, recover in another browser, and read again.

const NEXT = 'gravel lantern mimic trombone ochre sudden'
const DAY = 24 * HOUR
const QUESTIONS = ['Who hid the key?', 'What was under the stairs?', 'Which song went wrong?']
const ANSWERS = ['Old Tomás', 'A box of 40 marbles', 'La paloma']

let stage: Stage
let profiles: Profile[]
let page: Page

describe.skipIf(withoutBrowser())('recovery in Chromium', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    await build()
    stage = await openStage()
  })

  afterAll(() => closeStage(stage))

  beforeEach(async () => {
    profiles = []
    page = await browse()
  })

  afterEach(async () => {
    const bodies = profiles.flatMap(({ sent }) => sent).join('\n')
    for (const secret of [PASSPHRASE, NEXT, ...ANSWERS]) expect(bodies).not.toContain(secret)
    expect(bodies).not.toContain('"results"') // what a passkey gave
    expect(profiles.flatMap(({ complaints }) => complaints)).toEqual([])
    for (const { context } of profiles) await context.close()
  })

  test('by a code: a wrong one and then a right one, in another browser; the first one’s session is over', async () => {
    const { email, codes } = await signInAndSetUp(stage, page)
    const id = await write('written before')
    const first = page
    page = await browse()
    await signInByMail(stage, page, email)
    expect(await read(id)).toMatchObject({ keyState: 'LOCKED' })
    const old = codes[3] ?? ''
    expect(await recoverByCode('0000-0000-0000-0000-0000-0000')).toBe('PROOF_INVALID')
    expect(await recoverByCode(old.toLowerCase().replaceAll('-', ' '))).toMatchObject({
      kind: 'Recovered',
      passkeys: [],
      passkeysLost: [],
      questionsLost: false,
      unreadable: [],
    })
    expect(profiles.flatMap(({ sent }) => sent).join('\n')).not.toContain(old)

    await page.reload()
    expect(await unlock(PASSPHRASE)).toBe('SECRET_WRONG')
    expect(await unlock(NEXT)).toBe('Unlocked')
    expect(await read(id)).toMatchObject({ keyState: 'OPEN', value: { body: 'written before' } })
    expect(await page.evaluate(() => here().client.encryption.recoveryStatus())).toMatchObject({
      recoveryCodesLeft: 8,
      request: { state: 'COMPLETED', method: 'RECOVERY_CODE' },
    })
    expect(await first.evaluate(() => here().client.session())).toBeNull()
  })

  test('by answers: the wait, the right answers again once it is over, and the questions are gone', async () => {
    const { email } = await signInAndSetUp(stage, page)
    const id = await write('written before')
    await page.evaluate(
      ([passphrase, questions, answers]) =>
        here().client.encryption.setSecurityQuestions({
          passphrase,
          questions: questions,
          answers: answers,
        }),
      [PASSPHRASE, QUESTIONS, ANSWERS] as const,
    )
    page = await browse()
    await signInByMail(stage, page, email)
    expect(await recoverByAnswers({ 0: 'old tomás', 2: 'LA PALOMA' })).toBe('RECOVERY_UNAVAILABLE')
    await letPass(email, 7 * DAY)
    expect(await page.evaluate(() => here().client.encryption.recoveryStatus())).toMatchObject({ questions: QUESTIONS })
    expect(await recoverByAnswers({ 0: 'old tomás', 2: 'La golondrina' })).toBe('PROOF_INVALID')
    expect(await recoverByAnswers({ 0: 'old tomás', 2: 'LA PALOMA!' })).toMatchObject({ kind: 'Waiting' })
    await letPass(email, 47 * HOUR)
    expect(await recoverByAnswers({ 0: 'old tomás', 2: 'LA PALOMA!' })).toMatchObject({ kind: 'Waiting' })
    await letPass(email, HOUR)

    // On another day, in another browser.
    page = await browse()
    await signInByMail(stage, page, email)
    expect(await recoverByAnswers({ 1: 'a box of 40 marbles', 2: 'la paloma' })).toMatchObject({
      kind: 'Recovered',
      questionsLost: true,
    })
    await page.reload()
    expect(await unlock(NEXT)).toBe('Unlocked')
    expect(await read(id)).toMatchObject({ value: { body: 'written before' } })
    expect(await page.evaluate(() => here().client.encryption.recoveryStatus())).toMatchObject({ questions: [] })
  })

  test('by a passkey: one touch opens what it unlocks, and goes on unlocking', async () => {
    await addAuthenticator(lastProfile(), { hasPrf: true })
    const { email } = await signInAndSetUp(stage, page)
    const id = await write('written before')
    const stored = await page.evaluate(
      (passphrase) => here().client.encryption.storeBiometricKey({ passphrase }),
      PASSPHRASE,
    )
    expect(stored).toMatchObject({ kind: 'Stored' })
    await page.evaluate(() => here().client.logout())
    await signInByMail(stage, page, email)
    expect(await recoverByPasskey()).toMatchObject({ kind: 'Recovered', passkeys: [{}], passkeysLost: [] })
    await page.reload()
    expect(await page.evaluate(() => here().client.encryption.unlock({ passkey: true }))).toMatchObject({
      kind: 'Unlocked',
    })
    expect(await read(id)).toMatchObject({ value: { body: 'written before' } })
    expect(await unlock(NEXT)).toBe('Unlocked')
  })

  test('by a passkey that does not unlock: it says what is still locked, and a code opens it within the same recovery', async () => {
    await addAuthenticator(lastProfile(), { hasPrf: false })
    const { email, codes } = await signInAndSetUp(stage, page)
    const id = await write('written before')
    await page.evaluate(() => here().client.registerPasskey({ name: 'Plain' }))
    await page.evaluate(() => here().client.logout())
    await signInByMail(stage, page, email)
    expect(await recoverByPasskey()).toMatchObject({
      kind: 'StillLocked',
      reason: 'NOT_ENROLLED',
      methods: ['RECOVERY_CODE'],
      passkeys: [],
    })
    expect(await read(id)).toMatchObject({ keyState: 'LOCKED' })
    expect(await recoverByCode(codes[0] ?? '')).toMatchObject({ kind: 'Recovered', passkeys: [{ name: 'Plain' }] })
    expect(await read(id)).toMatchObject({ value: { body: 'written before' } })
  })

  test('the mail stops it: its page, in a browser without a session, by a button; then the answers are closed', async () => {
    const { email } = await signInAndSetUp(stage, page)
    await page.evaluate(
      ([passphrase, questions, answers]) =>
        here().client.encryption.setSecurityQuestions({
          passphrase,
          questions: questions,
          answers: answers,
        }),
      [PASSPHRASE, QUESTIONS, ANSWERS] as const,
    )
    await letPass(email, 7 * DAY)
    expect(await recoverByAnswers({ 0: 'old tomás', 2: 'la paloma' })).toMatchObject({ kind: 'Waiting' })
    const mail = await stage.app.mailbox.latest(email, 1, ({ text }) => text.includes('/auth/cancel-recovery#'))
    const link = /https?:\S+\/auth\/cancel-recovery#\S+/.exec(mail.text)?.[0] ?? ''

    const elsewhere = await browse()
    await elsewhere.goto(link.replace(/^https?:\/\/[^/]+/, stage.app.url.origin))
    await elsewhere.getByRole('button', { name: 'Stop it' }).waitFor()
    expect(await status()).toMatchObject({ request: { state: 'WAITING' } }) // opening it has changed nothing
    await elsewhere.getByRole('button', { name: 'Stop it' }).click()
    await elsewhere.getByRole('heading', { name: 'It is stopped' }).waitFor()
    expect(await status()).toMatchObject({ request: { state: 'CANCELLED' } })
    await letPass(email, 48 * HOUR)
    expect(await recoverByAnswers({ 0: 'old tomás', 2: 'la paloma' })).toBe('RECOVERY_UNAVAILABLE')
  })
})

// Its place is the page: what runs there finds the harness in the page's own globals.
declare function here(): Harness

async function browse(): Promise<Page> {
  const profile = await openProfile(stage)
  profiles.push(profile)
  return profile.page
}

function lastProfile(): Profile {
  const profile = profiles.at(-1)
  if (!profile) throw new Error('No browser is open.')
  return profile
}

const status = () => page.evaluate(() => here().client.encryption.recoveryStatus())

async function letPass(email: string, ms: number): Promise<void> {
  const { id } = await stage.app.services.database.systemDb.user.findUniqueOrThrow({ where: { email } })
  await passTime(stage.app, id, ms)
}

const write = (body: string) =>
  page.evaluate(async (text) => (await here().notes.create({ title: 'A', body: text })).id, body)

async function read(id: string) {
  await page.waitForFunction('globalThis.notes !== undefined')
  return page.evaluate(async (noteId) => {
    const item = await here().notes.get(noteId)
    return item && { keyState: item.keyState, value: item.value }
  }, id)
}

/** What came of it: the kind of the answer, or the code of the refusal. */
async function unlock(passphrase: string): Promise<string> {
  await page.waitForFunction('globalThis.notes !== undefined')
  return page.evaluate(
    (text) =>
      here()
        .client.encryption.unlock({ passphrase: text })
        .then(
          ({ kind }) => kind,
          (error: { code: string }) => error.code,
        ),
    passphrase,
  )
}

/** The outcome, or the code of the refusal. */
const recoverByCode = (code: string) =>
  page.evaluate(
    ([text, newPassphrase]) =>
      here()
        .client.encryption.recoverWithCode({ code: text, newPassphrase, showCodes: () => true })
        .catch((error: { code: string }) => error.code),
    [code, NEXT] as const,
  )

const recoverByAnswers = (answers: { 0?: string; 1?: string; 2?: string }) =>
  page.evaluate(
    ([given, newPassphrase]) =>
      here()
        .client.encryption.recoverWithQuestions({ answers: given, newPassphrase, showCodes: () => true })
        .catch((error: { code: string }) => error.code),
    [answers, NEXT] as const,
  )

const recoverByPasskey = () =>
  page.evaluate(
    (newPassphrase) =>
      here()
        .client.encryption.recoverWithPasskey({ newPassphrase, showCodes: () => true })
        .catch((error: { code: string }) => error.code),
    NEXT,
  )
