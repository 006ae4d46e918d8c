import { readFileSync } from 'node:fs'
import type { Locator, Page, Route } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withoutBrowser } from '../support/browser.ts'
import { PASSPHRASE, signInDevice, steadyPerson } from '../support/devices.ts'
import { newAddress } from '../support/people.ts'
import { addAuthenticator, closePagesStage, enter, look, openPagesStage, openVisitor, shows } from './app-pages.ts'
import type { PagesStage, Visitor } from './app-pages.ts'

// Encryption as a person meets it: setting it up, opening and locking it, and changing what opens it.

const NEXT = 'gravel lantern mimic trombone ochre sudden'
const AT = '/account/encryption'

let stage: PagesStage
let visitor: Visitor
let page: Page
let sent: string[]

// Each opens keys many times over, which takes half a second of computing each on a machine that does nothing else.
describe.skipIf(withoutBrowser())('the encryption page', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    stage = await openPagesStage()
  })
  afterAll(() => closePagesStage(stage))
  beforeEach(async () => {
    visitor = await openVisitor(stage)
    page = visitor.page
    sent = []
    visitor.context.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
  })
  afterEach(async () => {
    for (const secret of [PASSPHRASE, NEXT]) expect(sent.join('\n')).not.toContain(secret)
    expect(visitor.complaints).toEqual([])
    await visitor.context.close()
  })

  test('a set-up goes step by step, and nothing is switched on before two codes were typed back', async () => {
    await enter(stage, visitor, { email: 'ada@example.com', at: AT })
    await page.getByText('Encryption is off').waitFor()
    await look(page, 'encryption-off')

    await press('Set up encryption')
    await shows(page, 'Only you can read it')
    await page.getByText('Step 1 of 4').waitFor()
    await look(page, 'encryption-why')
    await press('I understand, go on')
    await shows(page, 'Choose a passphrase')
    await look(page, 'encryption-passphrase')

    await passphraseField().fill('correct horse')
    await page.getByText(/easy to guess|enough/).waitFor()
    await page.getByLabel('Once more').fill('correct horse')
    await press('Go on')
    await alertSays('This one is too easy to guess.')
    await expect.poll(focused).toBe('Passphrase')
    await look(page, 'encryption-passphrase-weak')
    await passphraseField().fill(NEXT)
    await page.getByText('Strong', { exact: true }).waitFor()
    await press('Go on')
    await alertSays('The two are not the same.')

    const proposed = await page.locator('.words').innerText()
    await press('Use this one')
    expect(await passphraseField().inputValue()).toBe(proposed)
    await look(page, 'encryption-passphrase-strong')
    await press('Go on')

    await shows(page, 'Your recovery codes')
    const codes = await shownCodes()
    expect(new Set(codes).size).toBe(8)
    await press('Go on')
    await alertSays('Keep the codes first')
    await look(page, 'encryption-codes')
    await savedFileHolds(codes)
    await printHolds(codes)
    await page.getByLabel('I have written them down').check()
    await press('Go on')

    await shows(page, 'Type two codes back')
    const [first, second] = await askedPositions()
    await page.getByLabel(`Code ${first}`).fill(codes[first - 1] ?? '')
    await page.getByLabel(`Code ${second}`).fill(codes[first - 1] ?? '')
    await press('Check them')
    await alertSays(`Code ${second} is not as it was shown.`)
    await expect.poll(focused).toBe(`Code ${second}`)
    await look(page, 'encryption-type-back')
    expect(sent.join('\n')).not.toContain('SetupEncryption')
    await page.getByLabel(`Code ${second}`).fill((codes[second - 1] ?? '').toLowerCase().replaceAll('-', ' '))
    await press('Check them')

    await shows(page, 'Encryption')
    await isUnlocked()
    await page.getByText('8 of 8').waitFor()
    await look(page, 'encryption-unlocked')
    for (const secret of [proposed, ...codes]) expect(sent.join('\n')).not.toContain(secret)

    await press('Lock now, in all tabs')
    await isLocked()
    await look(page, 'encryption-locked')
    await tryToUnlock('not this one at all')
    await alertSays('That does not open your keys.')
    await unlock(proposed)
  })

  test('called off at whichever step, nothing was switched on', async () => {
    await enter(stage, visitor, { at: AT })
    const untilStep = ['Only you can read it', 'Choose a passphrase', 'Your recovery codes', 'Type two codes back']
    for (const last of untilStep) {
      await press('Set up encryption')
      await goTo(last)
      await press('Call it off')
      await page.getByText('Nothing was switched on.').waitFor()
      await page.getByText('Encryption is off.').waitFor()
      await press('Close')
    }
    // Leaving the page does the same.
    await press('Set up encryption')
    await goTo('Your recovery codes')
    await page.getByRole('link', { name: 'Sessions' }).click()
    await shows(page, 'Sessions')
    await page.getByRole('link', { name: 'Encryption' }).click()
    await page.getByText('Encryption is off.').waitFor()
    expect(
      await page
        .getByRole('listitem')
        .filter({ hasText: /[A-Z0-9]{4}-/ })
        .count(),
    ).toBe(0)
    expect(sent.join('\n')).not.toContain('SetupEncryption')
  })

  test('where the last answer is lost, it says to keep the codes, and finds out what is in force', async () => {
    for (const arrives of [false, true]) {
      await enter(stage, visitor, { at: AT })
      await press('Set up encryption')
      await goTo('Your recovery codes')
      const codes = await shownCodes()
      await page.getByLabel('I have written them down').check()
      await press('Go on')
      await shows(page, 'Type two codes back')
      for (const position of await askedPositions())
        await page.getByLabel(`Code ${position}`).fill(codes[position - 1] ?? '')
      await cutAt('mutation SetupEncryption', { arrives })
      await press('Check them')
      await page.getByText('Encryption may be on already, or still off. Keep the codes').waitFor()
      await look(page, 'encryption-in-doubt')
      await press('Look now')
      await alertSays('The server does not answer.')
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      await press('Look now')
      await page.getByText(arrives ? 'Encryption is on: only the answer was lost.' : 'Encryption is off: the').waitFor()
      if (arrives) await isLocked()
      else await page.getByRole('button', { name: 'Set up encryption' }).waitFor()
    }
  })

  test('the worker that holds the keys is loaded when they are needed, and ends with the lock', async () => {
    const { email } = await someoneWithKeys()
    await enter(stage, visitor, { email, at: AT })
    await isLocked()
    const asksForWorker = (): boolean => sent.some((request) => request.includes('encryption-worker'))
    expect(asksForWorker()).toBe(false)
    await unlock()
    expect(asksForWorker()).toBe(true)
    await expect.poll(() => page.workers().length).toBe(1)
    await press('Lock now, in all tabs')
    await isLocked()
    await expect.poll(() => page.workers().length).toBe(0)
  })

  test('another passphrase, and new codes, take the place of the old', async () => {
    const { email } = await someoneWithKeys()
    await enter(stage, visitor, { email, at: AT })
    await unlock()

    await press('Change passphrase')
    await givePassphrase('a wrong one')
    await page.getByRole('dialog').getByText('That does not open your keys.').waitFor()
    await look(page, 'encryption-passphrase-asked')
    await givePassphrase(PASSPHRASE)
    await chooseAnother(NEXT)
    await page.getByText('The new passphrase opens your keys from now on').waitFor()

    await press('Make new codes')
    await givePassphrase(NEXT)
    await shows(page, 'Your recovery codes')
    await page.getByText('Step 1 of 2').waitFor()
    await keepCodes()
    await page.getByText('The new codes count from now on.').waitFor()
    expect(sent.filter((request) => request.includes('mutation RegenerateRecoveryCodes'))).toHaveLength(1)

    await press('Lock now, in all tabs')
    await tryToUnlock(PASSPHRASE)
    await alertSays('That does not open your keys.')
    await unlock(NEXT)
  })

  test('whoever has few codes left is told to make new ones', async () => {
    const { email } = await someoneWithKeys()
    await page.route('**/graphql', async (route) => {
      if (!(route.request().postData() ?? '').includes('query EncryptionStatus')) return route.continue()
      const response = await route.fetch()
      const text = (await response.text()).replace('"recoveryCodesLeft":8', '"recoveryCodesLeft":1')
      await route.fulfill({ response, body: text })
    })
    await enter(stage, visitor, { email, at: AT })
    await page.getByText('Only 1 left. Make new ones now.').waitFor()
    await look(page, 'encryption-few-codes')
  })

  test('a passkey unlocks once it may, and unlocks no more once it may not', async () => {
    await addAuthenticator(visitor)
    const { email } = await someoneWithKeys()
    await enter(stage, visitor, { email, at: AT })
    await page.getByText('You have no passkey yet.').waitFor()
    await press('Add a passkey that unlocks')
    await givePassphrase(PASSPHRASE)
    await page.getByText('unlocks from now on.').waitFor()
    await page.getByText('Signs you in and unlocks').waitFor()
    await look(page, 'encryption-passkey')

    await press('Lock now, in all tabs')
    await press('Use a passkey')
    await isUnlocked()

    await page.getByRole('button', { name: /^No longer/ }).click()
    await page.getByText('unlocks no more.').waitFor()
    await press('Lock now, in all tabs')
    await isLocked()
    await page.getByRole('button', { name: 'Use a passkey' }).waitFor({ state: 'detached' })

    await page.getByRole('button', { name: /^Let it unlock/ }).click()
    await givePassphrase(PASSPHRASE)
    await page.getByText('Signs you in and unlocks').waitFor()

    // Long after the last proof the page asks for none by itself.
    stage.app.clock.advance(16 * 60_000)
    await page.reload()
    await page.getByText('Signs you in, and may unlock').waitFor()
    await look(page, 'encryption-passkeys-not-told')
    await press('Show which ones unlock')
    await page.getByRole('dialog').getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByText('Signs you in and unlocks').waitFor()
  })

  test('a passkey that cannot unlock is told kindly', async () => {
    await addAuthenticator(visitor, { hasPrf: false })
    const { email } = await someoneWithKeys()
    await enter(stage, visitor, { email, at: AT })
    await page.getByText('You have no passkey yet.').waitFor()
    await press('Add a passkey that unlocks')
    await givePassphrase(PASSPHRASE)
    await alertSays('This passkey was made without the means to unlock.')
    await page.getByText(/^Signs you in, added/).waitFor()
    await look(page, 'encryption-passkey-cannot')
  })

  test('encrypted notes keep encryption from being switched off', async () => {
    const { email, notes } = await someoneWithKeys()
    const note = await notes.create({ title: 'Kept', body: 'secret' })
    await enter(stage, visitor, { email, at: AT })
    await press('Switch off')
    await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click()
    await alertSays('Something is still encrypted')
    await look(page, 'encryption-not-switched-off')
    await notes.delete(note)
    await press('Switch off')
    await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click()
    await page.getByText('Encryption is off.').first().waitFor()
    await page.getByRole('button', { name: 'Set up encryption' }).waitFor()
  })

  test('new record keys come with a bar, and what was interrupted is finished on another profile', async () => {
    const { email, notes } = await someoneWithKeys()
    // One more than a batch holds.
    await Promise.all(Array.from({ length: 101 }, (_, at) => notes.create({ title: `Note ${at}`, body: 'secret' })))
    await enter(stage, visitor, { email, at: AT })
    await unlock()
    // The second batch never reaches the server: it is held, and then the page and its connection are gone.
    let batches = 0
    const second = new Promise<Route>((resolve) => {
      void page.route('**/graphql', async (route) => {
        const isBatch = (route.request().postData() ?? '').includes('mutation ReencryptRecords')
        if (isBatch) batches += 1
        if (batches === 2) resolve(route)
        else await route.continue()
      })
    })
    await press('Change the record key')
    await shows(page, 'Changing your keys')
    const held = await second
    await page.getByText('100 of 101 done').waitFor()
    expect(await page.getByRole('progressbar').getAttribute('value')).toBe('100')
    await look(page, 'encryption-turning')
    await visitor.context.setOffline(true) // else closing the page would let go of what is held
    await held.abort()
    await page.close()

    const other = await openVisitor(stage)
    await enter(stage, other, { email, at: AT })
    page = other.page
    await page.getByRole('heading', { name: 'A change of keys is not finished' }).waitFor()
    await page.getByText('One record is still encrypted').waitFor()
    await look(page, 'encryption-unfinished')
    await press('Go on')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Passphrase').fill(PASSPHRASE)
    await look(page, 'encryption-unlock-dialog')
    await dialog.getByRole('button', { name: 'Unlock' }).click()
    await page.getByText('everything is encrypted with it').waitFor()
    await page.getByRole('heading', { name: 'A change of keys is not finished' }).waitFor({ state: 'detached' })
    expect(other.complaints).toEqual([])
    await other.context.close()
  })

  test('a change of keys that the person stops, or that loses its connection, is gone on with', async () => {
    const { email, notes } = await someoneWithKeys()
    await notes.create({ title: 'One', body: 'one' })
    await enter(stage, visitor, { email, at: AT })
    await unlock()
    let isCut = true
    await page.route('**/graphql', async (route) => {
      const isBatch = (route.request().postData() ?? '').includes('mutation ReencryptRecords')
      await (isBatch && isCut ? route.abort() : route.continue())
    })
    await press('Change the record key')
    await alertSays('The connection broke.')
    await page.getByText('One record is still encrypted').waitFor()
    await look(page, 'encryption-cut-off')

    isCut = false
    const held = new Promise<Route>((resolve) => {
      void page.route('**/graphql', async (route) => {
        if (!(route.request().postData() ?? '').includes('mutation ReencryptRecords')) return route.fallback()
        resolve(route)
      })
    })
    await press('Go on')
    await shows(page, 'Changing your keys')
    const batch = await held
    await press('Stop here, go on later')
    await shows(page, 'Encryption')
    await page.getByText('Stopped. What is done stays done').waitFor()
    await page.getByText('One record is still encrypted').waitFor()
    await batch.abort()

    await page.unrouteAll()
    await press('Go on')
    await page.getByText('everything is encrypted with it').waitFor()
  })

  test('older keys than this device has seen are let in after a restored backup alone', async () => {
    const { email } = await someoneWithKeys()
    await enter(stage, visitor, { email, at: AT })
    await unlock()
    // What a device remembers that saw the keys after their next changes.
    await page.evaluate(() => {
      for (const key of Object.keys(localStorage).filter((one) => one.startsWith('latchkey:keys-seen:'))) {
        localStorage.setItem(key, JSON.stringify({ generation: 1, ringRevision: 9 }))
      }
    })
    await page.reload()
    await tryToUnlock(PASSPHRASE)
    await alertSays('The server gave older keys than this device has seen')
    await press('Let older keys in')
    await look(page, 'encryption-older-keys')
    await page.getByRole('dialog').getByRole('button', { name: 'Not now' }).click()
    await tryToUnlock(PASSPHRASE)
    await alertSays('The server gave older keys than this device has seen')
    await press('Let older keys in')
    await page.getByRole('dialog').getByRole('button', { name: 'A backup was restored' }).click()
    await page.getByText('takes the older keys from now on').waitFor()
    await unlock()
  })

  test('everything is changed: the old passphrase opens nothing, a passkey at hand goes on unlocking', async () => {
    await addAuthenticator(visitor)
    const { email, notes } = await someoneWithKeys()
    await notes.create({ title: 'One', body: 'one' })
    await enter(stage, visitor, { email, at: AT })
    await press('Add a passkey that unlocks')
    await givePassphrase(PASSPHRASE)
    await page.getByText('Signs you in and unlocks').waitFor()

    await press('Change everything')
    await givePassphrase(PASSPHRASE)
    await chooseAnother(NEXT)
    await shows(page, 'Shall this passkey go on unlocking?')
    await look(page, 'encryption-touch')
    await press('Use it now')
    await shows(page, 'Your recovery codes')
    await keepCodes()
    await page.getByText('everything is encrypted with it').waitFor()
    await page.getByText('Signs you in and unlocks').waitFor()

    await press('Lock now, in all tabs')
    await tryToUnlock(PASSPHRASE)
    await alertSays('That does not open your keys.')
    await press('Use a passkey')
    await isUnlocked()
  })
})

/** Somebody whose encryption was set up by a device of the SDK's, which is quicker than by hand. */
async function someoneWithKeys() {
  const email = newAddress()
  const device = await signInDevice(stage.app, email)
  await device.encryption.setup(steadyPerson())
  const notes = device.collection<{ title: string; body: string }>('notes', { encrypted: ['body'] })
  return { email, notes }
}

const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()

const passphraseField = (): Locator => page.getByRole('textbox', { name: 'Passphrase', exact: true })

const alertSays = (text: string): Promise<void> => page.getByRole('alert').filter({ hasText: text }).waitFor()

async function unlock(passphrase = PASSPHRASE): Promise<void> {
  await tryToUnlock(passphrase)
  await isUnlocked()
}

async function tryToUnlock(passphrase: string): Promise<void> {
  await passphraseField().fill(passphrase)
  await press('Unlock')
}

const isUnlocked = (): Promise<void> => page.getByRole('heading', { name: 'Unlocked on this device' }).waitFor()
const isLocked = (): Promise<void> => page.getByRole('heading', { name: 'Locked', exact: true }).waitFor()

async function givePassphrase(passphrase: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Passphrase').fill(passphrase)
  await dialog.getByRole('button', { name: 'Go on' }).click()
}

async function chooseAnother(passphrase: string): Promise<void> {
  await shows(page, 'Choose a passphrase')
  await passphraseField().fill(passphrase)
  await page.getByLabel('Once more').fill(passphrase)
  await press('Go on')
}

/** Walks the set-up as far as the step with this heading. */
async function goTo(last: string): Promise<void> {
  await shows(page, 'Only you can read it')
  if (last === 'Only you can read it') return
  await press('I understand, go on')
  await shows(page, 'Choose a passphrase')
  if (last === 'Choose a passphrase') return
  await press('Use this one')
  await press('Go on')
  await shows(page, 'Your recovery codes')
  if (last === 'Your recovery codes') return
  await page.getByLabel('I have written them down').check()
  await press('Go on')
  await shows(page, last)
}

/** From this operation on no answer comes through; whether it arrives itself is said. */
async function cutAt(operation: string, { arrives }: { arrives: boolean }): Promise<void> {
  let isCut = false
  await page.route('**/graphql', async (route) => {
    const isIt = route.request().postData()?.includes(operation) === true
    isCut ||= isIt
    if (isIt && arrives) await route.fetch()
    await (isCut ? route.abort() : route.continue())
  })
}

const shownCodes = (): Promise<string[]> =>
  page.getByRole('list', { name: 'Recovery codes' }).locator('code').allInnerTexts()

async function askedPositions(): Promise<[number, number]> {
  const labels = await page
    .locator('label')
    .filter({ hasText: /^Code \d$/ })
    .allInnerTexts()
  const [first = 0, second = 0] = labels.map((label) => Number(label.replace('Code ', '')))
  return [first, second]
}

async function keepCodes(): Promise<void> {
  const codes = await shownCodes()
  await page.getByLabel('I have written them down').check()
  await press('Go on')
  await shows(page, 'Type two codes back')
  for (const position of await askedPositions()) {
    await page.getByLabel(`Code ${position}`).fill(codes[position - 1] ?? '')
  }
  await press('Check them')
}

async function savedFileHolds(codes: readonly string[]): Promise<void> {
  const [download] = await Promise.all([page.waitForEvent('download'), press('Save as a file')])
  expect(download.suggestedFilename()).toBe('latchkey-recovery-codes.txt')
  const text = readFileSync(await download.path(), 'utf8')
  expect(text.match(/(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}/g)).toEqual(codes)
}

/** What is on the paper: the codes, and nothing of the page around them. */
async function printHolds(codes: readonly string[]): Promise<void> {
  await page.evaluate('window.print = () => { window.printed = true }')
  await press('Print')
  expect(await page.evaluate('window.printed')).toBe(true)
  await page.emulateMedia({ media: 'print' })
  for (const code of codes) expect(await page.getByText(code, { exact: true }).isVisible()).toBe(true)
  expect(await page.getByText(`at ${stage.app.url.host}`).isVisible()).toBe(true)
  expect(await page.getByRole('button', { name: 'Go on' }).isVisible()).toBe(false)
  await page.screenshot({ path: 'test-output/screenshots/encryption-codes-printed.png', fullPage: true })
  await page.emulateMedia({ media: 'screen' })
}

/** The label of the field that has the focus. */
const focused = (): Promise<unknown> => page.evaluate('document.activeElement.labels?.[0]?.textContent')
