import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { isLatchkeyError, type LatchkeyClient } from '../../../src/client/index.ts'
import {
  encryptedDevice,
  operationIn,
  PASSPHRASE,
  signInDevice,
  startRoomyApp,
  steadyPerson,
  unlockedDevice,
  type Network,
} from '../../support/devices.ts'

// What happens to the keys, or the ways to unlock them, on another device or in another tab in the middle of something.

type Note = { title?: string; body?: string }

const NEXT = 'gravel lantern mimic trombone ochre sudden'
const notesOf = (client: LatchkeyClient) => client.collection<Note>('notes', { encrypted: ['body'] })

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('It should have been refused.'),
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  )

/** A network that does something before the first request of a name leaves, and one that loses answers of it. */
function troubledNetwork(operation: string) {
  const trouble = { before: null as (() => Promise<unknown>) | null, losing: 0, sent: 0 }
  const network: Network = (send) => async (input, init) => {
    if (operationIn(init).name !== operation) return send(input, init)
    trouble.sent += 1
    const { before } = trouble
    trouble.before = null
    await before?.()
    const answer = await send(input, init)
    if (trouble.losing === 0) return answer
    trouble.losing -= 1
    throw new TypeError('The cable was pulled.')
  }
  return { trouble, network }
}

describe('another device changes the passphrase', () => {
  test('while codes are shown for new keys: it stays in force, and the codes are void', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    const other = await unlockedDevice(app, email)
    const outcome = await client.encryption.rotate({
      everything: {
        passphrase: PASSPHRASE,
        newPassphrase: 'ember walrus folio thicket sundial',
        showCodes: async () => {
          await other.encryption.changePassphrase({ current: PASSPHRASE, next: NEXT })
          return true
        },
      },
    })
    expect(outcome).toEqual({ kind: 'RotatedElsewhere' })
    expect(await other.encryption.status()).toMatchObject({ generation: 1, ringRevision: 1 })
    await other.encryption.lock()
    expect(await refused(other.encryption.unlock({ passphrase: PASSPHRASE }))).toBe('SECRET_WRONG')
    expect(await other.encryption.unlock({ passphrase: NEXT })).toMatchObject({ kind: 'Unlocked' })
  })

  test('while new codes are shown: those are not taken, and say so', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    const other = await unlockedDevice(app, email)
    const before = await codeSlots(app)
    const outcome = await client.encryption.regenerateRecoveryCodes({
      passphrase: PASSPHRASE,
      showCodes: async () => {
        await other.encryption.changePassphrase({ current: PASSPHRASE, next: NEXT })
        return true
      },
    })
    expect(outcome).toEqual({ kind: 'ChangedElsewhere' })
    expect(await codeSlots(app)).toEqual(before)
  })

  test('while this one does: the one that was first stays in force, and this one is told', async () => {
    const app = await startRoomyApp()
    const { trouble, network } = troubledNetwork('ChangePassphrase')
    const { client, email } = await encryptedDevice(app, undefined, { network })
    const other = await unlockedDevice(app, email)
    trouble.before = () => other.encryption.changePassphrase({ current: PASSPHRASE, next: NEXT })
    const mine = client.encryption.changePassphrase({ current: PASSPHRASE, next: 'ember walrus folio thicket sundial' })
    expect(await refused(mine)).toBe('SECRET_WRONG')
    await other.encryption.lock()
    expect(await other.encryption.unlock({ passphrase: NEXT })).toMatchObject({ kind: 'Unlocked' })
  })

  test('or the codes, while this one changes the passphrase: that is made anew, and done', async () => {
    const app = await startRoomyApp()
    const { trouble, network } = troubledNetwork('ChangePassphrase')
    const { client, email } = await encryptedDevice(app, undefined, { network })
    const other = await unlockedDevice(app, email)
    trouble.before = () => other.encryption.regenerateRecoveryCodes({ passphrase: PASSPHRASE })
    expect(await client.encryption.changePassphrase({ current: PASSPHRASE, next: NEXT })).toMatchObject({
      enabled: true,
    })
    expect(trouble.sent).toBe(2)
    await other.encryption.lock()
    expect(await other.encryption.unlock({ passphrase: NEXT })).toMatchObject({ kind: 'Unlocked' })
  })
})

test('another device switches encryption off: a write is refused, and this one locks', async () => {
  const app = await startRoomyApp()
  const { client, email } = await encryptedDevice(app)
  const other = await unlockedDevice(app, email)
  await client.encryption.disable()
  const states: string[] = []
  other.encryption.onChange(({ kind }) => states.push(kind))
  expect(await refused(notesOf(other).create({ body: 'late' }))).toBe('ENCRYPTION_OFF')
  expect([other.encryption.isUnlocked, states]).toEqual([false, ['LOCKED']])
  expect((await notesOf(other).create({ title: 'plain' })).value).toEqual({ title: 'plain' })
})

describe('an answer that is lost', () => {
  test('to the setup: it looks more than once whether the keys are in force', async () => {
    const app = await startRoomyApp()
    const setup = troubledNetwork('SetupEncryption')
    const look = troubledNetwork('EncryptionKeys')
    const client = await signInDevice(app, undefined, { network: (send) => setup.network(look.network(send)) })
    setup.trouble.losing = 1
    look.trouble.losing = 2
    expect(await client.encryption.setup(steadyPerson())).toMatchObject({ kind: 'Enabled' })
    expect(setup.trouble.sent).toBe(1)
  })

  test('to new codes: it says that they may be in force, as they are', async () => {
    const app = await startRoomyApp()
    const { trouble, network } = troubledNetwork('RegenerateRecoveryCodes')
    const { client } = await encryptedDevice(app, undefined, { network })
    const before = await codeSlots(app)
    trouble.losing = 1
    const error = await client.encryption
      .regenerateRecoveryCodes({ passphrase: PASSPHRASE })
      .catch((thrown: unknown) => thrown)
    expect(isLatchkeyError(error, 'NETWORK') && error.message).toMatch(/may be in force/)
    const after = await codeSlots(app)
    expect(after.filter((id) => before.includes(id))).toEqual([])
    expect(after).toHaveLength(8)
  })
})

describe('tabs of one browser', () => {
  test.each(['lock', 'logout'] as const)('%s in one locks the others', async (how) => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    vi.stubGlobal('document', {}) // as in a browser; Node has the channel as well
    onTestFinished(() => void vi.unstubAllGlobals())
    const [one, two] = [client, await unlockedDevice(app, email)]
    await one.encryption.unlock({ passphrase: PASSPHRASE })
    expect([one.encryption.isUnlocked, two.encryption.isUnlocked]).toEqual([true, true])
    if (how === 'lock') await one.encryption.lock()
    else await one.logout()
    await vi.waitFor(() => expect(two.encryption.isUnlocked).toBe(false), { timeout: 10_000 })
    expect(await refused(notesOf(two).create({ body: 'late' }))).toBe('ENCRYPTION_LOCKED')
    // Once more, from a tab that is locked itself.
    await two.encryption.unlock({ passphrase: PASSPHRASE })
    await one.encryption.lock()
    await vi.waitFor(() => expect(two.encryption.isUnlocked).toBe(false), { timeout: 10_000 })
  })

  test('time that one is not used for locks that one alone', async () => {
    const app = await startRoomyApp()
    vi.stubGlobal('document', {})
    onTestFinished(() => void vi.unstubAllGlobals())
    const { client, email } = await encryptedDevice(app)
    const idle = await signInDevice(app, email, { encryption: { idleLockMinutes: 0.002 } })
    const states: string[] = []
    idle.encryption.onChange(({ kind }) => states.push(kind))
    await idle.encryption.unlock({ passphrase: PASSPHRASE })
    await vi.waitFor(() => expect(states).toEqual(['UNLOCKED', 'LOCKED']), { timeout: 10_000 })
    await new Promise((resolve) => setTimeout(resolve, 100)) // as long as a message would take
    expect(client.encryption.isUnlocked).toBe(true)
    await client.encryption.lock() // closes its channel
  })

  test('are none outside of browsers, where a channel would keep the process alive', async () => {
    const app = await startRoomyApp()
    const opened = vi.fn<() => void>()
    vi.stubGlobal('BroadcastChannel', opened)
    onTestFinished(() => void vi.unstubAllGlobals())
    const { client } = await encryptedDevice(app)
    await client.encryption.lock()
    await client.logout()
    expect(opened).not.toHaveBeenCalled()
  })
})

/** The ids of the slots that codes open. */
async function codeSlots(app: Awaited<ReturnType<typeof startRoomyApp>>): Promise<string[]> {
  const rows = await app.services.database.systemDb.keySlot.findMany({
    where: { kind: 'RECOVERY_CODE' },
    orderBy: { id: 'asc' },
  })
  return rows.map(({ id }) => id)
}

describe('another person signs in in another tab of the same browser', () => {
  test('a tab that asks who is signed in holds the keys of the one before no more', async () => {
    const app = await startRoomyApp()
    let theirs: typeof fetch | null = null
    const shared: Network = (send) => (input, init) => (theirs ?? send)(input, init)
    const { client } = await encryptedDevice(app, undefined, { network: shared })
    await client.me()
    expect(client.encryption.isUnlocked).toBe(true)

    let others: typeof fetch | null = null
    const other = await signInDevice(app, undefined, { network: (send) => (others = send) })
    theirs = others
    expect(await client.me()).toEqual(await other.me())
    expect(client.encryption.isUnlocked).toBe(false)
  })

  test('and neither does one that finds nobody signed in', async () => {
    const app = await startRoomyApp()
    const withoutCookies: Network = () => fetch
    let isOut = false
    const network: Network = (send) => (input, init) => (isOut ? withoutCookies(send) : send)(input, init)
    const { client } = await encryptedDevice(app, undefined, { network })
    isOut = true
    expect(await client.me()).toBeNull()
    expect(client.encryption.isUnlocked).toBe(false)
  })
})
