import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { isLatchkeyError, ItemConflict, type LatchkeyClient, type UnlockRequired } from '../../../src/client/index.ts'
import { encryptedDevice, operationIn, PASSPHRASE, signInDevice, startRoomyApp } from '../../support/devices.ts'

// What an app does wrong, and what goes wrong around it: the keys are still locked, and what can be read is.

type Note = { title?: string; body?: string }

const notesOf = (client: LatchkeyClient) => client.collection<Note>('notes', { encrypted: ['body'] })

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('It should have been refused.'),
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  )

describe('a listener that throws', () => {
  /** A device with one, and one behind it that hears. */
  async function withThrowingListener(idleLockMinutes = 15) {
    const app = await startRoomyApp()
    const operations: string[] = []
    const { client } = await encryptedDevice(app, undefined, {
      encryption: { idleLockMinutes },
      network: (send) => (input, init) => {
        operations.push(operationIn(init).name)
        return send(input, init)
      },
    })
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    onTestFinished(() => void vi.unstubAllGlobals())
    const fault = new Error('The page is broken.')
    client.encryption.onChange(() => {
      throw fault
    })
    const heard: string[] = []
    client.encryption.onChange(({ kind }) => heard.push(kind))
    return { client, operations, reported, fault, heard }
  }

  test('keeps no keys open when they are locked, and harms no other', async () => {
    const { client, reported, fault, heard } = await withThrowingListener()
    await client.encryption.lock()
    expect([client.encryption.isUnlocked, heard, reported]).toEqual([false, ['LOCKED'], [fault]])
    expect(await refused(notesOf(client).create({ body: 'late' }))).toBe('ENCRYPTION_LOCKED')
    expect(await client.encryption.unlock({ passphrase: PASSPHRASE })).toMatchObject({ kind: 'Unlocked' })
    expect(heard).toEqual(['LOCKED', 'UNLOCKED'])
  })

  test('does not keep a logout from the server, nor without anything that reports', async () => {
    const { client, operations, heard } = await withThrowingListener()
    vi.unstubAllGlobals()
    expect(await client.logout()).toBe(true)
    expect(operations.at(-1)).toBe('Logout')
    expect(heard).toEqual(['LOCKED'])
  })

  test('does not stop the lock after idle time', async () => {
    const { client, heard } = await withThrowingListener(0.002)
    await client.encryption.lock() // so that its time does not end in the middle of an unlocking
    heard.length = 0
    await client.encryption.unlock({ passphrase: PASSPHRASE })
    await vi.waitFor(() => expect(heard).toEqual(['UNLOCKED', 'LOCKED']), { timeout: 10_000 })
    expect(client.encryption.isUnlocked).toBe(false)
    expect(await refused(notesOf(client).create({ body: 'late' }))).toBe('ENCRYPTION_LOCKED')
  })
})

describe('keys that stay away', () => {
  /** A second device that asks for the keys as a test wants it. */
  async function asking(onUnlockRequired: (needed: UnlockRequired) => boolean | Promise<boolean>) {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    await notesOf(client).create({ title: 'A', body: 'hidden' })
    const device = await signInDevice(app, email, {
      encryption: { onUnlockRequired },
      network: (send) => (input, init) => {
        if (operationIn(init).name !== 'EncryptionKeys') return send(input, init)
        const extensions = { code: 'REAUTHENTICATION_REQUIRED', level: 'FRESH', methods: ['EMAIL_CODE'] }
        const errors = [{ message: 'Prove it.', path: ['encryptionKeys'], extensions }]
        return Promise.resolve(Response.json({ data: null, errors }))
      },
    })
    return { device, notes: notesOf(device) }
  }

  test('because a proof is declined leave the titles of a list to be read; who writes is told why', async () => {
    // As the guide does it: the passphrase is asked for, and what the unlocking throws is thrown.
    const { notes } = await asking(async ({ service }) => {
      await service.unlock({ passphrase: PASSPHRASE })
      return true
    })
    const { items } = await notes.page()
    expect(items).toMatchObject([{ keyState: 'LOCKED', value: { title: 'A' } }])
    const [item] = items
    expect(item && (await notes.get(item.id))).toMatchObject({ keyState: 'LOCKED', value: { title: 'A' } })
    expect(item && (await refused(notes.update(item, { body: 'over it' })))).toBe('REAUTHENTICATION_REQUIRED')
    expect(await refused(notes.create({ body: 'new' }))).toBe('REAUTHENTICATION_REQUIRED')
    expect(item && (await notes.update(item, { title: 'B' }))).toMatchObject({ keyState: 'LOCKED', revision: 2 })
  })

  test('because the page itself fails do so too, and its fault is reported', async () => {
    const fault = new Error('The dialog is broken.')
    const { notes } = await asking(() => {
      throw fault
    })
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    onTestFinished(() => void vi.unstubAllGlobals())
    expect((await notes.page()).items).toMatchObject([{ keyState: 'LOCKED', value: { title: 'A' } }])
    expect(reported).toEqual([fault])
    expect(await refused(notes.create({ body: 'new' }))).toBe(fault)
  })
})

describe('a field that was plain, and is declared encrypted or sealed now', () => {
  type Diary = { title?: string; body?: string; mood?: string; pin?: string; colour?: string }

  test('is shown until it is written where it belongs, and then lies in clear no more', async () => {
    const app = await startRoomyApp()
    const { client } = await encryptedDevice(app)
    const was = client.collection<Diary>('diary')
    const { id } = await was.create({ title: 'T', body: 'one', mood: 'low', pin: '12', colour: 'red' })
    const now = client.collection<Diary>('diary', { encrypted: ['body', 'mood', 'title'], sealed: ['pin'] })
    let item = await now.get(id)
    const all = { title: 'T', body: 'one', mood: 'low', pin: '12', colour: 'red' }
    expect(item).toMatchObject({ keyState: 'NONE', value: all })
    if (!item) return
    expect(await now.getSealed(item)).toEqual({ pin: '12' })

    // A change of something else leaves it all where it is.
    item = await now.update(item, { colour: 'blue' })
    expect(item).toMatchObject({ keyState: 'NONE', value: { ...all, colour: 'blue' } })

    item = await now.update(item, { body: 'two' })
    expect(item).toMatchObject({ keyState: 'OPEN', value: { ...all, colour: 'blue', body: 'two' } })
    expect(await client.record(id)).toMatchObject({ title: null, data: { pin: '12', colour: 'blue' } })

    item = await now.update(item, { pin: '34' })
    expect(item.value).toEqual({ title: 'T', body: 'two', mood: 'low', colour: 'blue' })
    expect(await now.getSealed(item)).toEqual({ pin: '34' })
    expect(await client.record(id)).toMatchObject({ title: null, data: { colour: 'blue' } })
  })

  test('can be taken away, and is kept when its own value is written', async () => {
    const app = await startRoomyApp()
    const { client } = await encryptedDevice(app)
    const was = client.collection<Diary>('diary')
    const now = client.collection<Diary>('diary', { encrypted: ['body', 'mood'] })
    const { id } = await was.create({ body: 'one', mood: 'low' })
    let item = (await now.get(id)) ?? expect.unreachable()
    item = await now.update(item, { body: undefined })
    expect(item).toMatchObject({ keyState: 'OPEN', value: { mood: 'low' } })
    expect(item.value).not.toHaveProperty('body')
    expect((await client.record(id))?.data ?? {}).toEqual({})

    const other = await was.create({ mood: 'high' })
    item = (await now.get(other.id)) ?? expect.unreachable()
    item = await now.update(item, { mood: 'high' })
    expect(item).toMatchObject({ keyState: 'OPEN', value: { mood: 'high' } })
    expect((await client.record(other.id))?.data ?? {}).toEqual({})
  })
})

test('a plain edit of an item that is locked survives a rotation that came between, and meets no other edit', async () => {
  const app = await startRoomyApp()
  const { client, email } = await encryptedDevice(app)
  const made = await notesOf(client).create({ title: 'A', body: 'hidden' })
  const locked = notesOf(await signInDevice(app, email))
  const [item] = (await locked.page()).items
  if (!item) return expect.unreachable('There is a note.')
  await client.encryption.rotate()
  expect(await locked.update(item, { title: 'B' })).toMatchObject({ revision: 3, keyState: 'LOCKED' })
  const now = await notesOf(client).get(made.id)
  expect(now).toMatchObject({ keyState: 'OPEN', value: { title: 'B', body: 'hidden' } })

  const error = await locked.update(item, { title: 'C' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ItemConflict)
  expect(error instanceof ItemConflict && error.current.value).toEqual({ title: 'B' })
  expect(await refused(locked.delete(item))).toBe('CONFLICT') // its body may have been changed
})
