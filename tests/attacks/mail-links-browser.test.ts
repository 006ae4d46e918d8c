import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { build } from '../../scripts/build.mjs'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { launchBrowser, withoutBrowser } from '../support/browser.ts'
import { codeIn, tokenIn } from '../support/mailbox.ts'
import { askForLink, newAddress, VERIFY } from '../support/people.ts'
import type { Verified } from '../support/people.ts'
import { linkTo, outcomeOf } from './mail-links-support.ts'

describe.skipIf(withoutBrowser())('a link in a real browser', () => {
  let chromium: Browser

  beforeAll(async () => {
    await build()
    chromium = await launchBrowser()
  })
  afterAll(() => chromium.close())

  test('M2: a scanner that loads the page and runs its script changes nothing, and the link still works', async ({
    app,
  }) => {
    const asking = app.browser()
    const email = newAddress()
    const { token } = await askForLink(app, asking, email)
    const before = await linkTo(app, email)
    const { context, page } = await open()

    await page.goto(linkOf(app, token))
    await shown(page, 'confirm')
    await page.reload()
    await shown(page, 'no-token')
    await page.goto(linkOf(app, token))
    await shown(page, 'confirm')

    expect(before).toMatchObject({ consumedAt: null, codeTries: 0 })
    expect(await linkTo(app, email)).toEqual(before)
    expect(await app.services.database.systemDb.session.count()).toBe(0)
    expect(await app.services.database.systemDb.user.count()).toBe(0)
    expect(await context.cookies()).toEqual([])
    expect(outcomeOf(await asking.graphql<Verified>(VERIFY, { token }))).toBe('SignedIn')
  })

  test('M3: in another browser the page says who asked, and its button signs in', async ({ app }) => {
    const email = newAddress()
    const { token } = await askForLink(app, app.browser(), email)
    const { context, page } = await open()

    await page.goto(linkOf(app, token))
    await shown(page, 'confirm')
    expect(await page.getByRole('definition').nth(2).textContent()).toBe('Chrome on macOS')
    expect(await page.getByRole('definition').nth(3).textContent()).toBe('127.0.0.1')
    await page.getByRole('button', { name: 'Sign in here' }).click()
    await page.waitForURL(new URL('/account', app.url).href)

    expect(await whoIs(page)).toBe(email)
    const cookies = await context.cookies()
    expect(cookies.map(({ name }) => name).sort()).toEqual(['latchkey-device', 'latchkey-session'])
    for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    expect(await page.evaluate('document.cookie')).toBe('')
  })

  test('M3: in the browser that asked the link signs in at once, and leads on', async ({ app }) => {
    const email = newAddress()
    const { page } = await open()
    await askOnPage(page, app, email)

    await page.goto(linkOf(app, tokenIn(await app.mailbox.latest(email))))
    await page.waitForURL(new URL('/account', app.url).href)

    expect(await whoIs(page)).toBe(email)
  })

  test('M9: the server never sees the token in an address or a referrer, and the page does not keep it', async ({
    app,
  }) => {
    const seen = watchRequests()
    const email = newAddress()
    const { page } = await open()
    await askOnPage(page, app, email)
    const mail = await app.mailbox.latest(email)
    const [token, code] = [tokenIn(mail), codeIn(mail)]
    const { page: another } = await open()
    await another.goto(linkOf(app, token))
    await shown(another, 'confirm')
    const kept = await another.evaluate(
      '({ href: location.href, referrer: document.referrer, stored: { ...localStorage, ...sessionStorage } })',
    )

    await page.goto(linkOf(app, token))
    await page.waitForURL(new URL('/account', app.url).href)
    expect(await whoIs(page)).toBe(email)

    expect(kept).toEqual({ href: new URL('/auth/verify', app.url).href, referrer: '', stored: {} })
    await page.goBack()
    expect(page.url()).not.toContain(token)
    expect(seen.map(({ url }) => url)).toEqual(expect.arrayContaining(['/auth/verify', '/graphql']))
    for (const { url, headers } of seen) {
      expect(url).not.toContain(token)
      expect(url).not.toContain(code)
      expect(headers.referer ?? '').toBe('')
    }
  })

  async function open(): Promise<{ context: BrowserContext; page: Page }> {
    const context = await chromium.newContext()
    onTestFinished(() => context.close())
    return { context, page: await context.newPage() }
  }

  /** Every request that a server of this process gets from now on. */
  function watchRequests(): IncomingMessage[] {
    const requests: IncomingMessage[] = []
    const listener = (message: unknown) => {
      requests.push((message as { request: IncomingMessage }).request) // as node:http documents the channel
    }
    subscribe('http.server.request.start', listener)
    onTestFinished(() => {
      unsubscribe('http.server.request.start', listener)
    })
    return requests
  }
})

function linkOf(app: TestApp, token: string): string {
  return new URL(`/auth/verify#${token}`, app.url).href
}

/** Waits for the page to say so. */
async function shown(page: Page, state: 'confirm' | 'no-token'): Promise<void> {
  const name = { confirm: 'Sign in here?', 'no-token': 'There is no link here' }[state]
  await page.getByRole('heading', { level: 1, name }).waitFor()
}

async function askOnPage(page: Page, app: TestApp, email: string): Promise<void> {
  await page.goto(new URL('/sign-in', app.url).href)
  await page.getByRole('textbox').first().fill(email)
  await page.keyboard.press('Enter')
  await app.mailbox.latest(email)
}

/** The address that the page's browser is signed in with. */
function whoIs(page: Page): Promise<unknown> {
  return page.evaluate(`(async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ me { email } }"}' }
    const { data } = await (await fetch('/graphql', init)).json()
    return data.me?.email
  })()`)
}
