import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { build } from '../../scripts/build.mjs'
import { notMeTokenIn, raise } from '../features/alerts/support.ts'
import { test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { launchBrowser, withoutBrowser } from '../support/browser.ts'
import { signIn } from '../support/people.ts'
import type { Person } from '../support/people.ts'

const HEADINGS = {
  confirm: 'Throw everybody out?',
  'no-token': 'There is no link here',
  done: 'Everybody is out',
  dead: 'This link does not work any more',
} as const

describe.skipIf(withoutBrowser())('the page of "this was not me", in a real browser', () => {
  let chromium: Browser

  beforeAll(async () => {
    await build()
    chromium = await launchBrowser()
  })
  afterAll(() => chromium.close())

  async function open(): Promise<Page> {
    const context = await chromium.newContext()
    onTestFinished(() => context.close())
    return context.newPage()
  }

  async function linkFor(app: TestApp, ada: Person): Promise<string> {
    await raise(app, ada)
    return new URL(`/auth/not-me#${notMeTokenIn(await app.mailbox.latest(ada.email, 2))}`, app.url).href
  }

  const shown = (page: Page, state: keyof typeof HEADINGS) =>
    page.getByRole('heading', { level: 1, name: HEADINGS[state] }).waitFor()
  const sessions = (app: TestApp) => app.services.database.systemDb.session.count()
  const isKept = (page: Page) => page.evaluate<string>('location.href + JSON.stringify(history.state)')

  test('M2: a scanner that loads it and runs its script changes nothing; the button throws everybody out', async ({
    app,
  }) => {
    const ada = await signIn(app)
    await signIn(app, ada.email)
    const link = await linkFor(app, ada)
    const scanner = await open()
    await scanner.goto(link)
    await shown(scanner, 'confirm')
    await scanner.reload()
    await shown(scanner, 'no-token')
    expect(await sessions(app)).toBe(2)
    expect(await scanner.context().cookies()).toEqual([])

    const page = await open()
    await page.goto(link)
    await shown(page, 'confirm')
    expect(await isKept(page)).not.toContain(link.split('#')[1])
    await page.getByRole('button', { name: /This was not me/ }).click()
    await shown(page, 'done')
    expect(await sessions(app)).toBe(0)
  })

  test('a link that was used says so, and what helps', async ({ app }) => {
    const ada = await signIn(app)
    const link = await linkFor(app, ada)
    for (const state of ['done', 'dead'] as const) {
      const page = await open()
      await page.goto(link)
      await page.getByRole('button', { name: /This was not me/ }).click()
      await shown(page, state)
    }
  })
})
