import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { build } from '../../scripts/build.mjs'
import {
  answered,
  codesOwner,
  initiate,
  openRequest,
  questionsOwner,
  showAnswers,
  standing,
} from '../attacks/recovery-support.ts'
import type { Owner } from '../attacks/recovery-support.ts'
import { requested } from '../features/recovery/support.ts'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { launchBrowser, withoutBrowser } from '../support/browser.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe.skipIf(withoutBrowser())('what stops a recovery, in a real browser', () => {
  let chromium: Browser

  beforeAll(async () => {
    await build()
    chromium = await launchBrowser()
  })
  afterAll(() => chromium.close())

  /** A page of a browser of its own. Whatever else a test looks at: it breaks no policy of its own, and no script fails. */
  async function open(options: { javaScriptEnabled?: boolean } = {}): Promise<Page> {
    const context = await chromium.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (line) => {
      if (/Content Security Policy|Uncaught/.test(line.text())) complaints.push(line.text())
    })
    onTestFinished(async () => {
      expect(complaints).toEqual([])
      await context.close()
    })
    return page
  }

  const shown = (page: Page, state: string) => page.locator(`[data-state="${state}"]`).waitFor({ state: 'visible' })
  const stopIt = (page: Page) => page.getByRole('button', { name: 'Stop it' }).click()

  async function expectAccessible(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.evaluate(axe)
      const found = await page.evaluate(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
      )
      expect(found, colorScheme).toEqual([])
    }
  }

  /** Somebody whose questions were answered. */
  async function answeredBy(app: TestApp): Promise<{ owner: Owner }> {
    const owner = await questionsOwner(app)
    await initiate(owner.browser, 'SECURITY_QUESTIONS')
    answered(await showAnswers(owner.browser, '0-1', owner.questions.verifiers['0-1']))
    return { owner }
  }

  /** The account page, by the session that somebody has. */
  async function accountOf(app: TestApp, { browser }: Owner): Promise<Page> {
    const page = await open()
    const cookies = [...browser.cookies].map(([name, value]) => ({ name, value, url: app.url.origin }))
    await page.context().addCookies(cookies)
    // The same browser by its name: else the session would be used from elsewhere.
    await page.setExtraHTTPHeaders({ 'user-agent': browser.userAgent })
    await page.goto(`${app.url.origin}/account`)
    await shown(page, 'account')
    return page
  }

  test('the account page shows what is under way, from where, and stops it', async ({ app }) => {
    const { owner } = await answeredBy(app)
    const page = await accountOf(app, owner)
    const part = page.getByRole('region', { name: 'Your encrypted data is being recovered' })
    await part.getByText('by security questions, and cannot open it before').waitFor()
    await part.getByText(/Begun .*, from Chrome on macOS/).waitFor()
    await expectAccessible(page)
    await stopIt(page)
    await page.getByRole('status').filter({ hasText: 'It is stopped' }).waitFor()
    await part.waitFor({ state: 'hidden' })
    expect(await openRequest(app, owner.held.userId)).toBeNull()
  })

  test('and a fresh start; nothing where nothing is under way', async ({ app }) => {
    const owner = await requested(app)
    const page = await accountOf(app, owner)
    await page.getByRole('region', { name: 'A new start without your keys was asked for' }).waitFor()
    await stopIt(page)
    await page.locator('#recovery-part').waitFor({ state: 'hidden' })
    expect((await standing(app, owner.held.userId)).freshStarts).toEqual([])

    const quiet = await accountOf(app, await codesOwner(app))
    expect(await quiet.locator('#recovery-part').isHidden()).toBe(true)
  })
})
