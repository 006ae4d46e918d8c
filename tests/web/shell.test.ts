import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PAGES } from '../../src/features/pages/routes.ts'
import { withoutBrowser } from '../support/browser.ts'
import { ask, closePagesStage, enter, look, openPagesStage, openVisitor, shows } from './app-pages.ts'
import type { PagesStage, Visitor } from './app-pages.ts'

// What holds for every page: the policy, what it weighs, who may see it, and what it says when something is amiss.

let stage: PagesStage
let visitor: Visitor

describe.skipIf(withoutBrowser())('every page', () => {
  beforeAll(async () => {
    stage = await openPagesStage()
  })
  afterAll(() => closePagesStage(stage))
  beforeEach(async () => {
    visitor = await openVisitor(stage)
  })
  afterEach(async () => {
    expect(visitor.complaints).toEqual([])
    await visitor.context.close()
  })

  const OF_THE_ACCOUNT = PAGES.filter((address) => address.startsWith('/account') || address === '/notes')

  test.each(OF_THE_ACCOUNT)('%s leads whoever is not signed in to the sign-in, and back', async (address) => {
    await visitor.page.goto(stage.app.url.origin + address)
    await shows(visitor.page, 'You are not signed in')
    const link = visitor.page.getByRole('link', { name: 'Sign in' })
    expect(await link.getAttribute('href')).toBe(`/sign-in?redirect_to=${encodeURIComponent(address)}`)
  })

  test('no text becomes a script: Trusted Types refuse it', async () => {
    const { page, complaints } = visitor
    await page.goto(stage.app.url.origin)
    const tries = [
      "new Worker('/assets/other.js')",
      "document.createElement('script').src = '/assets/other.js'",
      "trustedTypes.createPolicy('other', {})",
      "document.body.innerHTML = '<p>text</p>'",
    ]
    const attempts = tries.map((code) => `() => { ${code} }`).join(', ')
    const refusals: unknown = await page.evaluate(
      `[${attempts}].map((attempt) => { try { attempt(); return 'allowed' } catch (error) { return error.name } })`,
    )
    expect(refusals).toEqual(tries.map(() => 'TypeError'))
    complaints.length = 0 // the browser tells of each refusal
  })

  test('a session that is ended elsewhere is told kindly within the moment, with the way back', async () => {
    const { page } = visitor
    await enter(stage, visitor, { at: '/account/sessions' })
    await shows(page, 'Sessions')
    await ask(page, 'mutation { logout }')
    await shows(page, 'Your session has ended')
    await look(page, 'session-ended')
    const href = await page.getByRole('link', { name: 'Sign in' }).getAttribute('href')
    expect(href).toBe('/sign-in?redirect_to=%2Faccount%2Fsessions')
  })

  test('and so is it with the next question, where no stream gets through', async () => {
    const { page } = visitor
    await page.route('**/graphql', (route, request) =>
      request.headers()['accept'] === 'text/event-stream' ? route.abort() : route.continue(),
    )
    await enter(stage, visitor)
    await shows(page, 'Overview')
    await ask(page, 'mutation { logout }')
    await page.getByRole('link', { name: 'Sessions' }).click()
    await shows(page, 'Your session has ended')
  })

  test('a page whose script does not come says so, and is there once the connection is', async () => {
    const { page, context } = visitor
    await enter(stage, visitor)
    await shows(page, 'Overview')
    await context.setOffline(true)
    await page.getByRole('link', { name: 'Notes', exact: true }).click()
    await shows(page, 'This page did not load')
    await look(page, 'not-loaded')
    await context.setOffline(false)
    await page.getByRole('button', { name: 'Try again' }).click()
    await shows(page, 'Notes')
    visitor.complaints.length = 0 // the browser tells of each file that did not come
  })

  test('a page that fails says so, and can be loaded again', async () => {
    const { page, complaints } = visitor
    await enter(stage, visitor)
    await shows(page, 'Overview')
    const broken = { data: { me: { __typename: 'User', id: 'user_1', email: null } } }
    await page.route('**/graphql', (route) => route.fulfill({ json: broken }))
    await page.reload()
    await shows(page, 'Something went wrong here')
    await look(page, 'broken')
    expect(complaints.length).toBeGreaterThan(0) // whoever runs the server can find what it was
    complaints.length = 0
    await page.unroute('**/graphql')
    await page.getByRole('button', { name: 'Load it again' }).click()
    await shows(page, 'Overview')
  })

  test('without a connection it says so', async () => {
    const { page, context } = visitor
    await enter(stage, visitor)
    await shows(page, 'Overview')
    await context.setOffline(true)
    await page.getByText('You are offline.').waitFor()
    await look(page, 'offline')
    await context.setOffline(false)
    await page.getByText('You are offline.').waitFor({ state: 'detached' })
  })
})

test('the first load of any page is less than 150 kB of script, compressed', async () => {
  const folder = path.join(import.meta.dirname, '..', '..', 'dist', 'web')
  const first = readFileSync(path.join(folder, 'index.html'), 'utf8').matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)
  const sizeOf = (name: string) => gzipSync(readFileSync(path.join(folder, name))).length
  const firstBytes = [...first].map(([, name = '']) => sizeOf(name)).reduce((sum, size) => sum + size, 0)
  expect(firstBytes).toBeGreaterThan(10_000)
  // The largest page's own part, besides. The word lists are loaded when a passphrase is chosen.
  const isWordList = (name: string) => /azerty|AyouAthe/.test(readFileSync(path.join(folder, name), 'utf8'))
  const scripts = readdirSync(path.join(folder, 'assets')).filter((name) => name.endsWith('.js'))
  const parts = scripts.map((name) => `assets/${name}`).filter((name) => !isWordList(name))
  const largest = Math.max(...parts.map(sizeOf))
  expect(firstBytes + largest).toBeLessThan(150_000)
})
