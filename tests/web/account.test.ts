import type { Page, Response } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { answered, codesOwner, initiate, openRequest, questionsOwner } from '../attacks/recovery-support.ts'
import { showAnswers, standing, type Owner } from '../attacks/recovery-support.ts'
import { firstSetup, SETUP } from '../features/encryption/support.ts'
import { requested } from '../features/recovery/support.ts'
import { rowId } from '../features/records/support.ts'
import { withoutBrowser } from '../support/browser.ts'
import { codeIn, isSignInMail } from '../support/mailbox.ts'
import { addAuthenticator, ask, closePagesStage, enter, look, openPagesStage, openVisitor, shows } from './app-pages.ts'
import type { PagesStage, Visitor } from './app-pages.ts'

// The pages of the account, as a person uses them, each in a browser of their own.

const [MINUTE, DAY] = [60_000, 24 * 60 * 60_000]

let stage: PagesStage
let visitors: Visitor[]

describe.skipIf(withoutBrowser())('the account', () => {
  beforeAll(async () => {
    stage = await openPagesStage()
  })
  afterAll(() => closePagesStage(stage))
  beforeEach(() => {
    visitors = []
  })
  afterEach(async () => {
    for (const { complaints, context } of visitors) {
      expect(complaints).toEqual([])
      await context.close()
    }
  })

  describe('overview', () => {
    test('tells a new account what is worth doing, and leads to it', async () => {
      const { page, email } = await arrive({ email: 'ada@example.com' })
      await page.getByText(`Signed in as ${email}`).waitFor()
      const steps = part(page, 'Worth doing next').getByRole('listitem')
      await steps.first().waitFor()
      expect(await steps.getByRole('link').allTextContents()).toEqual(['Add a passkey', 'See how it works'])
      await look(page, 'overview')
      await steps.getByRole('link', { name: 'Add a passkey' }).click()
      await shows(page, 'Ways in')
    })

    test('names what is urgent first, and says when nothing is left', async () => {
      const { page, email, visitor } = await arrive()
      await addAuthenticator(visitor)
      await addPasskey(page, 1)
      await switchEncryptionOn(page)
      const other = await arrive({ email })
      await page.getByRole('link', { name: 'Overview', exact: true }).click()
      const next = part(page, 'Worth doing next')
      await next.getByRole('link', { name: 'Look at the alerts' }).waitFor()
      await look(page, 'overview-with-alerts')

      await page.getByRole('link', { name: 'Activity' }).click()
      await page.getByRole('button', { name: 'I have seen them all' }).click()
      await page.getByText('Nothing that you have not seen').waitFor()
      await page.getByRole('link', { name: 'Overview', exact: true }).click()
      await next.getByText('Your account is in good order').waitFor()
      await page.getByRole('link', { name: 'On 2 browsers' }).waitFor()
      await look(page, 'overview-in-order')

      const codes = stage.app.services.database.systemDb.keySlot
      const { id: userId } = await me(page)
      const used = await codes.findMany({ where: { userId: rowId(userId), kind: 'RECOVERY_CODE' }, take: 6 })
      await codes.deleteMany({ where: { id: { in: used.map(({ id }) => id) } } })
      await stage.app.services.database.systemDb.session.updateMany({
        where: { userId: rowId(userId), id: rowId((await sessionOf(other.page)).id) },
        data: { lastActivityAt: new Date(Date.now() - 8 * DAY), remembered: true },
      })
      await page.reload()
      await next.getByText('2 recovery codes are left').waitFor()
      await next.getByText('A session not used for long').waitFor()
    })

    test('says what is wrong when the server does not answer, and goes on', async () => {
      const { page } = await arrive({ at: '/account/sessions' })
      await shows(page, 'Sessions')
      await page.route('**/graphql', (route) => route.abort())
      await page.getByRole('link', { name: 'Overview', exact: true }).click()
      await page.getByText('The server does not answer').waitFor()
      await look(page, 'overview-failed')
      await page.unroute('**/graphql')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('link', { name: /^Ways in Mail/ }).waitFor()
    })
  })

  describe('ways in', () => {
    test('a passkey is added, named and removed; the dialog asks for it, and what was begun goes on by itself', async () => {
      const { page, visitor } = await arrive({ at: '/account/ways-in' })
      await page.getByText('None yet').waitFor()
      await look(page, 'ways-in-none')
      await addAuthenticator(visitor)
      await addPasskey(page, 1)
      await look(page, 'ways-in')

      await page.getByRole('button', { name: /^Rename/ }).press('Enter')
      const name = page.getByRole('dialog').getByLabel('Name')
      await name.fill('')
      await name.press('Enter')
      await page.getByText('A name has 1 to 64 characters').waitFor()
      await name.fill('My key')
      await look(page, 'ways-in-rename')
      await name.press('Enter')
      await page.getByText('The passkey is called “My key” now').waitFor()
      await expect.poll(() => focused(page)).toBe('Rename: My key')

      stage.app.clock.advance(16 * MINUTE)
      await page.getByRole('button', { name: 'Remove: My key' }).press('Enter')
      await page.getByRole('dialog', { name: 'Remove “My key”?' }).waitFor()
      await look(page, 'ways-in-remove')
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).press('Enter')
      await page.getByText('A code by mail does not do here').waitFor()
      await look(page, 'proof-by-passkey')
      await byPasskey(page)
      await page.getByText('“My key” is removed').waitFor()
      await expect.poll(() => focused(page)).toBe('Passkeys')
      await page.getByText('None yet').waitFor()
      expect(await page.getByRole('dialog').count()).toBe(0)
    })

    test('the dialog takes a code from a mail, where the account has no passkey', async () => {
      const { page, email, visitor } = await arrive({ at: '/account/ways-in' })
      await addAuthenticator(visitor)
      stage.app.clock.advance(16 * MINUTE)
      await page.getByRole('button', { name: 'Add a passkey' }).click()
      await look(page, 'proof')
      const dialog = page.getByRole('dialog', { name: 'Is it you?' })
      const code = await codeAskedBy(email, () => dialog.getByRole('button', { name: 'Mail me a code' }).press('Enter'))
      const field = dialog.getByLabel('Six-digit code')
      await field.waitFor()
      await expect.poll(() => focused(page)).toBe('Six-digit code')

      await field.fill(code === '000000' ? '000001' : '000000')
      await dialog.getByText('That code does not fit').waitFor()
      await look(page, 'proof-code-wrong')
      const newer = await codeAskedBy(email, () => dialog.getByRole('button', { name: 'Send another' }).click())
      await dialog.getByText('Only the newest digits work').waitFor()
      await field.fill(`${newer.slice(0, 3)} ${newer.slice(3)}`)
      await page.getByText('can sign you in from now on').waitFor()
    })

    test('"Not now" and Escape leave everything as it was, and give the focus back', async () => {
      const { page, visitor } = await arrive({ at: '/account/ways-in' })
      await addAuthenticator(visitor)
      stage.app.clock.advance(16 * MINUTE)
      const add = page.getByRole('button', { name: 'Add a passkey' })
      const putOff = [
        () => page.getByRole('dialog').getByRole('button', { name: 'Not now' }).press('Enter'),
        () => page.keyboard.press('Escape'),
      ]
      for (const how of putOff) {
        await add.press('Enter')
        await page.getByRole('dialog', { name: 'Is it you?' }).waitFor()
        await how()
        await page.getByText('Nothing was changed').waitFor()
        expect(await page.getByRole('dialog').count()).toBe(0)
        await expect.poll(() => focused(page)).toBe('Add a passkey')
      }
      await page.getByText('None yet').waitFor()
    })

    test('five passkeys, and no sixth; a device that holds one already says so', async () => {
      const { page, visitor } = await arrive({ at: '/account/ways-in' })
      for (let count = 1; count <= 5; count++) {
        const { cdp, authenticatorId } = await addAuthenticator(visitor)
        await addPasskey(page, count)
        if (count === 4) {
          await page.getByRole('button', { name: 'Add a passkey' }).click()
          await page.getByText('holds a passkey of yours already').waitFor()
        }
        // Another device: one holds one passkey of an account.
        await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
      }
      await page.getByText('Five passkeys are as many').waitFor()
      expect(await page.getByRole('button', { name: 'Add a passkey' }).count()).toBe(0)
      await look(page, 'ways-in-five')
    })

    test('after a change it offers to end what is signed in elsewhere', async () => {
      const { page, email, visitor } = await arrive({ at: '/account/ways-in' })
      const other = await arrive({ email })
      await page.reload()
      await addAuthenticator(visitor)
      await addPasskey(page, 1)
      await page.getByText('A way into your account has changed').waitFor()
      await look(page, 'ways-in-offer')
      await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere else' }).click()
      await page.getByText('One other session has ended').waitFor()
      await shows(other.page, 'Your session has ended')
      expect(await page.getByText('A way into your account has changed').count()).toBe(0)
    })
  })

  describe('sessions', () => {
    test('one that is ended here ends in the other browser within the moment', async () => {
      const { page, email } = await arrive({ at: '/account/sessions' })
      await page.getByText('You are signed in nowhere else').waitFor()
      await look(page, 'sessions-one')
      const other = await arrive({ email, at: '/notes' })
      await page.reload()
      const elsewhere = part(page, 'Elsewhere').getByRole('listitem')
      await elsewhere.waitFor()
      expect(await part(page, 'This browser').getByRole('listitem').count()).toBe(1)
      await look(page, 'sessions')

      await elsewhere.getByRole('button', { name: /^Sign out/ }).press('Enter')
      await page.getByText('is signed out.').waitFor()
      await elsewhere.waitFor({ state: 'detached' })
      await expect.poll(() => focused(page)).toBe('Elsewhere')
      await shows(other.page, 'Your session has ended')
      expect(await other.page.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe(
        '/sign-in?redirect_to=%2Fnotes',
      )
    })

    test('all others end by one press, once it is confirmed', async () => {
      const { page, email } = await arrive({ at: '/account/sessions' })
      const others = [await arrive({ email }), await arrive({ email })]
      await page.reload()
      const end = page.getByRole('button', { name: 'Sign out everywhere else' })
      await end.click()
      await page.getByRole('dialog').getByRole('button', { name: 'Not now' }).click()
      expect(await part(page, 'Elsewhere').getByRole('listitem').count()).toBe(2)
      await end.click()
      await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere else' }).click()
      await page.getByText('2 other sessions have ended').waitFor()
      await page.getByText('You are signed in nowhere else').waitFor()
      for (const other of others) await shows(other.page, 'Your session has ended')
    })
  })

  describe('activity', () => {
    test('five alerts of five kinds are seen as they come, on whatever page, and are put away', async () => {
      const { page, email } = await arrive({ at: '/notes' })
      const badge = page.getByRole('link', { name: /^Activity/ })

      const { page: elsewhere, visitor } = await arrive({ email, at: '/account/ways-in' })
      await page.getByRole('status').getByText('a device that it did not know').waitFor()
      await page.getByRole('link', { name: 'Activity 1 new alert' }).waitFor()
      await look(page, 'alert-comes')
      await page.getByRole('link', { name: 'Look at it' }).click()
      await shows(page, 'Activity')
      const open = part(page, 'Alerts').getByRole('listitem')
      expect(await open.count()).toBe(1)

      await switchEncryptionOn(elsewhere)
      await open.getByText('End-to-end encryption was switched on').waitFor()
      await addAuthenticator(visitor)
      await addPasskey(elsewhere, 1)
      await open.getByText('was added, from').waitFor()
      await elsewhere.getByRole('button', { name: /^Remove/ }).click()
      await elsewhere.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
      await open.getByText('was removed, from').waitFor()
      await failSixTimes(elsewhere)
      await open.getByText('Somebody has tried several times').waitFor()
      expect(await badge.textContent()).toContain('5 new alerts')
      await look(page, 'activity-alerts')

      await open.first().getByRole('button').press('Enter')
      await page.getByText('One that you have seen').waitFor()
      await expect.poll(() => focused(page)).toBe('Alerts')
      await page.getByRole('button', { name: 'I have seen them all' }).click()
      await page.getByText('5 that you have seen').click()
      await page.getByText('Nothing that you have not seen').waitFor()
      expect(await badge.textContent()).toBe('Activity')
      await look(page, 'activity-alerts-seen')
    })

    test('an older session is asked for a proof before it puts an alert away', async () => {
      const { page, email } = await arrive({ at: '/account/activity' })
      await arrive({ email })
      const see = page.getByRole('button', { name: /^I have seen it/ })
      await see.waitFor()
      stage.app.clock.advance(16 * MINUTE)
      await see.click()
      const dialog = page.getByRole('dialog')
      const code = await codeAskedBy(email, () => dialog.getByRole('button', { name: 'Mail me a code' }).click())
      await dialog.getByLabel('Six-digit code').fill(code)
      await page.getByText('Nothing that you have not seen').waitFor()
    })

    test('the log is filtered, in plain words, and shown a page at a time', async () => {
      const { page } = await arrive({ at: '/account/activity' })
      for (let count = 1; count <= 25; count++) {
        await ask(page, 'mutation { createRecord(input: { collection: "notes", title: "A note" }) { id } }')
      }
      await ask(page, 'query { records { totalCount edges { node { id } } } }')
      await failOnce(page)
      await page.reload()
      const log = part(page, 'Security log')
      const lines = log.locator('li')
      await lines.nth(19).waitFor()
      expect(await lines.count()).toBe(20)
      await log.getByRole('button', { name: 'Show more' }).press('Enter')
      await lines.nth(27).waitFor()
      await expect
        .poll(() => page.evaluate('document.activeElement === document.querySelectorAll("li.entry")[20]'))
        .toBe(true)
      expect(await log.getByText('Signed in, by mail').count()).toBe(1)
      expect(await lines.getByText(/was read|were read/).count()).toBe(0)
      expect(await log.getByRole('button', { name: 'Show more' }).count()).toBe(0)
      await look(page, 'activity-log')

      const show = log.getByLabel('Show')
      await show.selectOption('What was refused')
      await log.getByText('A proof that it is you failed, by mail').waitFor()
      expect(await lines.count()).toBe(1)
      await log.locator('summary').click()
      await log.getByText('reauthentication.failed').waitFor()
      await look(page, 'activity-log-refused')
      await show.selectOption('What was read')
      await log.getByText('25 notes or records were read').waitFor()
      await show.selectOption('Sign-ins and sessions')
      await log.getByText('The account was made').waitFor()
      await show.selectOption('Passkeys')
      await log.getByText('Nothing of this kind is in the log').waitFor()
      await look(page, 'activity-log-empty')
    })
  })

  describe('a recovery under way', () => {
    test('is told on every page, with from where, and is stopped there', async () => {
      const owner = await questionsOwner(stage.app)
      await initiate(owner.browser, 'SECURITY_QUESTIONS')
      answered(await showAnswers(owner.browser, '0-1', owner.questions.verifiers['0-1']))
      const page = await openAs(owner)
      const banner = part(page, 'Your encrypted data is being recovered')
      await banner.getByText('by security questions, and cannot open it before').waitFor()
      await banner.getByText(/Begun .*, from Chrome on macOS/).waitFor()
      await look(page, 'recovery-banner')
      for (const place of ['Recovery', 'Notes', 'Ways in', 'Sessions', 'Activity', 'Encryption']) {
        await page.getByRole('navigation').getByRole('link', { name: place }).click()
        await shows(page, place)
        await banner.waitFor()
      }
      await banner.getByRole('button', { name: 'Stop it' }).click()
      await page.getByRole('dialog', { name: 'Stop it?' }).getByRole('button', { name: 'Stop it' }).click()
      await page.getByRole('status').filter({ hasText: 'It is stopped' }).waitFor()
      await banner.waitFor({ state: 'detached' })
      expect(await openRequest(stage.app, owner.held.userId)).toBeNull()
    })

    test('and so is a new start; nothing where nothing is under way', async () => {
      const owner = await requested(stage.app)
      const page = await openAs(owner)
      const banner = part(page, 'A new start without your keys was asked for')
      await banner.getByRole('button', { name: 'Stop it' }).click()
      await page.getByRole('dialog', { name: 'Stop it?' }).getByRole('button', { name: 'Stop it' }).click()
      await banner.waitFor({ state: 'detached' })
      expect((await standing(stage.app, owner.held.userId)).freshStarts).toEqual([])

      const quiet = await openAs(await codesOwner(stage.app))
      await part(quiet, 'Worth doing next').waitFor()
      expect(await quiet.getByRole('button', { name: 'Stop it' }).count()).toBe(0)
    })
  })
})

/** Somebody who is signed in, on a page; its stream of alerts is open, so that nothing which comes is missed. */
async function arrive({ email, at = '/account' }: { email?: string; at?: string } = {}) {
  const visitor = await openVisitor(stage)
  visitors.push(visitor)
  const { page } = visitor
  const listening = page.waitForResponse(isStream)
  const address = await enter(stage, visitor, { at, ...(email !== undefined && { email }) })
  await listening
  return { page, visitor, email: address }
}

const isStream = (response: Response): boolean =>
  response.headers()['content-type']?.startsWith('text/event-stream') ?? false

const part = (page: Page, name: string) => page.getByRole('region', { name })

/** The name of what has the focus. */
const focused = (page: Page): Promise<unknown> =>
  page.evaluate(
    `(({ labels, ariaLabel, textContent }) => labels?.[0]?.textContent ?? ariaLabel ?? textContent)(document.activeElement)`,
  )

async function addPasskey(page: Page, count: number): Promise<void> {
  if (!page.url().endsWith('/ways-in')) await page.getByRole('link', { name: 'Ways in' }).first().click()
  const passkeys = part(page, 'Passkeys').getByRole('listitem')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await passkeys.nth(count - 1).waitFor()
  await page.getByText('can sign you in from now on').waitFor()
}

const byPasskey = (page: Page): Promise<void> =>
  page.getByRole('dialog', { name: 'Is it you?' }).getByRole('button', { name: 'Use a passkey' }).press('Enter')

/** The code in the mail that something asks for. */
async function codeAskedBy(email: string, act: () => Promise<void>): Promise<string> {
  const { mailbox } = stage.app
  const isCode = (mail: { subject: string; text: string }): boolean => /\b\d{3} ?\d{3}\b/.test(mail.subject + mail.text)
  const which = (mail: Parameters<typeof isSignInMail>[0]) => isCode(mail) && !isSignInMail(mail)
  const before = mailbox.mails.filter((mail) => mail.to === email && which(mail)).length
  await act()
  return codeIn(await mailbox.latest(email, before + 1, which))
}

async function me(page: Page): Promise<{ id: string }> {
  return ((await ask(page, '{ me { id } }')) as { me: { id: string } }).me // what was asked for
}

async function sessionOf(page: Page): Promise<{ id: string }> {
  return ((await ask(page, '{ session { id } }')) as { session: { id: string } }).session // what was asked for
}

async function switchEncryptionOn(page: Page): Promise<void> {
  await ask(page, SETUP, { input: firstSetup(rowId((await me(page)).id)) })
}

const WRONG_CODE = 'mutation { reauthenticateWithCode(input: { code: "000000" }) { id } }'

async function failOnce(page: Page): Promise<void> {
  await expect(ask(page, WRONG_CODE)).rejects.toThrow('CODE_INVALID')
}

async function failSixTimes(page: Page): Promise<void> {
  for (let count = 1; count <= 6; count++) await failOnce(page)
}

/** The account page, by the session that somebody has. */
async function openAs({ browser }: Owner): Promise<Page> {
  // The same browser by its name: else the session would be used from elsewhere.
  const visitor = await openVisitor(stage, { userAgent: browser.userAgent })
  visitors.push(visitor)
  const cookies = [...browser.cookies].map(([name, value]) => ({ name, value, url: stage.app.url.origin }))
  await visitor.context.addCookies(cookies)
  await visitor.page.goto(`${stage.app.url.origin}/account`)
  await shows(visitor.page, 'Overview')
  return visitor.page
}
