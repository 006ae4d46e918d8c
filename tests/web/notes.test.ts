import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import { withoutBrowser } from '../support/browser.ts'
import { encryptedDevice, PASSPHRASE, signInDevice } from '../support/devices.ts'
import { codeIn } from '../support/mailbox.ts'
import { newAddress } from '../support/people.ts'
import { ask, closePagesStage, enter, look, openPagesStage, openVisitor, shows } from './app-pages.ts'
import type { PagesStage, Visitor } from './app-pages.ts'

// The example app: private notes, plain, sealed and encrypted, and what becomes of a text when something is amiss.

let stage: PagesStage
let visitor: Visitor
let page: Page

describe.skipIf(withoutBrowser())('private notes', () => {
  beforeAll(async () => {
    stage = await openPagesStage()
  })
  afterAll(() => closePagesStage(stage))
  beforeEach(async () => {
    visitor = await openVisitor(stage)
    page = visitor.page
  })
  afterEach(async () => {
    expect(visitor.complaints).toEqual([])
    await visitor.context.close()
  })

  describe('by and by', () => {
    test('the first note: from the empty page to a text that is read again after a reload', async () => {
      await enter(stage, visitor, { at: '/notes' })
      await page.getByText('No notes yet.').waitFor()
      await look(page, 'notes-empty')
      await page.getByRole('link', { name: 'New note' }).click()
      await expectFocus('Title')
      await look(page, 'notes-new')
      await button('Save').click()
      await page.getByText('Give the note a title').waitFor()
      await field('Title').fill('Shopping')
      await field('Text').fill('Bread\nSalt')
      await button('Save').click()
      await showsNote('Shopping')
      await page.getByText('Bread\nSalt').waitFor()
      await page.getByText('The note is saved.').waitFor()
      expect(new URL(page.url()).search).toMatch(/^\?note=record_/)
      await look(page, 'notes-plain')
      await page.reload()
      await showsNote('Shopping')
      await page.getByText('Bread\nSalt').waitFor()
    })

    test('a note is edited, and deleted once that is confirmed', async () => {
      await enter(stage, visitor, { at: '/notes' })
      await writeNote({ title: 'First', text: 'one' })
      await button('Edit').click()
      await expectFocus('Title')
      await field('Title').fill('Second')
      await field('Text').fill('two')
      await button('Save').click()
      await showsNote('Second')
      await page.getByRole('link', { name: /^Second/ }).waitFor()
      await button('Delete').click()
      await look(page, 'notes-delete')
      await dialogButton('Not now').click()
      await showsNote('Second')
      await button('Delete').click()
      await dialogButton('Delete').click()
      await page.getByText('The note is deleted.').waitFor()
      await page.getByText('No notes yet.').waitFor()
      expect(new URL(page.url()).search).toBe('')
    })

    test('titles are searched as they are typed, and a long list comes page by page', async () => {
      const email = newAddress()
      await enter(stage, visitor, { email })
      await manyNotes(email, 45)
      await page.goto(`${stage.app.url.origin}/notes`)
      await page.getByText('45 notes').waitFor()
      expect(await titles().count()).toBe(20)
      await look(page, 'notes-list')
      await button('Show more').click()
      await expect.poll(() => titles().count()).toBe(40)
      await button('Show more').click()
      await expect.poll(() => titles().count()).toBe(45)
      expect(await button('Show more').count()).toBe(0)
      await page.getByLabel('Search in titles').fill('NUMBER 4')
      await page.getByText('7 notes with “NUMBER 4” in the title').waitFor()
      expect(await titles().count()).toBe(7)
      await page.getByLabel('Search in titles').fill('nowhere')
      await page.getByText('No title holds that.').waitFor()
      await look(page, 'notes-no-hit')
    })

    test('in a narrow window the note takes the place of the list, and the way back leads to where one was', async () => {
      const email = newAddress()
      await enter(stage, visitor, { email })
      await manyNotes(email, 3)
      await page.setViewportSize({ width: 360, height: 740 })
      await page.goto(`${stage.app.url.origin}/notes`)
      await page.getByRole('link', { name: /^Number 2/ }).focus()
      await page.keyboard.press('Enter')
      await showsNote('Number 2')
      await expect.poll(() => focusedText()).toBe('Number 2')
      expect(await page.getByLabel('Search in titles').isVisible()).toBe(false)
      await page.getByRole('link', { name: 'All notes' }).click()
      await page.getByLabel('Search in titles').waitFor()
      await expect.poll(() => focusedText()).toMatch(/^Number 2/)
    })

    test('an address that names no note says so', async () => {
      await enter(stage, visitor, { at: '/notes?note=record_01890a5d-ac96-774b-bcce-b302099a8057' })
      await showsNote('This note is not here')
      await look(page, 'notes-not-here')
      await page.goto(`${stage.app.url.origin}/notes?note=nonsense`)
      await showsNote('This note is not here')
    })
  })

  describe('of three kinds', () => {
    test('plain, sealed and encrypted notes stand side by side', async () => {
      const { email } = await encryptedDevice(stage.app, 'ada@example.com')
      await enter(stage, visitor, { email, at: '/notes?new' })
      await fillNote({ title: 'Diary', text: 'The swifts are back.', kind: 'Encrypted' })
      await button('Save').click()
      await page.getByRole('dialog').getByLabel('Passphrase').fill(PASSPHRASE)
      await dialogButton('Unlock').click()
      await showsNote('Diary')
      await writeNote({ title: 'Alarm code', text: '2468', kind: 'Sealed' })
      await writeNote({ title: 'Groceries', text: 'Milk, bread, a pear', kind: 'Plain' })
      await page.getByRole('link', { name: /^Diary/ }).click()
      await page.getByText('The swifts are back.').waitFor()
      await page.getByText('3 notes').waitFor()
      await look(page, 'notes')
    })

    test('a sealed note is hidden until it is shown, which asks for a fresh proof and then goes on by itself', async () => {
      const email = await enter(stage, visitor, { at: '/notes' })
      await writeNote({ title: 'PIN', text: '2468 is the number', kind: 'Sealed' })
      expect(await page.getByText('2468').count()).toBe(0)
      stage.app.clock.advance(16 * 60_000)
      await button('Show').click()
      await dialogButton('Not now').click()
      expect(await page.getByText('2468').count()).toBe(0)
      await look(page, 'notes-sealed')
      await button('Show').click()
      await prove(email)
      await page.getByText('2468 is the number').waitFor()
      await look(page, 'notes-sealed-shown')
      await button('Hide').click()
      expect(await page.getByText('2468').count()).toBe(0)
      stage.app.clock.advance(16 * 60_000)
      await button('Edit').click()
      await prove(email)
      await expect.poll(() => field('Text').inputValue()).toBe('2468 is the number')
    })

    test('without encryption, the encrypted kind leads to its set-up and saves nothing', async () => {
      await enter(stage, visitor, { at: '/notes?new' })
      await field('Title').fill('Diary')
      await field('Text').fill('for me alone')
      await page.getByRole('radio', { name: 'Encrypted' }).check()
      await page.getByText('Encryption is not set up yet').waitFor()
      const link = page.getByRole('link', { name: 'Set up encryption in a new tab' })
      expect(await link.getAttribute('href')).toBe('/account/encryption')
      await button('Save').click()
      await page.getByText('Set up encryption first, or choose another kind.').waitFor()
      await look(page, 'notes-encryption-off')
      expect(await field('Text').inputValue()).toBe('for me alone')
    })

    test('an encrypted note that is written on one profile is read on another, and the server never holds its text', async () => {
      const text = 'The cellar key lies under the third pot.'
      const { email } = await encryptedDevice(stage.app)
      await enter(stage, visitor, { email, at: '/notes?new' })
      await fillNote({ title: 'Cellar', text, kind: 'Encrypted' })
      await button('Save').click()
      await page.getByRole('dialog').getByLabel('Passphrase').fill(PASSPHRASE)
      await dialogButton('Unlock').click()
      await showsNote('Cellar')
      await page.getByText(text).waitFor()
      await look(page, 'notes-encrypted')
      const held = JSON.stringify(await stage.app.services.database.systemDb.record.findMany({}))
      expect(held).toContain('Cellar')
      expect(held).not.toContain('third pot')

      const other = await openVisitor(stage)
      await enter(stage, other, { email, at: '/notes' })
      await other.page.getByRole('link', { name: /^Cellar/ }).click()
      await other.page.getByRole('dialog').getByRole('button', { name: 'Not now' }).click()
      await other.page.getByText('The text is locked.').waitFor()
      await look(other.page, 'notes-locked')
      await other.page.getByRole('button', { name: 'Unlock' }).click()
      await other.page.getByRole('dialog').getByLabel('Passphrase').fill(PASSPHRASE)
      await look(other.page, 'notes-unlock')
      await other.page.getByRole('dialog').getByRole('button', { name: 'Unlock' }).click()
      await other.page.getByText(text).waitFor()
      expect(other.complaints).toEqual([])
      await other.context.close()
    })

    test('a text that moves to another kind is taken from its former place', async () => {
      const { email } = await encryptedDevice(stage.app)
      await enter(stage, visitor, { email, at: '/notes' })
      await writeNote({ title: 'Moving', text: 'once in clear' })
      await button('Edit').click()
      await page.getByRole('radio', { name: 'Encrypted' }).check()
      await page.getByText('Earlier copies, such as backups').waitFor()
      await look(page, 'notes-moving')
      await button('Save').click()
      await page.getByRole('dialog').getByLabel('Passphrase').fill(PASSPHRASE)
      await dialogButton('Unlock').click()
      await page.getByText('Only your devices can read it', { exact: false }).first().waitFor()
      await showsNote('Moving')
      expect(await heldOf('Moving')).toMatchObject({ secretSealed: null, encryptedData: expect.any(String) as string })
      expect(JSON.stringify(await heldOf('Moving'))).not.toContain('once in clear')
      await button('Edit').click()
      await page.getByRole('radio', { name: 'Sealed' }).check()
      await button('Save').click()
      await page.getByText('The text is sealed.').waitFor()
      expect(await heldOf('Moving')).toMatchObject({ secretSealed: expect.any(String) as string, encryptedData: null })
      await button('Edit').click()
      await page.getByRole('radio', { name: 'Plain' }).check()
      await button('Save').click()
      await page.getByText('once in clear').waitFor()
      const held = await heldOf('Moving')
      expect(held).toMatchObject({ secretSealed: null, encryptedData: null })
      expect(held?.data).toContain('once in clear')
    })

    test('an encrypted text that does not open says so, and is never overwritten', async () => {
      const { email, client } = await encryptedDevice(stage.app)
      const notes = client.collection<{ title: string; encryptedText: string }>('notes', {
        encrypted: ['encryptedText'],
      })
      const [one, two] = [
        await notes.create({ title: 'One', encryptedText: 'first' }),
        await notes.create({ title: 'Two', encryptedText: 'second' }),
      ]
      const { encryptedData } = two.origin.record
      const id = one.id.replace('record_', '')
      await stage.app.services.database.systemDb.record.updateMany({ where: { id }, data: { encryptedData } })
      await enter(stage, visitor, { email, at: `/notes?note=${one.id}` })
      await page.getByRole('dialog').getByLabel('Passphrase').fill(PASSPHRASE)
      await dialogButton('Unlock').click()
      await page.getByText('This text does not open.').waitFor()
      await look(page, 'notes-unreadable')
      expect(await button('Edit').count()).toBe(0)
    })

    test('once the keys are locked, an encrypted text is no longer shown', async () => {
      const { email } = await encryptedDevice(stage.app)
      await enter(stage, visitor, { email, at: '/notes?new' })
      await fillNote({ title: 'Shown', text: 'while unlocked', kind: 'Encrypted' })
      await button('Save').click()
      await page.getByRole('dialog').getByLabel('Passphrase').fill(PASSPHRASE)
      await dialogButton('Unlock').click()
      await page.getByText('while unlocked').waitFor()
      const second = await visitor.context.newPage()
      await second.goto(`${stage.app.url.origin}/auth/not-me`)
      await second.evaluate("new BroadcastChannel('latchkey-encryption').postMessage('lock')")
      await page.getByText('The text is locked.').waitFor()
      expect(await page.getByText('while unlocked').count()).toBe(0)
    })

    test('nor is what was being written over it; it shows again once the keys are open', async () => {
      await editEncrypted('known to nobody')
      await lockElsewhere()
      await page.getByText('The text is locked.').waitFor() // nothing was written yet
      await button('Unlock').click()
      await unlock()
      await button('Edit').click()
      await field('Text').fill('known to nobody, and more')
      await lockElsewhere()
      await showsNote('Your encrypted data is locked')
      await look(page, 'notes-covered')
      expect(await field('Text').count()).toBe(0)
      expect(await page.content()).not.toContain('known to nobody')
      await button('Unlock').click()
      await unlock()
      await expect.poll(() => field('Text').inputValue()).toBe('known to nobody, and more')

      await lockElsewhere()
      await button('Let go of the text').click()
      await dialogButton('Leave').click()
      await page.getByText('The text is locked.').waitFor()
      expect(await page.content()).not.toContain('known to nobody')
    })

    test('an encrypted text that waits for the next sign-in is not shown before the keys are open, too', async () => {
      const email = await editEncrypted('known to nobody')
      await field('Text').fill('known to nobody, and more')
      const elsewhere = await visitor.context.newPage()
      await elsewhere.goto(`${stage.app.url.origin}/auth/not-me`)
      await ask(elsewhere, 'mutation { logout }')
      await shows(page, 'Your session has ended')
      expect(await button('Copy: what you wrote').count()).toBe(0)
      await enter(stage, { ...visitor, page: elsewhere }, { email })
      await button('I have signed in').click()
      await showsNote('Your encrypted data is locked')
      await unlock()
      await expect.poll(() => field('Text').inputValue()).toBe('known to nobody, and more')
    })

    test('nothing of a text is left after a sign-out, here or in another tab', async () => {
      const email = await enter(stage, visitor, { at: '/notes?new' })
      await fillNote({ title: 'Draft', text: 'known to nobody' })
      const second = await visitor.context.newPage()
      await second.goto(`${stage.app.url.origin}/account`)
      await second.getByRole('button', { name: 'Sign out' }).click()
      await shows(page, 'You are signed out')
      await page.getByText('You have signed out in another tab.').waitFor()
      await look(page, 'signed-out-elsewhere')
      expect(await page.content()).not.toContain('known to nobody')
      await enter(stage, { ...visitor, page: second }, { email, at: '/account' })
      await second.evaluate("new BroadcastChannel('latchkey').postMessage('signed-in')")
      await field('Text').waitFor()
      expect(await field('Text').inputValue()).toBe('')
    })

    test('a sealed text that was opened to be written over is sealed again once the page is left', async () => {
      await enter(stage, visitor, { at: '/notes' })
      await writeNote({ title: 'PIN', text: '2468 is the number', kind: 'Sealed' })
      await button('Edit').click()
      await expect.poll(() => field('Text').inputValue()).toBe('2468 is the number')
      await page.getByRole('link', { name: 'Sessions' }).click()
      await shows(page, 'Sessions')
      await page.evaluate('history.back()')
      await button('Show').waitFor()
      expect(await field('Text').count()).toBe(0)
    })
  })

  describe('nothing that was written is lost', () => {
    test('two tabs: both versions are shown, and mine is kept', async () => {
      const second = await writtenOverInTwoTabs()
      await showsNote('This note was changed in the meantime', second)
      await expect.poll(() => focusedText(second)).toBe('This note was changed in the meantime')
      await look(second, 'notes-conflict')
      await second.getByRole('region', { name: 'Yours' }).getByText('from the second tab').waitFor()
      await second.getByRole('region', { name: 'The other' }).getByText('from the first tab').waitFor()
      await second.getByRole('button', { name: 'Keep mine' }).click()
      await showsNote('Shared', second)
      await second.getByText('from the second tab').waitFor()
      expect((await heldOf('Shared'))?.data).toContain('from the second tab')
    })

    test('two tabs: the other is taken once that is confirmed, after mine was copied', async () => {
      await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write'])
      const second = await writtenOverInTwoTabs()
      await second.getByRole('button', { name: 'Copy: your version' }).click()
      await second.getByText('Copied.').waitFor()
      expect(await second.evaluate('navigator.clipboard.readText()')).toBe('from the second tab')
      await second.getByRole('button', { name: 'Take the other' }).click()
      await second.getByRole('dialog').getByRole('button', { name: 'Take the other' }).click()
      await showsNote('Shared', second)
      await second.getByText('from the first tab').waitFor()
      expect((await heldOf('Shared'))?.data).toContain('from the first tab')
    })

    test('two tabs save at the same moment: one is told, whichever comes second', async () => {
      const second = await editedInTwoTabs()
      const bothAreHere = barrier(2)
      await visitor.context.route('**/graphql', async (route) => {
        if (route.request().postData()?.includes('mutation UpdateRecord')) await bothAreHere()
        await route.continue()
      })
      await Promise.all([button('Save').click(), second.getByRole('button', { name: 'Save' }).click()])
      const told = [page, second].map((tab) => tab.getByText('This note was changed in the meantime'))
      await expect.poll(async () => (await Promise.all(told.map((text) => text.count()))).sort()).toEqual([0, 1])
    })

    test('a note that was deleted elsewhere is saved as a new one', async () => {
      const second = await editedInTwoTabs()
      await button('Cancel').click()
      await dialogButton('Leave').click()
      await button('Delete').click()
      await dialogButton('Delete').click()
      await page.getByText('The note is deleted.').waitFor()
      await second.getByRole('button', { name: 'Save' }).click()
      await showsNote('This note was deleted in the meantime', second)
      await look(second, 'notes-deleted-elsewhere')
      await second.getByRole('button', { name: 'Save as a new note' }).click()
      await showsNote('Shared', second)
      await second.getByText('from the second tab').waitFor()
      expect((await heldOf('Shared'))?.data).toContain('from the second tab')
    })

    test('without a connection, saving says so and the text stays; with one again it is saved', async () => {
      await enter(stage, visitor, { at: '/notes?new' })
      await fillNote({ title: 'Train', text: 'written in a tunnel' })
      await visitor.context.setOffline(true)
      await button('Save').click()
      await page.getByText('You are offline. Try again once you are connected. What you wrote stays here.').waitFor()
      await look(page, 'notes-offline')
      expect(await field('Text').inputValue()).toBe('written in a tunnel')
      await visitor.context.setOffline(false)
      await button('Save').click()
      await showsNote('Train')
    })

    test('a text or a title that is too long is refused in words, and stays', async () => {
      await enter(stage, visitor, { at: '/notes?new' })
      await fillNote({ title: 'Novel', text: 'a'.repeat(70_000) })
      await button('Save').click()
      await page.getByText('That is too long to be saved. Make it shorter, or split it in two.').waitFor()
      await fillNote({ title: 'b'.repeat(1_001), text: 'short' })
      await button('Save').click()
      await page.getByText('The title is too long. Make it shorter').waitFor()
      expect(await field('Text').inputValue()).toBe('short')
    })

    test('an account that is full says so, and how to go on', async () => {
      const app = await startTestApp({ env: { RECORDS_PER_USER: '1' } })
      const small = { ...stage, app }
      const guest = await openVisitor(small)
      await enter(small, guest, { at: '/notes' })
      page = guest.page
      await writeNote({ title: 'One', text: 'fits' })
      await page.getByRole('link', { name: 'New note' }).click()
      await fillNote({ title: 'Two', text: 'one too many' })
      await button('Save').click()
      await page.getByText('Your account is full: it keeps 1 note at the most').waitFor()
      await look(page, 'notes-full')
      expect(await field('Text').inputValue()).toBe('one too many')
      expect(guest.complaints).toEqual([])
      await guest.context.close()
      await app.close()
    })

    test('leaving with an unsaved text asks: by a link, by the way back, by a reload and by signing out', async () => {
      await enter(stage, visitor, { at: '/notes' })
      await page.getByRole('link', { name: 'New note' }).click()
      await fillNote({ title: 'Draft', text: 'not saved yet' })
      await page.getByRole('link', { name: 'Sessions' }).click()
      await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor()
      await look(page, 'notes-leave')
      await stay()
      await page.evaluate('history.back()')
      await stay()
      await button('Sign out').click()
      await stay()
      const asked = page.waitForEvent('dialog')
      await page.evaluate('void setTimeout(() => location.reload())')
      const dialog = await asked
      expect(dialog.type()).toBe('beforeunload')
      await dialog.dismiss()
      expect(await field('Text').inputValue()).toBe('not saved yet')
      await page.getByRole('link', { name: 'Sessions' }).click()
      await dialogButton('Leave').click()
      await shows(page, 'Sessions')
    })

    test('where the session ends while somebody writes, the text waits, and is saved after the next sign-in', async () => {
      const email = await enter(stage, visitor, { at: '/notes?new' })
      await fillNote({ title: 'Late', text: 'written past the end' })
      const elsewhere = await visitor.context.newPage()
      await elsewhere.goto(`${stage.app.url.origin}/auth/not-me`)
      await ask(elsewhere, 'mutation { logout }')
      await shows(page, 'Your session has ended')
      await look(page, 'notes-session-ended')
      await enter(stage, { ...visitor, page: elsewhere }, { email })
      await button('I have signed in').click()
      await expect.poll(() => field('Text').inputValue()).toBe('written past the end')
      await button('Save').click()
      await showsNote('Late')
    })
  })
})

const button = (name: string) => page.getByRole('button', { name, exact: true })
const dialogButton = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true })
const field = (label: 'Title' | 'Text') => page.getByLabel(label, { exact: true })
const titles = () => page.getByRole('region', { name: 'All notes' }).getByRole('listitem')

const showsNote = (heading: string, on = page): Promise<void> =>
  on.getByRole('heading', { level: 2, name: heading, exact: true }).waitFor()

const focusedText = (on = page): Promise<unknown> => on.evaluate('document.activeElement.textContent')

async function expectFocus(label: string): Promise<void> {
  await expect.poll(() => page.evaluate("document.activeElement.labels?.[0]?.textContent ?? ''")).toBe(label)
}

async function stay(): Promise<void> {
  await dialogButton('Not now').click()
  expect(await field('Text').inputValue()).toBe('not saved yet')
}

type Filled = { title: string; text: string; kind?: 'Plain' | 'Sealed' | 'Encrypted' }

async function fillNote({ title, text, kind = 'Plain' }: Filled): Promise<void> {
  await field('Title').fill(title)
  await field('Text').fill(text)
  await page.getByRole('radio', { name: kind }).check()
}

async function writeNote(note: Filled): Promise<void> {
  await page.getByRole('link', { name: 'New note' }).click()
  await fillNote(note)
  await button('Save').click()
  await showsNote(note.title)
}

/** An encrypted note that somebody is about to write over; gives their address. */
async function editEncrypted(text: string): Promise<string> {
  const { email } = await encryptedDevice(stage.app)
  await enter(stage, visitor, { email, at: '/notes?new' })
  await fillNote({ title: 'Secret', text, kind: 'Encrypted' })
  await button('Save').click()
  await unlock()
  await button('Edit').click()
  await expect.poll(() => field('Text').inputValue()).toBe(text)
  return email
}

async function unlock(): Promise<void> {
  await page.getByRole('dialog').getByLabel('Passphrase').fill(PASSPHRASE)
  await dialogButton('Unlock').click()
}

/** As another tab does whose person locks. */
async function lockElsewhere(): Promise<void> {
  const other = await visitor.context.newPage()
  await other.goto(`${stage.app.url.origin}/auth/not-me`)
  await other.evaluate("new BroadcastChannel('latchkey-encryption').postMessage('lock')")
  await other.close()
}

async function prove(email: string): Promise<void> {
  const hasCode = ({ text }: { text: string }) => CODE.test(text)
  const before = stage.app.mailbox.mails.filter((mail) => mail.to === email && hasCode(mail)).length
  await dialogButton('Mail me a code').click()
  const mail = await stage.app.mailbox.latest(email, before + 1, hasCode)
  await page.getByLabel('Six-digit code').fill(codeIn(mail))
}

const CODE = /\b\d{3} ?\d{3}\b/

async function manyNotes(email: string, count: number): Promise<void> {
  const notes = (await signInDevice(stage.app, email)).collection<{ title: string; text: string }>('notes')
  for (let n = 1; n <= count; n++) await notes.create({ title: `Number ${n}`, text: `text ${n}` })
}

/** What the server keeps of the newest note of this title. */
const heldOf = (title: string) =>
  stage.app.services.database.systemDb.record.findFirst({ where: { title }, orderBy: { createdAt: 'desc' } })

/** One note, being written over in two tabs; the second is given. */
async function editedInTwoTabs(): Promise<Page> {
  await enter(stage, visitor, { at: '/notes' })
  await writeNote({ title: 'Shared', text: 'as it was' })
  const second = await visitor.context.newPage()
  await second.goto(page.url())
  for (const [tab, text] of [
    [page, 'from the first tab'],
    [second, 'from the second tab'],
  ] as const) {
    await tab.getByRole('button', { name: 'Edit' }).click()
    await tab.getByLabel('Text', { exact: true }).fill(text)
  }
  return second
}

/** The same, saved in the first tab and then in the second. */
async function writtenOverInTwoTabs(): Promise<Page> {
  const second = await editedInTwoTabs()
  await button('Save').click()
  await page.getByText('The note is saved.').waitFor()
  await second.getByRole('button', { name: 'Save' }).click()
  return second
}

/** Holds whoever comes until so many are there. */
function barrier(count: number): () => Promise<void> {
  const waiting: (() => void)[] = []
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (waiting.length === count) for (const goOn of waiting) goOn()
    })
}
