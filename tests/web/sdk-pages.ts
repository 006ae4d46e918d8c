import { build } from 'esbuild'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Collection, LatchkeyClient } from '../../src/client/index.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { launchBrowser } from '../support/browser.ts'
import { PASSPHRASE } from '../support/devices.ts'
import { isSignInMail, tokenIn } from '../support/mailbox.ts'
import { newAddress } from '../support/people.ts'

// The SDK in Chromium, with its Worker and with passkeys of the browser's virtual authenticator, at the server's origin.

type Note = { title?: string; body?: string }

/** What the page below puts at the disposal of the tests. */
export type Harness = { client: LatchkeyClient; notes: Collection<Note>; tell(done: number): void }

const PAGE = /* JavaScript */ `
  import { createClient } from './src/client/index.ts'
  const client = createClient({ url: '/graphql' })
  Object.assign(globalThis, { client, notes: client.collection('notes', { encrypted: ['body'] }) })
`

/** A server, a browser, and the page that both give to whoever opens it. */
export type Stage = { app: TestApp; browser: Browser; files: Map<string, { contentType: string; body: string }> }

/** A browser of its own: `sent` are the bodies of its requests, `complaints` what went wrong in its pages. */
export type Profile = { context: BrowserContext; page: Page; cdp: CDPSession; sent: string[]; complaints: string[] }

export async function openStage(): Promise<Stage> {
  const [harness, worker] = await Promise.all([
    bundled({ stdin: { contents: PAGE, resolveDir: process.cwd(), loader: 'ts' } }),
    bundled({ entryPoints: ['src/client/encryption/encryption-worker.ts'] }),
  ])
  const html = '<!doctype html><title>Notes</title><script type="module" src="/harness.js"></script>'
  const files = new Map([
    ['/notes', { contentType: 'text/html', body: html }],
    ['/harness.js', { contentType: 'text/javascript', body: harness }],
    ['/encryption-worker.js', { contentType: 'text/javascript', body: worker }],
  ])
  return { app: await startTestApp({ env: { RATE_LIMIT_SCALE: '1000' } }), browser: await launchBrowser(), files }
}

export async function closeStage({ app, browser }: Stage): Promise<void> {
  await browser.close()
  await app.close()
}

export async function openProfile(stage: Stage): Promise<Profile> {
  const context = await stage.browser.newContext()
  for (const [path, file] of stage.files) await context.route(`**${path}`, (route) => route.fulfill(file))
  const [sent, complaints]: [string[], string[]] = [[], []]
  context.on('request', (request) => sent.push(request.postData() ?? ''))
  const page = await openPage(stage, { context, complaints })
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  return { context, page, cdp, sent, complaints }
}

export async function openPage(
  { app }: Stage,
  { context, complaints }: Pick<Profile, 'context' | 'complaints'>,
): Promise<Page> {
  const opened = await context.newPage()
  await opened.addInitScript('globalThis.here = () => globalThis')
  opened.on('pageerror', (error) => complaints.push(error.message))
  await opened.goto(`${app.url.origin}/notes`)
  await opened.waitForFunction('globalThis.notes !== undefined')
  return opened
}

export async function addAuthenticator({ cdp }: Pick<Profile, 'cdp'>, { hasPrf }: { hasPrf: boolean }): Promise<void> {
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
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
}

// Its place is the page: what runs there finds the harness in the page's own globals.
declare function here(): Harness

export async function signInByMail({ app }: Stage, page: Page, email: string): Promise<void> {
  const before = app.mailbox.mails.filter((mail) => mail.to === email && isSignInMail(mail)).length
  await page.evaluate((address) => here().client.requestMagicLink({ email: address }), email)
  const mail = await app.mailbox.latest(email, before + 1, isSignInMail)
  await page.evaluate((token) => here().client.verifyMagicLink({ token }), tokenIn(mail))
}

/** Somebody new, whose encryption is on; with the codes that were shown. */
export async function signInAndSetUp(stage: Stage, page: Page): Promise<{ email: string; codes: readonly string[] }> {
  const email = newAddress()
  await signInByMail(stage, page, email)
  const { done, codes } = await page.evaluate(async (passphrase) => {
    let written: readonly string[] = []
    const outcome = await here().client.encryption.setup({
      explain: () => true,
      choosePassphrase: () => passphrase,
      showCodes: ({ codes }) => {
        written = codes
        return true
      },
      typeBack: ({ positions }) => positions.map((position) => written[position - 1] ?? ''),
    })
    return { done: outcome, codes: written }
  }, PASSPHRASE)
  expect(done).toMatchObject({ kind: 'Enabled' })
  return { email, codes }
}

async function bundled(input: Parameters<typeof build>[0]): Promise<string> {
  const { outputFiles = [] } = await build({
    ...input,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  })
  const [file] = outputFiles
  if (!file) throw new Error('The bundle is empty.')
  return file.text
}
