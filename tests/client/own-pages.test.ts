import { createServer } from 'node:http'
import type { Server } from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { build } from '../../scripts/build.mjs'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { launchBrowser, withoutBrowser } from '../support/browser.ts'
import { codeIn, isSignInMail } from '../support/mailbox.ts'
import { newAddress } from '../support/people.ts'
import { guidePolicy } from './own-pages-guide.ts'

// The guide's own pages, built by its own settings and served under its own policy, before a server whose pages are off.

const EXAMPLE = fileURLToPath(new URL('../../docs/examples/own-pages', import.meta.url))
const GUIDES_SERVER = 'https://id.example.com'
const CONTENT_TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

describe.skipIf(withoutBrowser())('pages of your own, in Chromium', () => {
  let app: TestApp
  let pages: Server
  let site: string
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    await build()
    const files = new Map<string, string>()
    pages = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      const name =
        pathname === '/' ? 'index.html' : path.extname(pathname) ? pathname.slice(1) : `${pathname.slice(1)}.html`
      const file = files.get(name)
      response.writeHead(file === undefined ? 404 : 200, {
        'Content-Type': CONTENT_TYPES[path.extname(name)] ?? 'text/plain',
        'Content-Security-Policy': guidePolicy().replaceAll(GUIDES_SERVER, app.url.origin),
      })
      response.end(file)
    })
    await new Promise<void>((resolve) => pages.listen(0, 'localhost', resolve))
    const address = pages.address()
    if (typeof address !== 'object' || !address) throw new Error('The pages listen on no port.')
    site = `http://localhost:${address.port}`
    app = await startTestApp({ env: { PAGES: 'off', PAGES_URL: site, ALLOWED_ORIGINS: site } })
    for (const [name, text] of await builtExample()) files.set(name, text.replaceAll(GUIDES_SERVER, app.url.origin))
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser.close()
    await app.close()
    await new Promise((resolve) => pages.close(resolve))
  })

  beforeEach(async () => {
    complaints = []
    page = await openBrowser()
  })

  afterEach(async () => {
    expect(complaints).toEqual([])
    await page.context().close()
  })

  async function openBrowser(): Promise<Page> {
    const opened = await (await browser.newContext()).newPage()
    opened.on('pageerror', (error) => complaints.push(String(error)))
    opened.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text())
    })
    return opened
  }

  const state = (shown: Page, words: RegExp | string) => shown.getByRole('status').getByText(words).waitFor()

  async function askForMail(email: string): Promise<{ link: string; code: string }> {
    await page.goto(`${site}/sign-in?back=%2F`)
    await page.getByLabel('Mail address').fill(email)
    await page.getByRole('button', { name: 'Send me a mail' }).click()
    await state(page, /on its way/)
    const mail = await app.mailbox.latest(email, 1, isSignInMail)
    return { code: codeIn(mail), link: linkIn(mail.text, 'verify') }
  }

  const linkIn = (text: string, name: string): string =>
    new RegExp(`^${site}/auth/${name}#\\S+$`, 'm').exec(text)?.[0] ?? `There is no link to ${name}.`

  test('who is not signed in is led to the sign-in page, signs in by code, and is back', async () => {
    const email = newAddress()
    await page.goto(site)
    await page.waitForURL(`${site}/sign-in`)
    const { code } = await askForMail(email)
    await page.getByLabel('Six-digit code').fill(code)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await state(page, `You are signed in as ${email}.`)
  })

  test('the link signs in at once in the browser that asked, and its token leaves the address bar', async () => {
    const email = newAddress()
    const { link } = await askForMail(email)
    await page.goto(link)
    await state(page, `You are signed in as ${email}.`)
    await page.goBack()
    expect(page.url()).not.toContain('#')
  })

  test('in another browser the link asks first; used, it says so', async () => {
    const email = newAddress()
    const { link } = await askForMail(email)
    const other = await openBrowser()
    await other.goto(link)
    await other.getByRole('button', { name: 'Yes, sign me in here' }).click()
    await state(other, `You are signed in as ${email}.`)
    await other.context().close()
    await page.goto(link)
    await state(page, /was used/)
  })

  test('where a proof is too old, the dialog asks, and what was wanted goes on by itself', async () => {
    const email = newAddress()
    const { code } = await askForMail(email)
    await page.getByLabel('Six-digit code').fill(code)
    await page.keyboard.press('Enter')
    await state(page, `You are signed in as ${email}.`)
    await page.getByLabel('A PIN to keep').fill('2718')
    await page.getByRole('button', { name: 'Keep it' }).click()
    await state(page, 'It is kept.')

    app.clock.advance(16 * 60_000)
    await page.getByRole('button', { name: 'Read it' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/six digits/).fill('000000')
    const mail = await app.mailbox.latest(email, 1, ({ subject }) => subject.startsWith('Confirm that it is you'))
    await dialog.getByRole('button', { name: 'Go on' }).click()
    await dialog.getByLabel(/These are not the digits/).fill(codeIn(mail))
    await page.keyboard.press('Enter')
    await state(page, '{"pin":"2718"}')
  })

  test('"This was not me" ends the sessions, by a press alone', async () => {
    const email = newAddress()
    const first = await askForMail(email)
    await page.goto(first.link)
    await state(page, `You are signed in as ${email}.`)
    const other = await openBrowser()
    await other.goto(`${site}/sign-in`)
    await other.getByLabel('Mail address').fill(email)
    await other.getByRole('button', { name: 'Send me a mail' }).click()
    const mail = await app.mailbox.latest(email, 2, isSignInMail)
    await other.getByLabel('Six-digit code').fill(codeIn(mail))
    await other.keyboard.press('Enter')
    await state(other, `You are signed in as ${email}.`)

    const warning = await app.mailbox.latest(email, 1, ({ text }) => text.includes('/auth/not-me#'))
    await page.goto(linkIn(warning.text, 'not-me'))
    await page.getByRole('button', { name: 'End all sessions' }).click()
    await state(page, /All sessions are ended/)
    await other.reload()
    await other.waitForURL(`${site}/sign-in`)
    await other.context().close()
  })

  test('the page that stops a recovery says when a link is about nothing any more', async () => {
    await page.goto(`${site}/auth/cancel-recovery#${'A'.repeat(43)}`)
    await page.getByRole('button', { name: 'Stop it' }).click()
    await state(page, /was used, or is too old/)
  })

  test('the worker of the keys starts within the policy, and nothing else does', async () => {
    await page.goto(`${site}/auth/not-me`)
    const started = page.waitForEvent('worker')
    await page.evaluate(`void (globalThis.worker = startEncryptionWorker())`)
    expect((await started).url()).toMatch(new RegExp(`^${site}/assets/encryption-worker-[\\w-]+\\.js$`))
    const attempt = `try { new Worker('/elsewhere.js') } catch (error) { error.name }`
    expect(await page.evaluate(attempt)).toBe('TypeError')
    complaints.length = 0 // the browser tells of the refusal
  })
})

// The example starts its worker for whoever unlocks; here the test does.
const WORKER = 'own-pages/encryption-worker.ts'
const SHOWN = '\nglobalThis.startEncryptionWorker = startEncryptionWorker'

/** What `vite build` makes of the example, with the package's names leading to this repository. */
async function builtExample(): Promise<[string, string][]> {
  const vite = await import('vite')
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const built = await vite.build({
    root: EXAMPLE,
    configFile: path.join(EXAMPLE, 'vite.config.ts'),
    logLevel: 'error',
    build: { write: false },
    plugins: [{ name: 'worker-for-the-test', transform: (code, id) => (id.endsWith(WORKER) ? code + SHOWN : null) }],
    resolve: {
      alias: [
        { find: /^latchkey\/client\/encryption-worker(?=\?)/, replacement: `${root}dist/client/encryption-worker.js` },
        { find: /^latchkey\/client$/, replacement: `${root}src/client/index.ts` },
      ],
    },
  })
  if (!('output' in built)) throw new Error('Vite has built more than one thing, or watches.')
  return built.output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : String(file.source)])
}
