import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { LatchkeyClient } from '../../../src/client/index.ts'
import { makeAuthenticator, type Authenticator, type Credential } from '../../support/authenticator.ts'
import { encryptedDevice, operationIn, PASSPHRASE, signInDevice, startRoomyApp } from '../../support/devices.ts'
import type { Network } from '../../support/devices.ts'
import { siteOf } from '../../support/passkeys.ts'

// A passkey recovers the keys, or says what would. The browser's part is played by an authenticator made of software.

type Note = { body?: string }
type Options = Parameters<Authenticator['create']>[0] & Parameters<Authenticator['get']>[0]

const NEXT = 'gravel lantern mimic trombone ochre sudden'

/** The authenticator in the person's hand, which of its passkeys they touch, and what the PRF extension gives. */
const hand = vi.hoisted(() => ({
  authenticator: null as Authenticator | null,
  credential: null as Credential | null,
  prf: (_id: Buffer): Uint8Array | null => null,
  touches: 0,
}))

vi.mock('@simplewebauthn/browser', async (original) => ({
  ...(await original<object>()),
  browserSupportsWebAuthn: () => true,
  startRegistration: ({ optionsJSON }: { optionsJSON: Options }) => {
    const response = hand.authenticator?.create(optionsJSON)
    return Promise.resolve({ ...response, clientExtensionResults: { prf: { enabled: true } } })
  },
  startAuthentication: ({ optionsJSON }: { optionsJSON: Options }) => {
    hand.touches += 1
    const allowed = (optionsJSON.allowCredentials ?? []).map(({ id }) => id)
    const isAllowed = hand.credential && allowed.includes(hand.credential.id.toString('base64url'))
    const response = hand.authenticator?.get(
      optionsJSON,
      isAllowed && hand.credential ? { credential: hand.credential } : {},
    )
    const first = hand.prf(Buffer.from(response?.id ?? '', 'base64url'))
    return Promise.resolve({ ...response, clientExtensionResults: { prf: first ? { results: { first } } : {} } })
  },
}))

const secretOf = (id: Buffer) => new Uint8Array(createHash('sha256').update('prf').update(id).digest())

beforeEach(() => {
  vi.stubGlobal('document', {}) // where there is one there are passkeys
  vi.stubGlobal('BroadcastChannel', undefined) // the devices of a test share a process, and are no tabs of one browser
  Object.assign(hand, { authenticator: null, credential: null, prf: secretOf, touches: 0 })
})
afterEach(() => void vi.unstubAllGlobals())

const notesOf = (client: LatchkeyClient) => client.collection<Note>('notes', { encrypted: ['body'] })

/** Somebody with a passkey that unlocks and one that only signs in, and a device that is locked. */
async function withTwoPasskeys() {
  const app = await startRoomyApp()
  hand.authenticator = makeAuthenticator(siteOf(app))
  const { client, email, codes } = await encryptedDevice(app)
  const note = await notesOf(client).create({ body: 'kept through it all' })
  const stored = await client.encryption.storeBiometricKey({ passphrase: PASSPHRASE, name: 'Phone' })
  if (stored.kind !== 'Stored') throw new Error(`It came to ${stored.kind}.`)
  const registered = await client.registerPasskey({ name: 'Key ring' })
  if (registered.kind !== 'Registered') throw new Error(`It came to ${registered.kind}.`)
  const [phone, keyRing] = hand.authenticator.credentials
  if (!phone || !keyRing) throw new Error('Two passkeys were expected.')
  const sent: string[] = []
  const network: Network = (send) => (input, init) => {
    sent.push(operationIn(init).text)
    return send(input, init)
  }
  const device = await signInDevice(app, email, { network })
  Object.assign(hand, { touches: 0 })
  return { app, email, codes, note, device, sent, phone, keyRing, ids: [stored.passkey.id, registered.passkey.id] }
}

test('one touch of a passkey that unlocks opens everything, under new keys that it opens too', async () => {
  const { app, email, note, device, sent, phone, ids } = await withTwoPasskeys()
  hand.credential = phone
  const outcome = await device.encryption.recoverWithPasskey({ newPassphrase: NEXT, showCodes: () => true })
  expect(outcome).toMatchObject({ kind: 'Recovered', passkeysLost: [], questionsLost: false, unreadable: [] })
  expect(outcome.kind === 'Recovered' && outcome.passkeys.map(({ id }) => id).sort()).toEqual(ids)
  expect(hand.touches).toBe(1)
  expect((await notesOf(device).get(note.id))?.value.body).toBe('kept through it all')
  // P7: what the passkey gave is sent by none of it.
  expect(sent.filter((text) => text.includes('results') || text.includes('"first":{'))).toEqual([])

  const other = await signInDevice(app, email)
  expect(await other.encryption.unlock({ passkey: true })).toMatchObject({ kind: 'Unlocked' })
  expect((await notesOf(other).get(note.id))?.value.body).toBe('kept through it all')
  // It recovered at STRONG: a passkey that was lost can be removed at once.
  expect((await device.removeDevice(ids[1] ?? '')).id).toBe(ids[1])
}, 240_000)

test('a passkey that does not unlock says what would, and what that is goes on', async () => {
  const { app, email, codes, note, device, phone, keyRing, ids } = await withTwoPasskeys()
  const steps = { newPassphrase: NEXT, showCodes: () => true }
  const still = { kind: 'StillLocked', methods: ['RECOVERY_CODE'] }
  hand.credential = keyRing
  const outcome = await device.encryption.recoverWithPasskey(steps)
  expect(outcome).toMatchObject({ ...still, reason: 'NOT_ENROLLED', passkeys: [{ id: ids[0], name: 'Phone' }] })

  hand.credential = phone
  hand.prf = () => null
  expect(await device.encryption.recoverWithPasskey(steps)).toMatchObject({ ...still, reason: 'PASSKEY', passkeys: [] })
  hand.prf = () => new Uint8Array(32).fill(7)
  expect(await device.encryption.recoverWithPasskey(steps)).toMatchObject({ ...still, reason: 'UNRELIABLE' })
  expect(await device.encryption.status()).toMatchObject({ generation: 1, recoveryCodesLeft: 8 })
  expect(device.encryption.isUnlocked).toBe(false)

  hand.prf = secretOf
  const asked: string[] = []
  const touchPasskey = ({ name }: { name: string }) => {
    asked.push(name)
    return false
  }
  const recovered = await device.encryption.recoverWithCode({ ...steps, code: codes[0] ?? '', touchPasskey })
  expect(recovered).toMatchObject({ kind: 'Recovered', passkeysLost: [ids[0]] })
  expect(recovered.kind === 'Recovered' && recovered.passkeys.map(({ name }) => name).sort()).toEqual([
    'Key ring',
    'Phone',
  ])
  expect(asked).toEqual(['Phone'])
  const other = await signInDevice(app, email)
  expect(await other.encryption.unlock({ passkey: true })).toEqual({ kind: 'NoPrf', reason: 'NOT_ENROLLED' })
  await other.encryption.unlock({ passphrase: NEXT })
  expect((await notesOf(other).get(note.id))?.value.body).toBe('kept through it all')
}, 240_000)

test('a passkey without a late proof by mail asks for that, by mail alone', async () => {
  const { app, device, phone } = await withTwoPasskeys()
  hand.credential = phone
  app.clock.advance(16 * 60_000)
  await device.reauthenticateWithPasskey()
  const recovering = device.encryption.recoverWithPasskey({ newPassphrase: NEXT, showCodes: () => true })
  await expect(recovering).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED', methods: ['MAGIC_LINK'] })
}, 240_000)
