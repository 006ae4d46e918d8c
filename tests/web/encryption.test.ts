import { build } from 'esbuild'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Collection, LatchkeyClient } from '../../src/client/index.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { launchBrowser, withoutBrowser } from '../support/browser.ts'
import { PASSPHRASE } from '../support/devices.ts'
import { isSignInMail, tokenIn } from '../support/mailbox.ts'
import { newAddress } from '../support/people.ts'

// The SDK in Chromium, with its Worker and with passkeys of the browser's virtual authenticator, at the server's origin.

type Note = { title?: string; body?: string }

/** What the page below puts at the disposal of the tests. */
type Harness = { client: LatchkeyClient; notes: Collection<Note>; tell(done: number): void }

const PAGE = /* JavaScript */ `
  import { createClient } from './src/client/index.ts'
  const client = createClient({ url: '/graphql' })
  Object.assign(globalThis, { client, notes: client.collection('notes', { encrypted: ['body'] }) })
`
const NEXT = 'gravel lantern mimic trombone ochre sudden'

let app: TestApp
let browser: Browser
let context: BrowserContext
let page: Page
let cdp: CDPSession
let files: Map<string, { contentType: string; body: string }>
let sent: string[]
let complaints: string[]

describe.skipIf(withoutBrowser())('end-to-end encryption in Chromium', () => {
  beforeAll(async () => {
    const [harness, worker] = await Promise.all([
      bundled({ stdin: { contents: PAGE, resolveDir: process.cwd(), loader: 'ts' } }),
      bundled({ entryPoints: ['src/client/encryption/worker.ts'] }),
    ])
    const html = '<!doctype html><title>Notes</title><script type="module" src="/harness.js"></script>'
    files = new Map([
      ['/notes', { contentType: 'text/html', body: html }],
      ['/harness.js', { contentType: 'text/javascript', body: harness }],
      ['/encryption-worker.js', { contentType: 'text/javascript', body: worker }],
    ])
    app = await startTestApp({ env: { RATE_LIMIT_SCALE: '1000' } })
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser.close()
    await app.close()
  })

  beforeEach(async () => {
    context = await browser.newContext()
    for (const [path, file] of files) await context.route(`**${path}`, (route) => route.fulfill(file))
    ;[sent, complaints] = [[], []]
    context.on('request', (request) => sent.push(request.postData() ?? ''))
    page = await openPage()
    cdp = await context.newCDPSession(page)
    await cdp.send('WebAuthn.enable', { enableUI: false })
  })

  afterEach(async () => {
    const bodies = sent.join('\n')
    expect(bodies).not.toContain(PASSPHRASE)
    expect(bodies).not.toContain('"results"') // what a passkey gave
    expect(complaints).toEqual([])
    await context.close()
  })

  test('set up, write, reload, unlock by the passphrase, read', async () => {
    await signInAndSetUp()
    const id = await page.evaluate(async () => (await here().notes.create({ title: 'A', body: 'written' })).id)
    await page.reload()
    expect(await read(id)).toEqual({ keyState: 'LOCKED', value: { title: 'A' } })
    expect(await unlock('wrong passphrase')).toBe('SECRET_WRONG')
    expect(await unlock()).toBe('Unlocked')
    expect(await read(id)).toEqual({ keyState: 'OPEN', value: { title: 'A', body: 'written' } })
    expect(page.workers()).toHaveLength(1)
    await page.evaluate(() => here().client.encryption.lock())
    await expect.poll(() => page.workers().length).toBe(0)
    expect(await read(id)).toEqual({ keyState: 'LOCKED', value: { title: 'A' } })
  })

  test('a fingerprint unlocks, after a reload, and in one touch with the sign-in; it goes on after all was rotated', async () => {
    await addAuthenticator({ hasPrf: true })
    await signInAndSetUp()
    const id = await page.evaluate(async () => (await here().notes.create({ body: 'written' })).id)
    const stored = await page.evaluate(
      (passphrase) => here().client.encryption.storeBiometricKey({ passphrase }),
      PASSPHRASE,
    )
    expect(stored).toMatchObject({ kind: 'Stored' })
    expect(await page.evaluate(() => here().client.encryption.status())).toMatchObject({ biometricAvailable: true })

    await page.reload()
    expect(await unlockByPasskey()).toEqual({ kind: 'Unlocked', rotation: null })
    expect(await read(id)).toMatchObject({ value: { body: 'written' } })

    const signedIn = await page.evaluate(async () => {
      await here().client.logout()
      return here().client.signInWithPasskey({ unlock: true })
    })
    expect(signedIn).toMatchObject({ kind: 'SignedIn', unlock: { kind: 'Unlocked' } })
    expect(await read(id)).toMatchObject({ value: { body: 'written' } })

    const rotated = await page.evaluate(
      ([passphrase, newPassphrase]) =>
        here().client.encryption.rotate({
          everything: { passphrase, newPassphrase, showCodes: () => true, touchPasskey: () => true },
        }),
      [PASSPHRASE, NEXT] as const,
    )
    expect(rotated).toMatchObject({ kind: 'Rotated', passkeysLost: [], unreadable: [] })
    await page.reload()
    expect(await unlockByPasskey()).toMatchObject({ kind: 'Unlocked' })
    expect(await read(id)).toMatchObject({ value: { body: 'written' } })

    // Left out of the next one, it signs in and unlocks no more.
    const left = await page.evaluate(
      (passphrase) => here().client.encryption.rotate({ everything: { passphrase, showCodes: () => true } }),
      NEXT,
    )
    expect(left).toMatchObject({ kind: 'Rotated', passkeysLost: [expect.stringMatching(/^passkey_/)] })
    await page.reload()
    expect(await unlockByPasskey()).toEqual({ kind: 'NoPrf', reason: 'NOT_ENROLLED' })
  })

  test('a passkey that is there already is enrolled, and the way to unlock is taken from it again', async () => {
    await addAuthenticator({ hasPrf: true })
    await signInAndSetUp()
    const registered = await page.evaluate(() => here().client.registerPasskey({ name: 'Mine' }))
    expect(registered).toMatchObject({ kind: 'Registered', canUnlock: true })
    expect(await unlockByPasskey()).toEqual({ kind: 'NoPrf', reason: 'NOT_ENROLLED' })
    const passkeyId = registered.kind === 'Registered' ? registered.passkey.id : ''
    const store = (passphrase: string) =>
      page.evaluate(
        (input) =>
          here()
            .client.encryption.storeBiometricKey(input)
            .catch((error: { code: string }) => error.code),
        {
          passphrase,
          passkeyId,
        },
      )
    expect(await store('not the one')).toBe('SECRET_WRONG')
    expect(await store(PASSPHRASE)).toMatchObject({ kind: 'Stored', passkey: { id: passkeyId } })
    await page.reload()
    expect(await unlockByPasskey()).toMatchObject({ kind: 'Unlocked' })
    const status = await page.evaluate((id) => here().client.encryption.removeBiometricKey(id), passkeyId)
    expect(status).toMatchObject({ biometricAvailable: false })
    await page.reload()
    expect(await unlockByPasskey()).toEqual({ kind: 'NoPrf', reason: 'NOT_ENROLLED' })
    expect(await unlock()).toBe('Unlocked')
  })

  test('a device whose passkeys cannot unlock says so plainly, and the passphrase goes on', async () => {
    await addAuthenticator({ hasPrf: false })
    await signInAndSetUp()
    const stored = await page.evaluate(
      (passphrase) => here().client.encryption.storeBiometricKey({ passphrase }),
      PASSPHRASE,
    )
    expect(stored).toEqual({ kind: 'NoPrf', reason: 'PASSKEY' })
    expect(await page.evaluate(() => here().client.encryption.status())).toMatchObject({ biometricAvailable: false })
    expect(await page.evaluate(() => here().client.devices())).toHaveLength(1)
    await page.reload()
    expect(await unlockByPasskey()).toEqual({ kind: 'NoPrf', reason: 'PASSKEY' })
    expect(await unlock()).toBe('Unlocked')
  })

  test('R6: 1,000 records are rotated, the page is closed in the middle, and a fresh one finishes and reads all', async () => {
    await signInAndSetUp()
    await page.evaluate(async () => {
      for (let n = 0; n < 1_000; n += 20) {
        await Promise.all(Array.from({ length: 20 }, (_, i) => here().notes.create({ body: `body ${n + i}` })))
      }
    })
    const closed = new Promise<void>((resolve) => page.once('close', () => resolve()))
    await page.exposeFunction('tell', (done: number) => {
      if (done >= 300 && !page.isClosed()) void page.close()
    })
    await page
      .evaluate(() => here().client.encryption.rotate({ onProgress: ({ done }) => here().tell(done) }))
      .catch(() => null) // the page is gone
    await closed

    page = await openPage()
    const before = await page.evaluate(() => here().client.encryption.status())
    expect(before.rotation).toMatchObject({ finishedAt: null })
    expect(before.rotation?.recordsLeft).toBeGreaterThan(0)
    expect(before.rotation?.recordsLeft).toBeLessThan(1_000)
    expect(await unlock()).toBe('Unlocked')
    const finished = await page.evaluate(() => here().client.encryption.resumeRotation())
    expect(finished).toMatchObject({ unreadable: [], rotation: { recordsLeft: 0 } })

    page = await openPage()
    expect(await unlock()).toBe('Unlocked')
    const bodies = await page.evaluate(async () => {
      const all: string[] = []
      for await (const { value, keyState } of here().notes.all()) all.push(value.body ?? keyState)
      return all
    })
    const numbers = bodies.map((body) => Number(body.slice('body '.length))).sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
  }, 240_000)
})

// Its place is the page: what runs there finds the harness in the page's own globals.
declare function here(): Harness

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

async function openPage(): Promise<Page> {
  const opened = await context.newPage()
  await opened.addInitScript('globalThis.here = () => globalThis')
  opened.on('pageerror', (error) => complaints.push(error.message))
  await opened.goto(`${app.url.origin}/notes`)
  await opened.waitForFunction('globalThis.notes !== undefined')
  return opened
}

async function addAuthenticator({ hasPrf }: { hasPrf: boolean }): Promise<void> {
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

async function signInAndSetUp(): Promise<void> {
  const email = newAddress()
  await page.evaluate((address) => here().client.requestMagicLink({ email: address }), email)
  const mail = await app.mailbox.latest(email, 1, isSignInMail)
  await page.evaluate((token) => here().client.verifyMagicLink({ token }), tokenIn(mail))
  const done = await page.evaluate(async (passphrase) => {
    let written: readonly string[] = []
    return here().client.encryption.setup({
      explain: () => true,
      choosePassphrase: () => passphrase,
      showCodes: ({ codes }) => {
        written = codes
        return true
      },
      typeBack: ({ positions }) => positions.map((position) => written[position - 1] ?? ''),
    })
  }, PASSPHRASE)
  expect(done).toMatchObject({ kind: 'Enabled' })
}

async function read(id: string) {
  await page.waitForFunction('globalThis.notes !== undefined')
  return page.evaluate(async (noteId) => {
    const item = await here().notes.get(noteId)
    return item && { keyState: item.keyState, value: item.value }
  }, id)
}

/** What came of it: the kind of the answer, or the code of the refusal. */
async function unlock(passphrase = PASSPHRASE): Promise<string> {
  await page.waitForFunction('globalThis.notes !== undefined')
  return page.evaluate(
    (text) =>
      here()
        .client.encryption.unlock({ passphrase: text })
        .then(
          ({ kind }) => kind,
          (error: { code: string }) => error.code,
        ),
    passphrase,
  )
}

async function unlockByPasskey() {
  await page.waitForFunction('globalThis.notes !== undefined')
  return page.evaluate(() => here().client.encryption.unlock({ passkey: true }))
}
