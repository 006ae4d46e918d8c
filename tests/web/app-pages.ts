import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core'
import { expect } from 'vitest'
import { build } from '../../scripts/build.mjs'
import { startTestApp, type TestApp } from '../support/app.ts'
import { launchBrowser } from '../support/browser.ts'
import { isSignInMail, tokenIn } from '../support/mailbox.ts'
import { newAddress } from '../support/people.ts'

// What the journeys share: a server with its pages as they are built, and a browser of one's own before them.

export type PagesStage = { app: TestApp; browser: Browser }

/** A browser of one's own. `complaints` are what its pages' scripts failed in, and what their policy refused. */
export type Visitor = { context: BrowserContext; page: Page; complaints: string[] }

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SCREENSHOTS = path.join(import.meta.dirname, '..', '..', 'test-output', 'screenshots')

export async function openPagesStage(env: Record<string, string> = {}): Promise<PagesStage> {
  await build()
  return { app: await startTestApp({ env: { RATE_LIMIT_SCALE: '1000', ...env } }), browser: await launchBrowser() }
}

export async function closePagesStage({ app, browser }: PagesStage): Promise<void> {
  await browser.close()
  await app.close()
}

export async function openVisitor(
  { browser }: Pick<PagesStage, 'browser'>,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options })
  const complaints: string[] = []
  context.on('page', (page) => listenTo(page, complaints))
  return { context, page: await context.newPage(), complaints }
}

function listenTo(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // A refusal that the page then deals with is told by its status, too.
    const isComplaint = message.type() === 'error' || message.type() === 'warning'
    if (isComplaint && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
}

/** Signs somebody in by mail, past the sign-in page, which has tests of its own; then opens a page. */
export async function enter(
  { app }: PagesStage,
  { page }: Visitor,
  { email = newAddress(), at = '/account' }: { email?: string; at?: string } = {},
): Promise<string> {
  const before = app.mailbox.mails.filter((mail) => mail.to === email && isSignInMail(mail)).length
  await page.goto(`${app.url.origin}/auth/not-me`) // a page that asks the server nothing
  await ask(page, 'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { expiresAt } }', { email })
  const token = tokenIn(await app.mailbox.latest(email, before + 1, isSignInMail))
  await ask(page, 'mutation ($token: String!) { verifyMagicLink(input: { token: $token }) { __typename } }', { token })
  await page.goto(app.url.origin + at)
  return email
}

/** Asks the server as the page's browser. */
export async function ask(page: Page, query: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  const answer = await page.evaluate(async (body) => {
    const response = await fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return (await response.json()) as { data?: unknown; errors?: unknown }
  }, JSON.stringify({ query, variables }))
  if (answer.errors) throw new Error(`The server refused: ${JSON.stringify(answer.errors)}`)
  return answer.data
}

/** A device with a fingerprint reader, or a security key, that says yes by itself. */
export async function addAuthenticator(
  { context, page }: Visitor,
  { hasPrf = true }: { hasPrf?: boolean } = {},
): Promise<{ cdp: CDPSession; authenticatorId: string }> {
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { cdp, authenticatorId }
}

/** Adds a passkey of the page's authenticator to whoever is signed in there, past the page for it. */
export async function registerPasskey(page: Page): Promise<string> {
  const begun = (await ask(page, 'mutation { begun: beginPasskeyRegistration { challengeId options } }')) as {
    begun: { challengeId: string; options: unknown }
  }
  const response: unknown = await page.evaluate(
    `navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(begun.begun.options)}) })
      .then((made) => made.toJSON())`,
  )
  const input = { challengeId: begun.begun.challengeId, response }
  const made = (await ask(
    page,
    'mutation ($input: CompletePasskeyRegistrationInput!) { passkey: completePasskeyRegistration(input: $input) { id } }',
    { input },
  )) as { passkey: { id: string } }
  return made.passkey.id
}

/** Waits for the page, or the state of a page, with this heading. */
export const shows = (page: Page, heading: string | RegExp): Promise<void> =>
  page.getByRole('heading', { level: 1, name: heading }).waitFor()

/**
 * Looks at the page as it stands, in light and in dark: axe finds nothing, it does not scroll sideways at 320 pixels, and
 * pictures of it at 360 and 1280 pixels are kept in test-output/screenshots.
 */
export async function look(page: Page, name: string): Promise<void> {
  const size = page.viewportSize()
  await page.setViewportSize({ width: 320, height: 640 })
  expect(await page.evaluate('document.documentElement.scrollWidth'), `${name} at 320 px`).toBe(320)
  mkdirSync(SCREENSHOTS, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      await page.screenshot({ path: path.join(SCREENSHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true })
    }
    await expectAccessible(page, `${name} in ${colorScheme}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  if (size) await page.setViewportSize(size)
}

/** axe-core finds nothing. Run by the debugger, which the page's policy does not hold back. */
async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(axe)
  const found: unknown = await page.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
  )
  expect(found, where).toEqual([])
}
