import { build } from 'esbuild'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { v7 as uuidv7 } from 'uuid'
import type { MadeKeys, SealedKeys, Vault } from '../../../src/client/encryption/vault.ts'
import { launchBrowser, withoutBrowser } from '../../support/browser.ts'
import { EMAIL, PASSPHRASE, sealedKeys } from './account.ts'

/*
 * The Worker as it is built, in Chromium: one file, with a policy of its own that forbids it everything.
 */

declare global {
  var openVault: typeof import('../../../src/client/encryption/open-vault.ts').openVault
  var vault: Vault
}

const FORBIDDEN = "default-src 'none'"
const PAGE = `<!doctype html><title>A page</title><script type="module">
import { openVault } from '/vault.js'
Object.assign(globalThis, { openVault, vault: openVault() })
</script>`
const root = fileURLToPath(new URL('../../../', import.meta.url))

let browser: Browser
let address = ''
let stop = () => {}
/** What was asked of the server, and the policy that the Worker's file is sent with. */
const asked: string[] = []
let workerFile = ''

describe.skipIf(withoutBrowser())('the Worker in Chromium', () => {
  beforeAll(async () => {
    const page = await bundled('src/client/encryption/open-vault.ts')
    workerFile = await bundled('src/client/encryption/encryption-worker.ts')
    const server = createServer(({ url = '' }, answer) => {
      asked.push(url)
      const js = { 'content-type': 'text/javascript' }
      if (url === '/vault.js') answer.writeHead(200, js).end(page)
      else if (url === '/encryption-worker.js')
        answer.writeHead(200, { ...js, 'content-security-policy': FORBIDDEN }).end(workerFile)
      else if (url === '/broken-worker.js') answer.writeHead(404).end()
      else answer.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    stop = () => server.close()
    address = `http://localhost:${(server.address() as AddressInfo).port}`
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    stop()
  })

  test('the file imports nothing', () => {
    expect(workerFile).not.toMatch(/\bimport\s*\(|\bimport\s*["'{*]|\bfrom\s*["']|importScripts/)
  })

  test('keys are made, unlocked and used in it, and the page reaches none of them', async () => {
    const page = await openPage()
    const user = uuidv7()
    const made = await page.evaluate((input) => vault.make(input), {
      user,
      email: EMAIL,
      passphrase: PASSPHRASE,
      generation: 1,
      ringRevision: 1,
    })
    const keys = sealedKeys(made, { generation: 1, ringRevision: 1 })
    const unlocked = await unlock(page, user, keys)
    expect(unlocked).toEqual({ keyId: keys.keyId, generation: 1, ringRevision: 1 })
    const record = uuidv7()
    const values = Array.from({ length: 100 }, (_, index) => ({ index, text: 'ünïcödé 🔑' }))
    const opened = await page.evaluate(
      async ([items, id]) => {
        const places = items.map(() => ({ record: id, revision: 1 }))
        const envelopes = await vault.encrypt(places.map((place, at) => ({ ...place, value: items[at] })))
        return vault.decrypt(places.map((place, at) => ({ ...place, envelope: envelopes[at] ?? '' })))
      },
      [values, record] as const,
    )
    expect(opened).toEqual(values.map((value) => ({ ok: true, value, verified: true })))
    expect(page.workers()).toHaveLength(1)
    expect(asked.filter((url) => url.includes('worker'))).toEqual(['/encryption-worker.js'])
  })

  test('its own policy keeps it from the network', async () => {
    const page = await openPage()
    await page.evaluate((input) => vault.unlock(input).catch(() => null), noKeys())
    const [worker] = page.workers()
    const fetched = await worker?.evaluate(() =>
      fetch('/stolen').then(
        () => 'fetched',
        () => 'refused',
      ),
    )
    expect(fetched).toBe('refused')
    expect(asked).not.toContain('/stolen')
  })

  test('locking ends it and the calls that wait, and another is started by the next unlock', async () => {
    const page = await openPage()
    const { user, keys } = await account(page)
    await unlock(page, user, keys)
    const codes = await page.evaluate(
      async (input) => {
        const codeOf = (error: unknown) => (error as { code: string }).code
        const waiting = [
          vault.unlock(input).catch(codeOf),
          vault.encrypt([{ record: input.user, revision: 1, value: 1 }]).catch(codeOf),
        ]
        await vault.lock()
        return Promise.all(waiting)
      },
      unlocking(user, keys),
    )
    expect(codes).toEqual(['ENCRYPTION_LOCKED', 'ENCRYPTION_LOCKED'])
    await expect.poll(() => page.workers()).toHaveLength(0)
    expect(await page.evaluate(() => vault.state())).toBeNull()
    expect(await unlock(page, user, keys)).toMatchObject({ keyId: keys.keyId })
    expect(page.workers()).toHaveLength(1)
  })

  test('a Worker whose file is not there locks, and nothing takes its place', async () => {
    const page = await openPage()
    const code = await page.evaluate((input) => {
      const broken = openVault({ worker: () => new Worker('/broken-worker.js', { type: 'module' }) })
      return broken.unlock(input).catch((error: unknown) => (error as { code: string }).code)
    }, noKeys())
    expect(code).toBe('ENCRYPTION_LOCKED')
    await expect.poll(() => page.workers().length).toBe(0) // the browser tells of its end a moment later
  })

  test('a passphrase that Chromium sealed opens in Node', async () => {
    const page = await openPage()
    const { user, keys } = await account(page)
    const { makeVault } = await import('../../../src/client/encryption/make-vault.ts')
    const opener = { kind: 'PASSPHRASE', passphrase: PASSPHRASE } as const
    const unlocked = await makeVault().unlock({ user, keys, opener, seen: null })
    expect(unlocked.keyId).toBe(keys.keyId)
  })
})

/** As scripts/build.mjs bundles it. */
async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

async function openPage(): Promise<Page> {
  asked.length = 0
  const page = await browser.newPage()
  await page.goto(address)
  return page
}

const unlocking = (user: string, keys: SealedKeys) => ({
  user,
  keys,
  opener: { kind: 'PASSPHRASE', passphrase: PASSPHRASE } as const,
  seen: null,
})

const unlock = (page: Page, user: string, keys: SealedKeys) =>
  page.evaluate((input) => vault.unlock(input), unlocking(user, keys))

async function account(page: Page): Promise<{ user: string; made: MadeKeys; keys: SealedKeys }> {
  const user = uuidv7()
  const input = { user, email: EMAIL, passphrase: PASSPHRASE, generation: 1, ringRevision: 1 }
  const made = await page.evaluate((given) => vault.make(given), input)
  return { user, made, keys: sealedKeys(made, { generation: 1, ringRevision: 1 }) }
}

const noKeys = () =>
  unlocking(uuidv7(), {
    encryptedPrivateKey: '',
    publicKey: null,
    keySalt: '',
    keyId: '',
    generation: 1,
    ringRevision: 1,
    slots: [],
  })
