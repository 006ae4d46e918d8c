import { describe, expect, test } from 'vitest'
import { isLatchkeyError, type LatchkeyClient } from '../../../src/client/index.ts'
import { openSlot } from '../../../src/features/encryption/key-slots.ts'
import { encryptedDevice, PASSPHRASE, signInDevice, startRoomyApp } from '../../support/devices.ts'

// What somebody writes for an account by its public key alone, and the low-level calls that an app may use itself.

type Letter = { title?: string; text?: string }
const lettersOf = (client: LatchkeyClient) => client.collection<Letter>('letters', { encrypted: ['text'] })

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('It should have been refused.'),
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  )

const ID = '01900000-0000-7000-8000-000000000001'

describe('a record that was written with the public key', () => {
  test('is shown as of an unverified origin, until its owner writes it; a rotation does not vouch for it', async () => {
    const app = await startRoomyApp()
    const { client } = await encryptedDevice(app)
    const row = await app.services.database.systemDb.encryptionKeys.findFirstOrThrow()
    const place = { userId: `user_${row.userId}`, id: `record_${ID}`, revision: 1 }
    const publicKey: unknown = JSON.parse(row.publicKey)
    const encryptedData = await client.encryption.encryptData({ text: 'from anybody' }, publicKey, place)
    await client.createRecord({ id: place.id, collection: 'letters', encryptedData })

    const letter = await lettersOf(client).get(place.id)
    expect(letter).toMatchObject({ keyState: 'UNVERIFIED', value: { text: 'from anybody' } })
    const opened = await client.encryption.decryptRecord(encryptedData, { id: place.id, revision: 1 })
    expect(opened).toEqual({ value: { text: 'from anybody' }, verified: false })
    await client.encryption.rotate()
    const rotated = await lettersOf(client).get(place.id)
    expect(rotated).toMatchObject({ keyState: 'UNVERIFIED', revision: 2, value: { text: 'from anybody' } })
    if (!rotated) return
    expect(await lettersOf(client).update(rotated, { text: 'mine' })).toMatchObject({
      keyState: 'OPEN',
      value: { text: 'mine' },
    })
  })

  test('opens by a private key of the app’s own, at its place and nowhere else', async () => {
    const app = await startRoomyApp()
    const { encryption } = await signInDevice(app)
    const [pair, other] = [await encryption.generateKeys(), await encryption.generateKeys()]
    expect(pair.publicKey).not.toEqual(other.publicKey)
    expect(pair.privateKey.extractable).toBe(false)
    const place = { userId: `user_${ID}`, id: `record_${ID}`, revision: 3 }
    const envelope = await encryption.encryptData(['anything'], pair.publicKey, place)
    expect(await encryption.decryptData(envelope, pair.privateKey, place)).toEqual(['anything'])
    expect(await encryption.decryptData(envelope, pair.privateKey, { ...place, revision: 4 })).toEqual(['anything'])
    for (const [key, where] of [
      [other.privateKey, place],
      [pair.privateKey, { ...place, revision: 2 }],
      [pair.privateKey, { ...place, id: ID.replace('1', '2') }],
      [pair.privateKey, { ...place, userId: ID.replace('1', '2') }],
    ] as const) {
      expect(await refused(encryption.decryptData(envelope, key, where))).toBe('CIPHERTEXT_REFUSED')
    }
    expect(await refused(encryption.encryptData('x', { ...pair.publicKey, d: 'secret' }, place))).toBe(
      'PUBLIC_KEY_INVALID',
    )
  })
})

describe('one by one', () => {
  test('a value is encrypted for its place, and opened there alone', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    const envelope = await client.encryption.encryptRecord({ any: 'JSON' }, { id: ID, revision: 1 })
    expect(await client.encryption.decryptRecord(envelope, { id: `record_${ID}`, revision: 1 })).toEqual({
      value: { any: 'JSON' },
      verified: true,
    })
    const elsewhere = { id: ID.replace('1', '2'), revision: 1 }
    expect(await refused(client.encryption.decryptRecord(envelope, elsewhere))).toBe('CIPHERTEXT_REFUSED')
    const locked = await signInDevice(app, email)
    expect(await refused(locked.encryption.decryptRecord(envelope, { id: ID, revision: 1 }))).toBe('ENCRYPTION_LOCKED')
  })

  test('deriveKey makes the key that opens the passphrase’s slot, given its salt, and another without', async () => {
    const app = await startRoomyApp()
    const { client, email } = await encryptedDevice(app)
    const { systemDb } = app.services.database
    const row = await systemDb.keySlot.findFirstOrThrow({ where: { kind: 'PASSPHRASE' } })
    const { keySalt } = await systemDb.encryptionKeys.findFirstOrThrow()
    const envelope = openSlot(app.services.keys, row)

    const derived = await client.encryption.deriveKey(email, PASSPHRASE, { keySalt })
    expect([derived.keySalt, derived.key.extractable]).toEqual([keySalt, false])
    expect((await openByHand(envelope, derived.key)).length).toBe(32)
    const drawn = await client.encryption.deriveKey(email, PASSPHRASE)
    expect(drawn.keySalt).not.toBe(keySalt)
    await expect(openByHand(envelope, drawn.key)).rejects.toThrow()
    expect(await refused(client.encryption.deriveKey(email, PASSPHRASE, { keySalt: 'short' }))).toBe('BAD_INPUT')
  })
})

test('keys that are not used are locked by themselves, and use puts that off', async () => {
  const app = await startRoomyApp()
  const { client } = await encryptedDevice(app, undefined, { encryption: { idleLockMinutes: 2 / 60 } })
  const states: string[] = []
  client.encryption.onChange(({ kind }) => states.push(kind))
  const letters = lettersOf(client)
  const letter = await letters.create({ text: 'one' })
  for (let n = 0; n < 4; n++) {
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect((await letters.get(letter.id))?.keyState).toBe('OPEN')
  }
  await expect.poll(() => states, { timeout: 10_000 }).toEqual(['LOCKED'])
  expect((await letters.get(letter.id))?.keyState).toBe('LOCKED')
})

/** Opens a slot's envelope by Web Crypto alone: the key unwraps the content key, and that opens the rest. */
async function openByHand(envelope: string, key: CryptoKey): Promise<Uint8Array> {
  const [header = '', ...parts] = envelope.split('.')
  const [wrapped, iv, ciphertext, tag] = parts.map((part) => new Uint8Array(Buffer.from(part, 'base64url')))
  if (!wrapped || !iv || !ciphertext || !tag) throw new Error('A compact JWE has five parts.')
  const content = await crypto.subtle.unwrapKey('raw', wrapped, key, 'AES-KW', 'AES-GCM', false, ['decrypt'])
  const sealed = new Uint8Array([...ciphertext, ...tag])
  const additionalData = new TextEncoder().encode(header)
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, content, sealed))
}
