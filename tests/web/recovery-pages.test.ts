import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isLatchkeyError, type LatchkeyClient } from '../../src/client/index.ts'
import { DAY, passTime } from '../attacks/recovery-support.ts'
import { withoutBrowser } from '../support/browser.ts'
import { encryptedDevice, PASSPHRASE, signInDevice } from '../support/devices.ts'
import { addAuthenticator, closePagesStage, enter, look, openPagesStage, openVisitor, shows } from './app-pages.ts'
import type { PagesStage, Visitor } from './app-pages.ts'

// Each way back to encrypted data, by the pages alone. The account is made by another device, which writes what is to be read.

const NEXT = 'gravel lantern mimic trombone ochre sudden'
const QUESTIONS = ['Who hid the key?', 'What was under the stairs?', 'Which song went wrong?'] as const
const ANSWERS = ['Old Tomás', 'A box of 40 marbles', 'La paloma'] as const

type Note = { body?: string }

let stage: PagesStage
let visitors: Visitor[]
let visitor: Visitor
let page: Page

describe.skipIf(withoutBrowser())('recovery, by its pages', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    stage = await openPagesStage()
  })
  afterAll(() => closePagesStage(stage))
  beforeEach(async () => {
    visitors = []
    await browse()
  })
  afterEach(async () => {
    expect(visitors.flatMap(({ complaints }) => complaints)).toEqual([])
    for (const { context } of visitors) await context.close()
  })

  test('without encryption there is nothing to recover, and it says where to begin', async () => {
    await enter(stage, visitor, { at: '/account/recovery' })
    await page.getByText('There is nothing to recover yet').waitFor()
    await look(page, 'recovery-off')
    expect(await page.getByRole('link', { name: 'See what encryption does' }).getAttribute('href')).toBe(
      '/account/encryption',
    )
  })

  test('where the server takes no security questions, none are offered', async () => {
    const { email } = await owner()
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData()?.includes('query RecoveryStatus')) return route.continue()
      const response = await route.fetch()
      const body = (await response.text()).replace('"takesQuestions":true', '"takesQuestions":false')
      await route.fulfill({ response, body })
    })
    await enter(stage, visitor, { email, at: '/account/recovery' })
    await page.getByText('8 codes are left').waitFor()
    expect(await page.getByText('Security questions').count()).toBe(0)
    await openPlace('/account/recovery?way=questions')
    await page.getByText('This server does not offer security questions.').waitFor()
    await page.unrouteAll({ behavior: 'wait' })
  })

  test('by a code: a slip, a wrong one, the right one; then new passphrase, new codes, and nothing of the old', async () => {
    const { email, codes, client, id } = await owner()
    await enter(stage, visitor, { email, at: '/account/recovery' })
    await page.getByText('8 codes are left').waitFor()
    await look(page, 'recovery-ways')
    await page.getByRole('link', { name: 'I cannot open my data' }).click()
    await shows(page, 'Open your data again')
    await look(page, 'recovery-choose')
    await page.getByRole('link', { name: 'Use a recovery code' }).click()
    await shows(page, 'Use a recovery code')
    await look(page, 'recovery-code')

    await giveCode('0000-0000')
    await alert('A code has 24 letters and digits')
    await giveCode('0000-0000-0000-0000-0000-0000')
    await chooseNext()
    await alert('That code is wrong, or was used before.')
    await look(page, 'recovery-code-wrong')
    await expect
      .poll(() => page.getByLabel('Recovery code').evaluate((field) => field === document.activeElement))
      .toBe(true)
    await giveCode((codes[3] ?? '').toLowerCase().replaceAll('-', ' '))
    const goOn = await holdReencryption()
    await keepCodes() // the passphrase is not asked for once more
    await shows(page, 'Locking your data with the new keys')
    await page.getByLabel('1 of 1 encrypted anew').waitFor()
    await look(page, 'recovery-progress')
    goOn()
    await shows(page, 'Your data is open again')
    await look(page, 'recovery-done')

    expect(await client.session()).toBeNull() // every other device is signed out
    expect(await bodyOn(await unlocked(email), id)).toBe('written before')
    await page.getByRole('link', { name: 'Back to Recovery' }).click()
    await page.getByText('8 codes are left').waitFor()
  })

  test('called off at each step, nothing is changed, and the same code goes on', async () => {
    const { email, codes } = await owner()
    await enter(stage, visitor, { email, at: '/account/recovery?way=code' })
    await giveCode(codes[0] ?? '')
    await shows(page, 'Choose a passphrase')
    await callOff()
    await shows(page, 'Use a recovery code')
    await page.getByRole('button', { name: 'Go on' }).click()
    await chooseNext()
    await shows(page, 'Your recovery codes')
    await callOff()
    await shows(page, 'Use a recovery code')
    await page.getByRole('link', { name: 'Back to Recovery' }).click()
    await page.getByRole('region', { name: 'Your encrypted data is being recovered' }).waitFor()
    await look(page, 'recovery-under-way')
    await page.getByRole('link', { name: 'It is me: go on' }).click()
    await giveCode(codes[0] ?? '')
    await chooseNext()
    await keepCodes()
    await shows(page, 'Your data is open again')
  })

  test('an answer that is lost at the last step leaves both in doubt, and it finds out which is in force', async () => {
    const { email, codes, id } = await owner()
    await enter(stage, visitor, { email, at: '/account/recovery?way=code' })
    await giveCode(codes[0] ?? '')
    await chooseNext()
    let isCut = false
    await page.route('**/graphql', async (route) => {
      const body = route.request().postData() ?? ''
      if (body.includes('mutation CompleteRecovery(')) {
        await route.fetch()
        isCut = true
      }
      await (isCut ? route.abort() : route.continue())
    })
    await keepCodes()
    await shows(page, 'The connection broke at the last step')
    await look(page, 'recovery-cut-off')
    await page.unroute('**/graphql')
    await page.getByRole('button', { name: 'Look, and go on' }).click()
    await page.getByRole('dialog', { name: 'Unlock your encrypted data' }).getByLabel('Passphrase').fill(NEXT)
    await page.getByRole('button', { name: 'Unlock' }).click()
    await shows(page, 'Your data is open again')
    expect(await bodyOn(await unlocked(email), id)).toBe('written before')
  })

  test('questions: set with care, wrong answers told, two days’ wait, and the answers again open the data', async () => {
    const { email, id } = await owner()
    await enter(stage, visitor, { email, at: '/account/recovery' })
    await page.getByRole('link', { name: 'Set questions' }).click()
    await shows(page, 'Security questions')
    await look(page, 'recovery-questions')
    await page.getByRole('button', { name: 'Set the questions' }).click()
    await alert('Question 1 is empty.')
    await setQuestions(['Old Tomás', 'Tom', 'the key'])
    await page.getByLabel('Question 3').fill('Where was the key?')
    await page.getByRole('button', { name: 'Set the questions' }).click()
    await alert('Answer 3 needs three letters or digits')
    await look(page, 'recovery-questions-wrong')
    await setQuestions(ANSWERS)
    await page.getByRole('button', { name: 'Set the questions' }).click()
    await shows(page, 'Your questions are set')
    await look(page, 'recovery-questions-set')

    await openPlace('/account/recovery?way=answers')
    await giveAnswers(['old tomás', '', 'LA PALOMA'])
    await alert('the questions or the mail address were changed')
    await letPass(email, 7 * DAY)
    await giveAnswers(['old tomás', '', ''])
    await alert('Two answers are needed')
    await giveAnswers(['old tomás', '', 'La golondrina'])
    await alert('You have tried once here')
    await look(page, 'recovery-answers-wrong')
    await giveAnswers(['old tomás', '', 'LA PALOMA!'])
    await shows(page, 'Your answers are right')
    await look(page, 'recovery-answers-wait')
    await openPlace('/account/recovery')
    await page.getByText('cannot open it before').waitFor()

    await letPass(email, 2 * DAY)
    await browse() // another day, another browser
    await enter(stage, visitor, { email, at: '/account/recovery' })
    await page.getByRole('link', { name: 'It is me: go on' }).click()
    await page.getByText('The wait is over.').waitFor()
    await look(page, 'recovery-answers')
    await giveAnswers(['', 'a box of 40 marbles', 'la paloma'])
    await chooseNext()
    await keepCodes()
    await shows(page, 'Your data is open again')
    await page.getByText('Your security questions went with the old keys.').waitFor()
    expect(await bodyOn(await unlocked(email), id)).toBe('written before')
  })

  test('the owner stops it: by the mail’s link, without a session; and in the account', async () => {
    const { email, client } = await owner()
    await client.encryption.setSecurityQuestions({ passphrase: PASSPHRASE, questions: QUESTIONS, answers: ANSWERS })
    await letPass(email, 7 * DAY)
    await enter(stage, visitor, { email, at: '/account/recovery?way=answers' })
    await giveAnswers(['old tomás', '', 'la paloma'])
    await shows(page, 'Your answers are right')

    const thief = page
    await browse()
    await page.goto(await stopLink(email))
    await page.getByRole('button', { name: 'Stop it' }).click()
    await shows(page, 'It is stopped')
    page = thief
    await openPlace('/account/recovery?way=answers')
    await giveAnswers(['old tomás', '', 'la paloma'])
    await alert('This way is closed for seven days, because it was stopped')

    await letPass(email, 8 * DAY)
    await giveAnswers(['old tomás', '', 'la paloma'])
    await shows(page, 'Your answers are right')
    await openPlace('/account/recovery')
    await page.getByRole('button', { name: 'Stop it' }).click()
    const dialog = page.getByRole('dialog', { name: 'Stop it?' })
    await dialog.waitFor()
    await dialog.getByRole('button', { name: 'Stop it' }).click()
    await page.getByRole('status').filter({ hasText: 'It is stopped.' }).waitFor()
    await page.getByRole('region', { name: 'Your encrypted data is being recovered' }).waitFor({ state: 'detached' })
    await look(page, 'recovery-stopped')
    expect((await client.encryption.recoveryStatus()).request?.state).toBe('CANCELLED')

    await page.getByRole('button', { name: 'Remove: Security questions' }).click()
    await page.getByRole('button', { name: 'Remove them' }).click()
    await page.getByText('Your security questions are removed.').waitFor()
    expect((await client.encryption.recoveryStatus()).questions).toEqual([])
  })

  test('by a passkey: one that does not unlock says what would; one that does opens the data', async () => {
    const { email, id } = await owner()
    await addAuthenticator(visitor)
    await enter(stage, visitor, { email, at: '/account/encryption' })
    await page.getByRole('button', { name: 'Add a passkey that unlocks' }).click()
    await givePassphrase(PASSPHRASE)
    await page.getByRole('button', { name: /^No longer/ }).click()
    await page.getByText('unlocks no more.').waitFor()
    await enter(stage, visitor, { email, at: '/account/recovery?way=passkey' })
    await look(page, 'recovery-passkey')
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByText('It is you, and your data is still locked.').waitFor()
    await page.getByRole('link', { name: 'Use a recovery code' }).waitFor()
    await look(page, 'recovery-still-locked')

    await openPlace('/account/encryption')
    await page.getByRole('button', { name: /^Let it unlock/ }).click()
    await givePassphrase(PASSPHRASE)
    await page.getByText('Signs you in and unlocks').waitFor()
    await enter(stage, visitor, { email, at: '/account/recovery?way=passkey' })
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await chooseNext()
    await keepCodes()
    await shows(page, 'Your data is open again')
    await page.getByRole('heading', { name: 'Do you still have each of your passkeys?' }).waitFor()
    await look(page, 'recovery-done-passkeys')
    expect(await bodyOn(await unlocked(email), id)).toBe('written before')
    await page.getByRole('button', { name: /^Remove: / }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('is removed. It signs nobody in any more.').waitFor()
  })

  test('a new start: asked for by the typed address, done after seven days; what turns up later is taken back', async () => {
    const { email, id } = await owner()
    await enter(stage, visitor, { email, at: '/account/recovery?way=anew' })
    await shows(page, 'Begin anew')
    await page.getByLabel('Your mail address').fill('somebody@else.example')
    await page.getByRole('button', { name: 'Ask to begin anew' }).click()
    await alert('That is not the mail address of this account.')
    await look(page, 'recovery-anew')
    await page.getByLabel('Your mail address').fill(email)
    await page.getByRole('button', { name: 'Ask to begin anew' }).click()
    await shows(page, 'You have asked to begin anew')
    await look(page, 'recovery-anew-waits')
    await letPass(email, 7 * DAY)
    await openPlace('/account/recovery')
    await page.getByRole('region', { name: 'A new start without your keys was asked for' }).waitFor()
    await look(page, 'recovery-anew-under-way')
    await page.getByRole('link', { name: 'It is me: go on' }).click()
    await page.getByText('The wait is over.').waitFor()
    await look(page, 'recovery-anew-ready')
    await page.getByRole('button', { name: 'Begin anew' }).click()
    await page.getByRole('button', { name: 'I understand, go on' }).click()
    await chooseNext()
    await keepCodes()
    await shows(page, 'You have new keys')
    await look(page, 'recovery-anew-done')

    await page.getByRole('link', { name: 'Back to Recovery' }).click()
    await page.getByRole('link', { name: 'I have found one' }).click()
    await shows(page, 'Take back what was locked')
    await look(page, 'recovery-take-back')
    await page.getByLabel('The old passphrase').fill('not the one that it was')
    await page.getByRole('button', { name: 'Take it back' }).click()
    await alert('That opens nothing of what is kept.')
    await page.getByLabel('The old passphrase').fill(PASSPHRASE)
    await page.getByRole('button', { name: 'Take it back' }).click()
    await shows(page, 'It is yours again')
    await page.getByText('1 record is encrypted with your new keys now').waitFor()
    await look(page, 'recovery-taken-back')
    expect(await bodyOn(await unlocked(email), id)).toBe('written before')
  })

  test('a new start whose last answer is lost: it says to keep the codes, and finds out which are in force', async () => {
    const { client, email } = await owner()
    await client.encryption.requestFreshStart(email)
    await letPass(email, 7 * DAY)
    await enter(stage, visitor, { email, at: '/account/recovery?way=anew' })
    for (const arrives of [false, true]) {
      await page.getByRole('button', { name: 'Begin anew' }).click()
      await page.getByRole('button', { name: 'I understand, go on' }).click()
      await chooseNext()
      let isCut = false
      await page.route('**/graphql', async (route) => {
        const isIt = route.request().postData()?.includes('mutation CompleteFreshStart') === true
        isCut ||= isIt
        if (isIt && arrives) await route.fetch()
        await (isCut ? route.abort() : route.continue())
      })
      await keepCodes()
      await shows(page, 'Keep your new codes')
      await look(page, 'recovery-anew-in-doubt')
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      await page.getByRole('button', { name: 'Look now' }).click()
      if (!arrives) await page.getByText('Nothing was changed: the new keys did not arrive.').waitFor()
    }
    await shows(page, 'You have new keys')
    await unlocked(email)
  })
})

async function browse(): Promise<void> {
  visitor = await openVisitor(stage)
  visitors.push(visitor)
  page = visitor.page
}

/** Somebody with encryption and one note, made by another device. */
async function owner() {
  const device = await encryptedDevice(stage.app)
  const { id } = await notesOf(device.client).create({ body: 'written before' })
  return { ...device, id }
}

const notesOf = (client: LatchkeyClient) => client.collection<Note>('notes', { encrypted: ['body'] })

async function bodyOn(client: LatchkeyClient, id: string): Promise<string | undefined> {
  return (await notesOf(client).get(id))?.value.body
}

/** A new device, which the new passphrase opens and the old one does not. */
async function unlocked(email: string): Promise<LatchkeyClient> {
  const client = await signInDevice(stage.app, email)
  const old = client.encryption.unlock({ passphrase: PASSPHRASE }).catch((error: unknown) => error)
  expect(isLatchkeyError(await old, 'SECRET_WRONG')).toBe(true)
  await client.encryption.unlock({ passphrase: NEXT })
  return client
}

/** Lets so much time pass, and some seconds: a page tells the server's time by the date of an answer, which has no milliseconds. */
async function letPass(email: string, ms: number): Promise<void> {
  const { id } = await stage.app.services.database.systemDb.user.findUniqueOrThrow({ where: { email } })
  await passTime(stage.app, id, ms + 5_000)
}

const alert = (text: string) => page.getByRole('alert').filter({ hasText: text }).waitFor()

const openPlace = (place: string) => page.goto(stage.app.url.origin + place)

async function giveCode(code: string): Promise<void> {
  await page.getByLabel('Recovery code').fill(code)
  await page.getByRole('button', { name: 'Go on' }).click()
}

async function giveAnswers(answers: readonly string[]): Promise<void> {
  for (const [index, answer] of answers.entries()) await page.getByLabel(QUESTIONS[index] ?? '').fill(answer)
  await page.getByRole('button', { name: 'Give these answers' }).click()
}

async function setQuestions(answers: readonly string[]): Promise<void> {
  for (const [index, question] of QUESTIONS.entries()) {
    await page.getByLabel(`Question ${index + 1}`).fill(question)
    await page.getByLabel(`Answer ${index + 1}`).fill(answers[index] ?? '')
  }
  await page.getByLabel('Your passphrase').fill(PASSPHRASE)
}

async function chooseNext(): Promise<void> {
  await shows(page, 'Choose a passphrase')
  await page.getByLabel('Passphrase', { exact: true }).fill(NEXT)
  await page.getByLabel('Once more').fill(NEXT)
  await page.getByRole('button', { name: 'Go on' }).click()
}

async function givePassphrase(passphrase: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Passphrase').fill(passphrase)
  await dialog.getByRole('button', { name: 'Go on' }).click()
}

const callOff = () => page.getByRole('button', { name: 'Call it off' }).click()

/** Writes the codes down, and types two of them back. */
async function keepCodes(): Promise<void> {
  await shows(page, 'Your recovery codes')
  const codes = await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allInnerTexts()
  await page.getByLabel('I have written them down').check()
  await page.getByRole('button', { name: 'Go on' }).click()
  await shows(page, 'Type two codes back')
  for (const field of await page.getByLabel(/^Code \d$/).all()) {
    const label = await field.evaluate((element) => (element as HTMLInputElement).labels?.[0]?.textContent ?? '')
    await field.fill(codes[Number(label.replace('Code ', '')) - 1] ?? '')
  }
  await page.getByRole('button', { name: 'Check them' }).click()
}

/** Holds what closes the re-encryption, which comes after its only batch; what it gives lets it go. */
async function holdReencryption(): Promise<() => void> {
  let goOn = (): void => undefined
  const held = new Promise<void>((resolve) => (goOn = resolve))
  let batches = 0
  await page.route('**/graphql', async (route) => {
    const isBatch = route.request().postData()?.includes('mutation ReencryptRecords(') === true
    if (isBatch) batches += 1
    if (isBatch && batches > 1) await held
    await route.continue()
  })
  return () => goOn()
}

async function stopLink(email: string): Promise<string> {
  const mail = await stage.app.mailbox.latest(email, 1, ({ text }) => text.includes('/auth/cancel-recovery#'))
  const path = /\/auth\/cancel-recovery#[\w-]+/.exec(mail.text)?.[0] ?? ''
  return stage.app.url.origin + path
}
