import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { isLatchkeyError, type LatchkeyClient } from '../../../src/client/index.ts'
import { encryptedDevice, operationIn, PASSPHRASE, startRoomyApp } from '../../support/devices.ts'

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
    await client.encryption.unlock({ passphrase: PASSPHRASE }) // its time may be over already
    await vi.waitFor(() => expect(heard.at(-1)).toBe('LOCKED'), { timeout: 10_000 })
    expect(client.encryption.isUnlocked).toBe(false)
    expect(await refused(notesOf(client).create({ body: 'late' }))).toBe('ENCRYPTION_LOCKED')
  })
})
