import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withoutBrowser } from '../support/browser.ts'
import { PASSPHRASE } from '../support/devices.ts'
import * as pages from './sdk-pages.ts'
import type { Harness, Profile, Stage } from './sdk-pages.ts'

const NEXT = 'gravel lantern mimic trombone ochre sudden'

let stage: Stage
let profile: Profile
let page: Page

describe.skipIf(withoutBrowser())('end-to-end encryption in Chromium', () => {
  beforeAll(async () => {
    stage = await pages.openStage()
  })

  afterAll(() => pages.closeStage(stage))

  beforeEach(async () => {
    profile = await pages.openProfile(stage)
    page = profile.page
  })

  afterEach(async () => {
    const bodies = profile.sent.join('\n')
    expect(bodies).not.toContain(PASSPHRASE)
    expect(bodies).not.toContain('"results"') // what a passkey gave
    expect(profile.complaints).toEqual([])
    await profile.context.close()
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

const openPage = () => pages.openPage(stage, profile)
const addAuthenticator = (options: { hasPrf: boolean }) => pages.addAuthenticator(profile, options)
const signInAndSetUp = () => pages.signInAndSetUp(stage, page)

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
