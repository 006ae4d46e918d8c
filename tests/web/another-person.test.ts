import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withoutBrowser } from '../support/browser.ts'
import { encryptedDevice } from '../support/devices.ts'
import { isSignInMail, tokenIn } from '../support/mailbox.ts'
import { newAddress } from '../support/people.ts'
import { ask, closePagesStage, enter, openPagesStage, openVisitor, shows } from './app-pages.ts'
import type { PagesStage, Visitor } from './app-pages.ts'

// Two people, one browser: who signs in in another tab finds nothing of whoever has this one open.

let stage: PagesStage
let visitor: Visitor
let page: Page

describe.skipIf(withoutBrowser())('another person signs in in another tab', () => {
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

  test('a recovery code that was being typed is gone', async () => {
    const { email, codes } = await encryptedDevice(stage.app)
    await enter(stage, visitor, { email, at: '/account/recovery?way=code' })
    await page.getByLabel('Recovery code').fill(codes[0] ?? '')
    await anotherSignsIn()
    expect(await page.getByLabel('Recovery code').inputValue()).toBe('')
  })

  test('codes that were shown are gone, and so is the question that was asked', async () => {
    await enter(stage, visitor, { at: '/account/encryption' })
    await page.getByRole('button', { name: 'Set up encryption' }).click()
    await shows(page, 'Only you can read it')
    await anotherSignsIn()
    await page.getByText('Encryption is off').waitFor()
    expect(await page.getByText('I understand, go on').count()).toBe(0)

    const { email } = await encryptedDevice(stage.app)
    await enter(stage, visitor, { email, at: '/account/encryption' })
    await page.getByRole('button', { name: 'Switch off' }).click()
    await page.getByRole('dialog').waitFor()
    await anotherSignsIn()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  test('what is under way in the account of the one is not told to the other', async () => {
    const { client, email } = await encryptedDevice(stage.app)
    await client.encryption.requestFreshStart(email)
    await enter(stage, visitor, { email })
    const banner = page.getByRole('region', { name: 'A new start without your keys was asked for' })
    await banner.waitFor()
    // Whether or not an answer about the other comes.
    await page.route('**/graphql', (route) =>
      route.request().postData()?.includes('query RecoveryStatus') === true ? route.abort() : route.continue(),
    )
    await anotherSignsIn()
    expect(await banner.count()).toBe(0)
  })

  test('a sign-out in another tab is told here, where no stream gets through', async () => {
    await page.route('**/graphql', (route, request) =>
      request.headers()['accept'] === 'text/event-stream' ? route.abort() : route.continue(),
    )
    await enter(stage, visitor)
    await shows(page, 'Overview')
    await page.route('**/graphql', (route) => route.abort()) // from now on the server tells it nothing
    const other = await visitor.context.newPage()
    await other.goto(`${stage.app.url.origin}/account`)
    await other.getByRole('button', { name: 'Sign out' }).click()
    await shows(page, 'You are signed out')
  })

  test('who is signed in already is never led to another host by the place that a link names', async () => {
    await enter(stage, visitor, { at: `/sign-in?redirect_to=${encodeURIComponent('/a/..//evil.example')}` })
    await shows(page, 'You are signed in')
    expect(await page.getByRole('link', { name: 'Go on' }).getAttribute('href')).toBe('/account')
  })

  /** By the link of a mail that was asked for in this browser. */
  async function anotherSignsIn(): Promise<void> {
    const email = newAddress()
    const tab = await visitor.context.newPage()
    await tab.goto(`${stage.app.url.origin}/auth/not-me`)
    const wish = 'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { expiresAt } }'
    await ask(tab, wish, { email })
    const token = tokenIn(await stage.app.mailbox.latest(email, 1, isSignInMail))
    await tab.goto('about:blank') // from the same page a link would be but another fragment
    await tab.goto(`${stage.app.url.origin}/auth/verify#${token}`)
    await shows(tab, 'Overview')
    await page.getByRole('banner').getByText(email).waitFor()
    await tab.close()
  }
})
