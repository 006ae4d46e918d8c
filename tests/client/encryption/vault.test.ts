import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { v7 as uuidv7 } from 'uuid'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import type { Opener, SealedKeys, Vault } from '../../../src/client/encryption/vault.ts'
import { sealToPublicKey } from '../../../src/client/encryption/record-envelopes.ts'
import { headerOf, readCodeSlot, readPasskeySlot, readPassphraseSlot } from '../../support/second-reader.ts'
import { readRecord, readRing, verifierOfCode } from '../../support/second-reader.ts'
import {
  byPassphrase,
  codeOf,
  decryptOne,
  EMAIL,
  encryptOne,
  makeAccount,
  PASSPHRASE,
  prfOf,
  rotated,
  sealedKeys,
  sealedSlot,
  unlockedAccount,
} from './account.ts'

const code = (wanted: string) => expect.objectContaining({ code: wanted })

describe('ways in', () => {
  test('the passphrase and each of the eight codes open the same keys', async () => {
    const { user, vault, made, keys } = await makeAccount()
    const unlocked = { keyId: keys.keyId, generation: 1, ringRevision: 1 }
    expect(await vault.state()).toBeNull()
    expect(await vault.unlock({ user, keys, opener: byPassphrase(), seen: null })).toEqual(unlocked)
    expect(await vault.state()).toEqual(unlocked)
    const record = uuidv7()
    const envelope = await encryptOne(vault, record, 1, { note: 'kept' })

    expect(new Set(made.codes).size).toBe(8)
    for (const [index] of made.codes.entries()) {
      await vault.lock()
      await vault.unlock({ user, keys, opener: codeOf(made, index), seen: null })
      expect(await decryptOne(vault, record, 1, envelope)).toEqual({
        ok: true,
        value: { note: 'kept' },
        verified: true,
      })
    }
  })

  test('a passphrase opens however a keyboard writes its letters', async () => {
    const { user, vault, keys, made } = await unlockedAccount()
    const composed = 'caf\u00e9 tarnish gopher quilt'
    const { slot } = await vault.sealForPassphrase({ keys, opener: codeOf(made), email: EMAIL, passphrase: composed })
    const changed = { ...keys, slots: [sealedSlot(slot)] }
    const decomposed = composed.normalize('NFD')
    expect(decomposed).not.toBe(composed)
    await expect(
      vault.unlock({ user, keys: changed, opener: byPassphrase(decomposed), seen: null }),
    ).resolves.toMatchObject({ keyId: keys.keyId })
  })

  test('a wrong passphrase, a wrong code and a slot that was changed are refused alike', async () => {
    const { user, vault, made, keys } = await makeAccount()
    const wrong = [
      { keys, opener: byPassphrase('tarnish gopher quilt envelopes') },
      { keys, opener: byPassphrase('') },
      { keys, opener: { kind: 'RECOVERY_CODE', code: '0000-0000-0000-0000-0000-0000' } as const },
      { keys: { ...keys, slots: [] }, opener: codeOf(made) },
    ]
    for (const each of wrong) {
      await expect(vault.unlock({ user, ...each, seen: null })).rejects.toEqual(code('SECRET_WRONG'))
      expect(await vault.state()).toBeNull()
    }
  })

  test('another passphrase closes the old one, with another salt', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const next = 'ember walrus folio thicket'
    const changed = await vault.sealForPassphrase({ keys, opener: codeOf(made), email: EMAIL, passphrase: next })
    expect(changed.keySalt).not.toBe(keys.keySalt)
    const after = { ...keys, keySalt: changed.keySalt, slots: [sealedSlot(changed.slot)] }
    await expect(vault.unlock({ user, keys: after, opener: byPassphrase(), seen: null })).rejects.toEqual(
      code('SECRET_WRONG'),
    )
    await vault.unlock({ user, keys: after, opener: byPassphrase(next), seen: null })
  })

  test('new codes take the place of the old ones', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const renewed = await vault.sealForCodes({ keys, opener: codeOf(made) })
    const after = { ...keys, slots: renewed.slots.map(sealedSlot) }
    await expect(vault.unlock({ user, keys: after, opener: codeOf(made), seen: null })).rejects.toEqual(
      code('SECRET_WRONG'),
    )
    await vault.unlock({ user, keys: after, opener: codeOf(renewed, 7), seen: null })
  })

  test('a passkey opens by the bytes that it gave, among the slots of other passkeys', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const seal = (seed: number) =>
      vault.sealForPasskey({
        keys,
        opener: codeOf(made),
        passkeyId: `passkey_${seed}`,
        prf: prfOf(seed),
        again: prfOf(seed),
      })
    const slots = [await seal(1), await seal(2)]
    expect(slots.map(({ passkeyId }) => passkeyId)).toEqual(['passkey_1', 'passkey_2'])
    const after = { ...keys, slots: [...keys.slots, ...slots.map(sealedSlot)] }
    await vault.lock()
    await vault.unlock({ user, keys: after, opener: { kind: 'PASSKEY', prf: prfOf(2) }, seen: null })
    await expect(
      vault.unlock({ user, keys: after, opener: { kind: 'PASSKEY', prf: prfOf(3) }, seen: null }),
    ).rejects.toEqual(code('SECRET_WRONG'))
  })

  test('a passkey that gives another secret, a short one, or a wiped one is not saved', async () => {
    const { vault, made, keys } = await unlockedAccount()
    const given: [Uint8Array, Uint8Array][] = [
      [prfOf(1), prfOf(2)],
      [prfOf(0), prfOf(0)],
      [prfOf(1), prfOf(0)],
      [prfOf(1).subarray(1), prfOf(1).subarray(1)],
    ]
    for (const [prf, again] of given) {
      await expect(
        vault.sealForPasskey({ keys, opener: codeOf(made), passkeyId: 'passkey_1', prf, again }),
      ).rejects.toEqual(code('PRF_UNRELIABLE'))
    }
  })

  test('what a passkey gave is wiped once it has served, also when it was refused', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const [prf, again, wrong, refused] = [prfOf(1), prfOf(1), prfOf(9), prfOf(8)]
    const slot = await vault.sealForPasskey({ keys, opener: codeOf(made), passkeyId: 'passkey_1', prf, again })
    const after = { ...keys, slots: [sealedSlot(slot)] }
    await vault.unlock({ user, keys: after, opener: { kind: 'PASSKEY', prf: wrong }, seen: null }).catch(() => {})
    await vault.lock()
    await vault.sealForCodes({ keys, opener: { kind: 'PASSKEY', prf: refused } }).catch(() => {})
    for (const buffer of [prf, again, wrong, refused]) expect(buffer).toEqual(new Uint8Array(32))
  })
})

describe('values', () => {
  test('any JSON value comes back as it was', async () => {
    const { vault } = await unlockedAccount()
    const values = [
      null,
      false,
      0,
      -1.5,
      '',
      'ünïcödé \u{1f511} \0',
      [],
      {},
      [1, [2, { three: null }]],
      { __proto__x: 1 },
    ]
    const items = values.map((value) => ({ record: uuidv7(), revision: 1, value }))
    const envelopes = await vault.encrypt(items)
    const opened = await vault.decrypt(items.map((item, index) => ({ ...item, envelope: envelopes[index] ?? '' })))
    expect(opened).toEqual(values.map((value) => ({ ok: true, value, verified: true })))
  })

  test('what JSON cannot hold is refused', async () => {
    const { vault } = await unlockedAccount()
    const circle: unknown[] = []
    circle.push(circle)
    for (const value of [undefined, () => 1, Symbol('one'), 1n, circle]) {
      await expect(vault.encrypt([{ record: uuidv7(), revision: 1, value }])).rejects.toEqual(code('BAD_INPUT'))
    }
  })

  test('a value fills a field to its limit, and not over it', async () => {
    const { vault } = await unlockedAccount()
    const largest = 17 * 4096 - 4 - 2 // the length before it, and the quotes of a JSON string
    const envelope = await encryptOne(vault, uuidv7(), 1, 'x'.repeat(largest))
    expect(envelope.length).toBeLessThanOrEqual(98_304)
    for (const length of [largest + 1, 98_304, 1_000_000]) {
      await expect(vault.encrypt([{ record: uuidv7(), revision: 1, value: 'x'.repeat(length) }])).rejects.toEqual(
        expect.objectContaining({ code: 'TOO_LARGE', limit: 98_304 }),
      )
    }
  })

  test('values of like length make ciphertexts of one length', async () => {
    const { vault } = await unlockedAccount()
    const record = uuidv7()
    const lengthOf = async (value: unknown) => (await encryptOne(vault, record, 1, value)).length
    expect(await lengthOf('no')).toBe(await lengthOf('yes, and some words more'))
    expect(await lengthOf('x'.repeat(70))).toBeGreaterThan(await lengthOf('x'.repeat(50)))
  })

  test('one value encrypted twice makes two ciphertexts', async () => {
    const { vault } = await unlockedAccount()
    const record = uuidv7()
    const parts = new Set<string | undefined>()
    for (const _ of [1, 2]) {
      const [, encryptedKey, iv, ciphertext] = (await encryptOne(vault, record, 1, 'same')).split('.')
      for (const part of [encryptedKey, iv, ciphertext]) parts.add(part)
    }
    expect(parts.size).toBe(6)
  })

  test('an id that could name something else, and a revision that is none, are refused', async () => {
    const { vault } = await unlockedAccount()
    for (const record of ['', `record_${uuidv7()}`, `${uuidv7()}|encryptedData`, uuidv7().toUpperCase()]) {
      await expect(vault.encrypt([{ record, revision: 1, value: 1 }])).rejects.toEqual(code('BAD_INPUT'))
    }
    for (const revision of [0, -1, 1.5, NaN]) {
      await expect(vault.encrypt([{ record: uuidv7(), revision, value: 1 }])).rejects.toEqual(code('BAD_INPUT'))
    }
  })

  test('what was made for the public key is opened, and shown as unverified', async () => {
    const { user, vault, keys } = await unlockedAccount()
    const record = uuidv7()
    const envelope = await sealToPublicKey(keys.publicKey, user, { record, revision: 1 }, { from: 'anybody' })
    expect(await decryptOne(vault, record, 1, envelope)).toEqual({
      ok: true,
      value: { from: 'anybody' },
      verified: false,
    })
    expect(headerOf(envelope).kid).not.toBe(keys.keyId)
  })

  test('no value is encrypted for what is no public key', async () => {
    const { user, keys } = await unlockedAccount()
    const place = { record: uuidv7(), revision: 1 }
    const offCurve = { ...(keys.publicKey as object), x: Buffer.alloc(32, 1).toString('base64url') }
    const withPrivate = { ...(keys.publicKey as object), d: Buffer.alloc(32, 1).toString('base64url') }
    for (const publicKey of [null, {}, 'key', offCurve, withPrivate]) {
      await expect(sealToPublicKey(publicKey, user, place, 1)).rejects.toEqual(code('PUBLIC_KEY_INVALID'))
    }
  })
})

describe('locking', () => {
  test('a locked vault does nothing that needs a key', async () => {
    const { vault, made, keys } = await makeAccount()
    const opener = codeOf(made)
    const calls = [
      () => vault.follow({ keys, seen: null }),
      () => vault.encrypt([{ record: uuidv7(), revision: 1, value: 1 }]),
      () => vault.decrypt([{ record: uuidv7(), revision: 1, envelope: '' }]),
      () => vault.reencrypt([{ record: uuidv7(), revision: 1, envelope: '' }]),
      () => vault.rotateRecordKey({ keys }),
      () => vault.rotateMasterKey({ keys, opener, email: EMAIL, passphrase: PASSPHRASE, passkeys: [] }),
      () => vault.sealForPassphrase({ keys, opener, email: EMAIL, passphrase: PASSPHRASE }),
      () => vault.sealForPasskey({ keys, opener, passkeyId: 'passkey_1', prf: prfOf(1), again: prfOf(1) }),
      () => vault.sealForCodes({ keys, opener }),
    ]
    for (const call of calls) await expect(call()).rejects.toEqual(code('ENCRYPTION_LOCKED'))
  })

  test('locking ends what is under way: nothing is unlocked or given away after it', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const record = uuidv7()
    const envelope = await encryptOne(vault, record, 1, 'secret')
    const underWay = [
      vault.unlock({ user, keys, opener: codeOf(made), seen: null }),
      vault.encrypt([{ record, revision: 2, value: 1 }]),
      vault.decrypt([{ record, revision: 1, envelope }]),
      vault.follow({ keys, seen: null }),
      vault.rotateRecordKey({ keys }),
      vault.sealForCodes({ keys, opener: codeOf(made) }),
    ]
    await vault.lock()
    for (const call of await Promise.allSettled(underWay)) {
      expect(call).toEqual({ status: 'rejected', reason: code('ENCRYPTION_LOCKED') })
    }
    expect(await vault.state()).toBeNull()
  })
})

describe('rotation', () => {
  test('after a rotation of the record key the old records open, and new ones name the new key', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const record = uuidv7()
    const old = await encryptOne(vault, record, 1, 'before')
    const theirs = await sealToPublicKey(keys.publicKey, user, { record, revision: 1 }, 'theirs')
    const after = rotated(keys, await vault.rotateRecordKey({ keys }))
    expect(after.keyId).not.toBe(keys.keyId)
    expect(after.publicKey).not.toEqual(keys.publicKey)

    const other = makeVault()
    await other.unlock({ user, keys, opener: codeOf(made, 1), seen: null })
    for (const device of [vault, other]) {
      expect(await device.follow({ keys: after, seen: null })).toEqual({
        keyId: after.keyId,
        generation: 1,
        ringRevision: 2,
      })
      expect(await decryptOne(device, record, 1, theirs)).toMatchObject({ ok: true, value: 'theirs' })
      expect(await decryptOne(device, record, 1, old)).toMatchObject({ ok: true, value: 'before' })
      expect(headerOf(await encryptOne(device, record, 2, 'after')).kid).toBe(after.keyId)
    }
    await vault.lock()
    await vault.unlock({ user, keys: after, opener: byPassphrase(), seen: null }) // the slots are as they were
  })

  test('re-encrypting names the next revision and the new key, keeps the value, and marks what does not open', async () => {
    const { vault, keys } = await unlockedAccount()
    const [first, second] = [uuidv7(), uuidv7()]
    const envelope = await encryptOne(vault, first, 3, { kept: true })
    const after = rotated(keys, await vault.rotateRecordKey({ keys }))
    await vault.follow({ keys: after, seen: null })
    const [anew, none] = await vault.reencrypt([
      { record: first, revision: 5, envelope },
      { record: second, revision: 5, envelope },
    ])
    expect(none).toBeNull()
    expect(headerOf(anew ?? '')).toMatchObject({ kid: after.keyId, ctx: expect.stringMatching(/\|6$/) })
    expect(await decryptOne(vault, first, 6, anew ?? '')).toEqual({ ok: true, value: { kept: true }, verified: true })
  })

  test('re-encrypting vouches for nothing: what anybody could have written stays unverified', async () => {
    const { user, vault, keys } = await unlockedAccount()
    const record = uuidv7()
    const envelope = await sealToPublicKey(keys.publicKey, user, { record, revision: 1 }, 'from somebody')
    const after = rotated(keys, await vault.rotateRecordKey({ keys }))
    await vault.follow({ keys: after, seen: null })
    const [anew] = await vault.reencrypt([{ record, revision: 1, envelope }])
    expect(headerOf(anew ?? '').kid).not.toBe(headerOf(envelope).kid)
    expect(await decryptOne(vault, record, 2, anew ?? '')).toEqual({
      ok: true,
      value: 'from somebody',
      verified: false,
    })
  })

  test('under a new master key the old ways in are closed, and all that was written opens', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const record = uuidv7()
    const old = await encryptOne(vault, record, 1, 'before')
    const renewed = await vault.rotateMasterKey({
      keys: { ...keys, slots: [...keys.slots, await passkeySlot(vault, keys, codeOf(made))] },
      opener: byPassphrase(),
      email: EMAIL,
      passphrase: 'ember walrus folio thicket',
      passkeys: [{ passkeyId: 'passkey_1', prf: prfOf(4) }],
    })
    const after = sealedKeys(renewed, { generation: 2, ringRevision: 2 })
    expect(after.slots.map(({ kind }) => kind)).toEqual([
      'PASSPHRASE',
      'PASSKEY',
      ...Array<string>(8).fill('RECOVERY_CODE'),
    ])
    await expect(vault.follow({ keys: after, seen: null })).rejects.toEqual(code('MASTER_KEY_CHANGED'))
    await expect(vault.rotateRecordKey({ keys: after })).rejects.toEqual(code('MASTER_KEY_CHANGED'))
    for (const opener of [byPassphrase(), codeOf(made)]) {
      await expect(vault.unlock({ user, keys: after, opener, seen: null })).rejects.toEqual(code('SECRET_WRONG'))
    }
    const openers = [
      byPassphrase('ember walrus folio thicket'),
      { kind: 'PASSKEY', prf: prfOf(4) } as const,
      codeOf(renewed, 5),
    ]
    for (const opener of openers) {
      await vault.lock()
      await vault.unlock({ user, keys: after, opener, seen: { generation: 1, ringRevision: 1 } })
      expect(await decryptOne(vault, record, 1, old)).toMatchObject({ ok: true, value: 'before' })
    }
  })

  test('a passkey that opens the old master key may be at hand for the new one', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const prf = prfOf(4)
    const renewed = await vault.rotateMasterKey({
      keys: { ...keys, slots: [await passkeySlot(vault, keys, codeOf(made))] },
      opener: { kind: 'PASSKEY', prf },
      email: EMAIL,
      passphrase: PASSPHRASE,
      passkeys: [{ passkeyId: 'passkey_1', prf }],
    })
    expect(renewed.keySalt).toMatch(/^[\w-]{43}$/)
    expect(renewed.keySalt).not.toBe(keys.keySalt)
    const after = sealedKeys(renewed, { generation: 2, ringRevision: 2 })
    await vault.unlock({ user, keys: after, opener: { kind: 'PASSKEY', prf: prfOf(4) }, seen: null })
  })

  test('a passkey that does not open the slot that it has, or has none, is not sealed by one touch', async () => {
    const { vault, made, keys } = await unlockedAccount()
    const enrolled = { ...keys, slots: [...keys.slots, await passkeySlot(vault, keys, codeOf(made))] }
    for (const passkey of [
      { passkeyId: 'passkey_1', prf: prfOf(5) },
      { passkeyId: 'passkey_2', prf: prfOf(4) },
    ]) {
      const rotating = vault.rotateMasterKey({
        keys: enrolled,
        opener: codeOf(made),
        email: EMAIL,
        passphrase: PASSPHRASE,
        passkeys: [passkey],
      })
      await expect(rotating).rejects.toEqual(code('PRF_UNRELIABLE'))
      expect(passkey.prf).toEqual(new Uint8Array(32))
    }
  })

  test('a call that is overtaken does not bring older keys back', async () => {
    const { vault, keys } = await unlockedAccount()
    const second = rotated(keys, await vault.rotateRecordKey({ keys }))
    await vault.follow({ keys: second, seen: null })
    const third = rotated(second, await vault.rotateRecordKey({ keys: second }))

    const release = holdNextDecryption()
    const overtaken = vault.follow({ keys: second, seen: null })
    await vault.follow({ keys: third, seen: null })
    release()
    await expect(overtaken).rejects.toEqual(code('KEYS_ROLLED_BACK'))
    expect(await vault.state()).toMatchObject({ keyId: third.keyId, ringRevision: 3 })
  })
})

/** Keeps the next decryption waiting until the function that it gives is called. */
function holdNextDecryption(): () => void {
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const decrypt = crypto.subtle.decrypt.bind(crypto.subtle)
  const spy = vi.spyOn(crypto.subtle, 'decrypt')
  onTestFinished(() => spy.mockRestore())
  spy.mockImplementationOnce(async (...given) => {
    await released
    return decrypt(...given)
  })
  return release
}

test('a second reader, on Web Crypto alone, opens all that the client wrote', async () => {
  const { user, vault, made, keys } = await unlockedAccount()
  const passkey = await vault.sealForPasskey({
    keys,
    opener: codeOf(made),
    passkeyId: 'passkey_1',
    prf: prfOf(7),
    again: prfOf(7),
  })
  const record = uuidv7()
  const value = { text: 'read twice', long: 'x'.repeat(5000) }
  const own = await encryptOne(vault, record, 1, value)
  const theirs = await sealToPublicKey(keys.publicKey, user, { record, revision: 1 }, value)
  const after = rotated(keys, await vault.rotateRecordKey({ keys }))

  const [passphrase, ...codes] = made.slots
  const master = await readPassphraseSlot(passphrase?.envelope ?? '', PASSPHRASE)
  expect(master).toHaveLength(32)
  expect(master.equals(Buffer.alloc(32))).toBe(false)
  expect(await readPasskeySlot(passkey.envelope, prfOf(7), user, passkey.id)).toEqual(master)
  for (const [index, slot] of codes.entries()) {
    const shown = made.codes[index] ?? ''
    expect(await readCodeSlot(slot.envelope, shown, user, slot.id)).toEqual(master)
    expect(slot.verifier).toBe(await verifierOfCode(shown, user))
  }
  for (const { encryptedPrivateKey } of [keys, after]) {
    const ring = await readRing(encryptedPrivateKey, master)
    expect(await readRecord(own, ring)).toEqual(value)
    expect(await readRecord(theirs, ring)).toEqual(value)
  }
})

/** The slot of a passkey that gives `prfOf(4)`. */
async function passkeySlot(vault: Vault, keys: SealedKeys, opener: Opener) {
  const sealing = { keys, opener, passkeyId: 'passkey_1', prf: prfOf(4), again: prfOf(4) }
  return sealedSlot(await vault.sealForPasskey(sealing))
}
