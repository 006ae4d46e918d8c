import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { build } from '../../scripts/build.mjs'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { launchBrowser, withoutBrowser } from '../support/browser.ts'
import { codeIn, tokenIn } from '../support/mailbox.ts'
import { newAddress } from '../support/people.ts'

// Real ceremonies: the pages of the server itself, in Chromium with its virtual authenticator.

let app: TestApp
let browser: Browser
let context: BrowserContext
let page: Page
let cdp: CDPSession
let authenticatorId: string
let complaints: string[]

describe.skipIf(withoutBrowser())('passkeys in Chromium', () => {
  beforeAll(async () => {
    await build()
    app = await startTestApp()
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser.close()
    await app.close()
  })

  beforeEach(async () => {
    context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })
    page = await context.newPage()
    complaints = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      // A refusal that the page then deals with is told by its status, too.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text())
    })
    cdp = await context.newCDPSession(page)
    await cdp.send('WebAuthn.enable', { enableUI: false })
    authenticatorId = await addAuthenticator()
  })

  afterEach(async () => {
    expect(complaints).toEqual([])
    await context.close()
  })

  test('the dialog asks for a passkey, and what was begun goes on by itself', async () => {
    await signInByMail()
    await page.goto(`${app.url.origin}/account`)
    await addPasskey(1)
    app.clock.advance(16 * 60_000)

    page.once('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: /^Remove/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByText('is removed').waitFor()
    expect(await page.locator('#passkeys li').count()).toBe(0)
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  test('the dialog takes a code from a mail, where the account has no passkey', async () => {
    const email = await signInByMail()
    await page.goto(`${app.url.origin}/account`)
    app.clock.advance(16 * 60_000)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    const sent = app.mailbox.mails.filter((mail) => mail.to === email).length
    await page.getByRole('dialog').getByRole('button', { name: 'Mail me a code' }).click()
    const mail = await app.mailbox.latest(email, sent + 1)
    await page.getByLabel('Six-digit code').fill(codeIn(mail))
    await page.getByText('can sign you in from now on').waitFor()
  })

  test('"Not now" leaves everything as it was', async () => {
    await signInByMail()
    await page.goto(`${app.url.origin}/account`)
    app.clock.advance(16 * 60_000)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Not now' }).click()
    await page.getByText('Nothing was changed').waitFor()
    expect(await page.locator('#passkeys li').count()).toBe(0)
  })

  test('five passkeys, and no sixth', async () => {
    await signInByMail()
    await page.goto(`${app.url.origin}/account`)
    for (let count = 1; count <= 5; count++) {
      await addPasskey(count)
      await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
      authenticatorId = await addAuthenticator() // another device: one holds one passkey of an account
    }
    await page.getByText('Five passkeys are as many').waitFor()
    expect(await page.getByRole('button', { name: 'Add a passkey' }).isVisible()).toBe(false)
  })

  test('a device that holds one already says so', async () => {
    await signInByMail()
    await page.goto(`${app.url.origin}/account`)
    await addPasskey(1)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('holds a passkey of yours already').waitFor()
  })

  test('a renamed passkey has its new name, and a session that is ended is gone from the list', async () => {
    const email = await signInByMail()
    await page.goto(`${app.url.origin}/account`)
    await addPasskey(1)
    page.once('dialog', (dialog) => void dialog.accept('My key'))
    await page.getByRole('button', { name: /^Rename/ }).click()
    await page.locator('#passkeys').getByText('My key').waitFor()

    const other = await browser.newContext()
    await signInByMail(email, await other.newPage())
    await page.reload()
    await page.getByRole('button', { name: /^Sign out:/ }).click()
    await page.locator('#sessions li').nth(1).waitFor({ state: 'detached' })
    expect(await page.locator('#sessions li').count()).toBe(1)
    await other.close()
  })

  test('an alert that is raised elsewhere comes to the page that is open', async () => {
    const email = await signInByMail()
    await page.goto(`${app.url.origin}/account`)
    await page.getByRole('heading', { name: 'Ways in' }).waitFor()
    const other = await browser.newContext()
    await signInByMail(email, await other.newPage())
    await page.getByText('a device that it did not know').waitFor()
    await page.getByRole('button', { name: /^I have seen it/ }).click()
    await page.locator('#alerts-part').waitFor({ state: 'hidden' })
    await other.close()
  })

  test('an alert is put away by a session that has proved itself lately, and the dialog asks an older one', async () => {
    const email = await signInByMail()
    const other = await browser.newContext()
    await signInByMail(email, await other.newPage())
    await other.close()
    app.clock.advance(16 * 60_000)
    await page.goto(`${app.url.origin}/account`)
    await page.getByRole('button', { name: /^I have seen it/ }).click()
    const sent = app.mailbox.mails.filter((mail) => mail.to === email).length
    await page.getByRole('dialog').getByRole('button', { name: 'Mail me a code' }).click()
    const mail = await app.mailbox.latest(email, sent + 1)
    await page.getByLabel('Six-digit code').fill(codeIn(mail))
    await page.locator('#alerts-part').waitFor({ state: 'hidden' })
  })
})

async function addAuthenticator(): Promise<string> {
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return authenticatorId
}

async function signInByMail(email = newAddress(), at = page): Promise<string> {
  await at.goto(`${app.url.origin}/sign-in`)
  await at.getByLabel('Mail address').fill(email)
  const sent = app.mailbox.mails.filter((mail) => mail.to === email).length
  await at.getByRole('button', { name: 'Send me a link' }).click()
  const mail = await app.mailbox.latest(email, sent + 1)
  await at.goto(`${app.url.origin}/auth/verify#${tokenIn(mail)}`)
  await arrivesAtHome(email, at)
  return email
}

async function arrivesAtHome(email: string, at = page): Promise<void> {
  await at.waitForURL(`${app.url.origin}/`)
  await at.getByText(email).waitFor()
}

async function addPasskey(count: number): Promise<void> {
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page
    .locator('#passkeys li')
    .nth(count - 1)
    .waitFor()
}
