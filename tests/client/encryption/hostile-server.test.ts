import { afterEach, describe, expect, test, vi } from 'vitest'
import { v7 as uuidv7 } from 'uuid'
import { sealToPublicKey } from '../../../src/client/encryption/record-envelopes.ts'
import type { Opener, SealedKeys, SealedSlot } from '../../../src/client/encryption/vault.ts'
import {
  byPassphrase,
  codeOf,
  decryptOne,
  encryptOne,
  forge,
  makeAccount,
  prfOf,
  rotated,
  sealedSlot,
  unlockedAccount,
} from './account.ts'
import type { Account } from './account.ts'

/*
 * A server that lies: it gives things that belong elsewhere, older things, and things that it has made or changed. None
 * of them may open, and none may lead the client to use a secret in a weaker way than it would by itself.
 */

const refusal = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })
const REFUSED = { ok: false }

afterEach(() => void vi.restoreAllMocks())

const firstSlot = (keys: SealedKeys, kind: SealedSlot['kind']): SealedSlot => {
  const slot = keys.slots.find((each) => each.kind === kind)
  if (!slot) throw new Error(`A slot of the kind ${kind} was expected.`)
  return slot
}

/** Unlocks with one slot, which may be forged. */
const unlockBy = ({ user, vault, keys }: Account, slot: SealedSlot, opener: Opener) =>
  vault.unlock({ user, keys: { ...keys, slots: [slot] }, opener, seen: null })

describe('R5: slots', () => {
  test('R5: fewer or more rounds than a client makes are refused before the passphrase is tried', async () => {
    const account = await makeAccount()
    const slot = firstSlot(account.keys, 'PASSPHRASE')
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    for (const p2c of [1, 2048, 599_999, 2_000_001, 4_294_967_296, 600_000.5, '600000', null]) {
      const envelope = forge(slot.envelope, ({ header }) => Object.assign(header, { p2c }))
      await expect(unlockBy(account, { ...slot, envelope }, byPassphrase())).rejects.toEqual(
        refusal('KEYS_REFUSED', 'p2c is not between 600000 and 2000000'),
      )
    }
    expect(derive).not.toHaveBeenCalled()
    derive.mockRestore()
  })

  test('R5: every member of the header is insisted on: another value, its absence, one more', async () => {
    const account = await makeAccount()
    const slot = firstSlot(account.keys, 'PASSPHRASE')
    const changes: Record<string, unknown>[] = [
      { alg: 'PBES2-HS256+A128KW' },
      { alg: 'dir' },
      { enc: 'A128GCM' },
      { enc: 'A256CBC-HS512' },
      { typ: 'latchkey-ring+jwe' },
      { crit: [] },
      { crit: ['ctx', 'ctx'] },
      { crit: 'ctx' },
      { ctx: 1 },
      { p2s: Buffer.alloc(8).toString('base64url') },
      { zip: 'DEF' },
      { kid: account.keys.keyId },
      { jku: 'https://attacker.example' },
      ...['alg', 'enc', 'typ', 'crit', 'ctx', 'p2c', 'p2s'].map((name) => ({ [name]: undefined })),
    ]
    for (const change of changes) {
      const envelope = forge(slot.envelope, ({ header }) => Object.assign(header, change))
      await expect(unlockBy(account, { ...slot, envelope }, byPassphrase()), JSON.stringify(change)).rejects.toEqual(
        refusal('KEYS_REFUSED'),
      )
    }
  })

  test('R5: a slot of another account, another slot, another kind or another generation is refused', async () => {
    const [account, stranger] = [await makeAccount(), await makeAccount()]
    const slot = firstSlot(account.keys, 'RECOVERY_CODE')
    const other = account.keys.slots.find(({ id, kind }) => kind === 'RECOVERY_CODE' && id !== slot.id)
    const lies: { keys?: Partial<SealedKeys>; slot: SealedSlot }[] = [
      { slot: firstSlot(stranger.keys, 'RECOVERY_CODE') },
      { slot: { ...slot, id: other?.id ?? '' } },
      { slot: { ...slot, envelope: other?.envelope ?? '' } },
      { slot, keys: { generation: 2 } },
    ]
    for (const { keys, slot: given } of lies) {
      const lying = { ...account, keys: { ...account.keys, ...keys } }
      await expect(unlockBy(lying, given, codeOf(account.made))).rejects.toEqual(refusal('KEYS_REFUSED', 'ctx'))
    }
    // A passkey's slot is of the same form as a code's; its context tells them apart.
    const asPasskey = { ...slot, kind: 'PASSKEY' } as const
    await expect(unlockBy(account, asPasskey, { kind: 'PASSKEY', prf: prfOf(1) })).rejects.toEqual(
      refusal('KEYS_REFUSED', 'ctx'),
    )
  })

  test('R5: a slot that the server made itself opens nothing, for it lacks the secret', async () => {
    const account = await makeAccount()
    const planted = await makeAccount()
    const slot = firstSlot(planted.keys, 'PASSPHRASE')
    const own = firstSlot(account.keys, 'PASSPHRASE')
    const envelope = forge(slot.envelope, ({ header }) => {
      header['ctx'] = JSON.parse(Buffer.from(own.envelope.split('.')[0] ?? '', 'base64url').toString()).ctx
    })
    await expect(unlockBy(account, { ...own, envelope }, byPassphrase())).rejects.toEqual(refusal('SECRET_WRONG'))
  })

  test('R5: many slots do not keep the client deriving keys', async () => {
    const account = await makeAccount()
    const slot = firstSlot(account.keys, 'PASSPHRASE')
    const { user, vault, keys } = account
    const many = { ...keys, slots: Array<SealedSlot>(1000).fill(slot) }
    await expect(vault.unlock({ user, keys: many, opener: byPassphrase(), seen: null })).rejects.toEqual(
      refusal('KEYS_REFUSED'),
    )
  })
})

describe('R5: the key ring', () => {
  test('R5: another account, revision, generation, key or public key than the ring says is refused', async () => {
    const account = await unlockedAccount()
    const stranger = await makeAccount()
    const { user, vault, made, keys } = account
    const next = rotated(keys, await vault.rotateRecordKey({ keys }))
    const lies: Partial<SealedKeys>[] = [
      { encryptedPrivateKey: stranger.keys.encryptedPrivateKey },
      { ringRevision: 2 },
      { encryptedPrivateKey: next.encryptedPrivateKey },
      { keyId: next.keyId },
      { keyId: 'x' },
      { publicKey: stranger.keys.publicKey },
      { publicKey: next.publicKey },
      { publicKey: { ...(keys.publicKey as object), d: 'x' } },
      { publicKey: null },
      { generation: 1.5 },
      { ringRevision: NaN },
      { encryptedPrivateKey: '' },
    ]
    for (const lie of lies) {
      await vault.lock()
      const unlocking = vault.unlock({ user, keys: { ...keys, ...lie }, opener: codeOf(made), seen: null })
      await expect(unlocking, JSON.stringify(lie)).rejects.toEqual(refusal('KEYS_REFUSED'))
      expect(await vault.state()).toBeNull()
    }
    await vault.unlock({ user, keys, opener: codeOf(made), seen: null })
    for (const lie of lies) {
      const given = { ...keys, ...lie }
      await expect(vault.follow({ keys: given, seen: null }), JSON.stringify(lie)).rejects.toEqual(
        refusal('KEYS_REFUSED'),
      )
      await expect(vault.rotateRecordKey({ keys: given }), JSON.stringify(lie)).rejects.toEqual(refusal('KEYS_REFUSED'))
    }
  })

  test('R5: a record of the account does not pass for its ring, nor the ring for a record', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const record = uuidv7()
    const envelope = await encryptOne(vault, record, 1, { v: 1, keys: [] })
    const ringAsRecord = await decryptOne(vault, record, 1, keys.encryptedPrivateKey)
    expect(ringAsRecord).toEqual(REFUSED)
    const swapped = { ...keys, encryptedPrivateKey: envelope }
    await expect(vault.unlock({ user, keys: swapped, opener: codeOf(made), seen: null })).rejects.toEqual(
      refusal('KEYS_REFUSED'),
    )
  })

  test('R5: older keys than this device has seen are refused, by what it kept and by what it holds', async () => {
    const { user, vault, made, keys } = await unlockedAccount()
    const after = rotated(keys, await vault.rotateRecordKey({ keys }))
    await vault.follow({ keys: after, seen: null })
    const rollback = refusal('KEYS_ROLLED_BACK')
    await expect(vault.follow({ keys, seen: null })).rejects.toEqual(rollback)
    await expect(vault.rotateRecordKey({ keys })).rejects.toEqual(rollback)
    await expect(vault.sealForCodes({ keys, opener: codeOf(made) })).rejects.toEqual(rollback)
    await vault.lock()
    for (const seen of [
      { generation: 1, ringRevision: 2 },
      { generation: 2, ringRevision: 1 },
    ]) {
      await expect(vault.unlock({ user, keys, opener: codeOf(made), seen })).rejects.toEqual(rollback)
    }
    await vault.unlock({ user, keys: after, opener: codeOf(made), seen: { generation: 1, ringRevision: 2 } })
  })
})

describe('R5: records', () => {
  test('R5: an envelope of another record, account or revision to come is marked', async () => {
    const account = await unlockedAccount()
    const stranger = await unlockedAccount()
    const { vault } = account
    const [record, other] = [uuidv7(), uuidv7()]
    const envelope = await encryptOne(vault, record, 2, 'mine')
    expect(await decryptOne(vault, other, 2, envelope)).toEqual(REFUSED)
    expect(await decryptOne(vault, record, 1, envelope)).toEqual(REFUSED)
    expect(await decryptOne(vault, record, 2, await encryptOne(stranger.vault, record, 2, 'theirs'))).toEqual(REFUSED)
    const forThem = await sealToPublicKey(account.keys.publicKey, stranger.user, { record, revision: 2 }, 'theirs')
    expect(await decryptOne(vault, record, 2, forThem)).toEqual(REFUSED)
    // A change of the title alone leaves the envelope at its older revision.
    expect(await decryptOne(vault, record, 7, envelope)).toMatchObject({ ok: true, value: 'mine' })
  })

  test('R5: once a writing of a record was seen, an older one is marked, in one answer as in several', async () => {
    const { vault } = await unlockedAccount()
    const record = uuidv7()
    const [first, second] = [await encryptOne(vault, record, 1, 'old'), await encryptOne(vault, record, 2, 'new')]
    expect(await decryptOne(vault, record, 2, first)).toMatchObject({ ok: true, value: 'old' })
    const both = await vault.decrypt([
      { record, revision: 2, envelope: second },
      { record, revision: 2, envelope: first },
    ])
    expect(both).toEqual([{ ok: true, value: 'new', verified: true }, REFUSED])
    expect(await decryptOne(vault, record, 9, first)).toEqual(REFUSED)
    expect(await vault.reencrypt([{ record, revision: 2, envelope: first }])).toEqual([null])
    expect(await decryptOne(vault, record, 2, second)).toMatchObject({ ok: true })
  })

  test('R5: what anybody could have written neither hides what its owner wrote nor takes its place', async () => {
    const { user, vault, keys } = await unlockedAccount()
    const record = uuidv7()
    const own = await encryptOne(vault, record, 3, 'own')
    const planted = (revision: number) => sealToPublicKey(keys.publicKey, user, { record, revision }, 'planted')
    expect(await decryptOne(vault, record, 1_000, await planted(1_000))).toMatchObject({ ok: true, verified: false })
    expect(await decryptOne(vault, record, 3, own)).toEqual({ ok: true, value: 'own', verified: true })
    for (const revision of [1, 3]) expect(await decryptOne(vault, record, 3, await planted(revision))).toEqual(REFUSED)
  })

  test('R5: a key that the ring does not hold, and a header that is not as it should be, are marked', async () => {
    const { user, vault, keys } = await unlockedAccount()
    const record = uuidv7()
    const own = await encryptOne(vault, record, 1, 'own')
    const theirs = await sealToPublicKey(keys.publicKey, user, { record, revision: 1 }, 'theirs')
    const changes: Record<string, unknown>[] = [
      { kid: Buffer.alloc(32).toString('base64url') },
      { alg: 'A128KW' },
      { alg: 'dir' },
      { enc: 'A128GCM' },
      { typ: 'JWE' },
      { crit: ['exp'] },
      { zip: 'DEF' },
      { epk: keys.publicKey },
      { apu: 'eA' },
      { ctx: `1|${user}|${record}|secret|1` },
      { ctx: `1|${user}|${record}|encryptedData|01` },
      ...['alg', 'enc', 'typ', 'crit', 'ctx', 'kid', 'epk'].map((name) => ({ [name]: undefined })),
    ]
    for (const envelope of [own, theirs]) {
      for (const change of changes) {
        const forged = forge(envelope, ({ header }) => Object.assign(header, change))
        if (forged === envelope) continue // this kind has no such member
        expect(await decryptOne(vault, record, 1, forged), JSON.stringify(change)).toEqual(REFUSED)
      }
    }
  })

  test('R5: one that does not open leaves the others of a page as they are', async () => {
    const { vault } = await unlockedAccount()
    const records = [uuidv7(), uuidv7(), uuidv7()]
    const envelopes = await vault.encrypt(records.map((record, value) => ({ record, revision: 1, value })))
    const page = records.map((record, index) => ({ record, revision: 1, envelope: envelopes[index] ?? '' }))
    for (const broken of ['', '....', 'x', '\u0000', `${envelopes[1]}.`, envelopes[0] ?? '', 'a'.repeat(200_000)]) {
      const answers = await vault.decrypt(
        page.map((item, index) => (index === 1 ? { ...item, envelope: broken } : item)),
      )
      expect(answers).toEqual([{ ok: true, value: 0, verified: true }, REFUSED, { ok: true, value: 2, verified: true }])
    }
  })
})

describe('R5: places', () => {
  test('R5: a record that cannot be is marked, and does not hide the others', async () => {
    const { vault } = await unlockedAccount()
    const record = uuidv7()
    const good = { record, revision: 1, envelope: await encryptOne(vault, record, 1, 'kept') }
    const lies = ['', record.toUpperCase(), `${record}|encryptedData`].map((id) => ({ ...good, record: id }))
    const counts = [0, -1, 0.5, NaN].map((revision) => ({ ...good, revision }))
    const wrong = [...lies, ...counts]
    const marked = wrong.map(() => REFUSED)
    expect(await vault.decrypt([...wrong, good])).toEqual([...marked, { ok: true, value: 'kept', verified: true }])
    expect(await vault.reencrypt(wrong)).toEqual(wrong.map(() => null))
  })
})

describe('every byte of every kind of envelope, flipped once', () => {
  test('a passphrase slot', async () => {
    const account = await makeAccount()
    const slot = firstSlot(account.keys, 'PASSPHRASE')
    deriveOnce()
    await unlockBy(account, slot, byPassphrase())
    await account.vault.lock()
    for (const envelope of flips(slot.envelope)) {
      await expect(unlockBy(account, { ...slot, envelope }, byPassphrase())).rejects.toEqual(
        expect.objectContaining({ code: expect.stringMatching(/^(SECRET_WRONG|KEYS_REFUSED)$/) }),
      )
    }
  })

  test('the slot of a code, and the slot of a passkey', async () => {
    const account = await unlockedAccount()
    const { vault, keys, made } = account
    const opener = codeOf(made)
    const passkey = await vault.sealForPasskey({
      keys,
      opener,
      passkeyId: 'passkey_1',
      prf: prfOf(1),
      again: prfOf(1),
    })
    await vault.lock()
    const ways: [SealedSlot, () => Opener][] = [
      [firstSlot(keys, 'RECOVERY_CODE'), () => opener],
      [sealedSlot(passkey), () => ({ kind: 'PASSKEY', prf: prfOf(1) })],
    ]
    for (const [slot, open] of ways) {
      await unlockBy(account, slot, open())
      await vault.lock()
      for (const envelope of flips(slot.envelope)) {
        await expect(unlockBy(account, { ...slot, envelope }, open())).rejects.toEqual(
          expect.objectContaining({ code: expect.stringMatching(/^(SECRET_WRONG|KEYS_REFUSED)$/) }),
        )
      }
    }
  })

  test('the key ring', async () => {
    const { vault, keys } = await unlockedAccount()
    for (const encryptedPrivateKey of flips(keys.encryptedPrivateKey)) {
      await expect(vault.follow({ keys: { ...keys, encryptedPrivateKey }, seen: null })).rejects.toEqual(
        refusal('KEYS_REFUSED'),
      )
    }
  })

  test('a record, and a record for the public key', async () => {
    const { user, vault, keys } = await unlockedAccount()
    const [mine, given] = [uuidv7(), uuidv7()]
    const own = await encryptOne(vault, mine, 1, 'own')
    const theirs = await sealToPublicKey(keys.publicKey, user, { record: given, revision: 1 }, 'theirs')
    for (const [record, envelope] of [
      [mine, own],
      [given, theirs],
    ] as const) {
      for (const flipped of flips(envelope)) expect(await decryptOne(vault, record, 1, flipped)).toEqual(REFUSED)
      expect(await decryptOne(vault, record, 1, envelope)).toMatchObject({ ok: true })
    }
  })
})

/** The envelope with one bit of one byte changed, for each byte of its five parts. */
function flips(envelope: string): string[] {
  const parts = envelope.split('.').map((part) => Buffer.from(part, 'base64url'))
  return parts.flatMap((part, at) =>
    [...part.keys()].map((byte) => {
      const flipped = Buffer.from(part)
      flipped[byte] = (flipped[byte] ?? 0) ^ 1
      return parts.map((each, index) => (index === at ? flipped : each).toString('base64url')).join('.')
    }),
  )
}

/**
 * Derives the true key once. A salt or number that was changed gives another key: here a cheap one stands for it, or the
 * flips would take minutes.
 */
function deriveOnce(): void {
  const derive = crypto.subtle.deriveBits.bind(crypto.subtle)
  let first: { id: string; derived: Promise<ArrayBuffer> } | null = null
  vi.spyOn(crypto.subtle, 'deriveBits').mockImplementation((by, key, length) => {
    const { name, salt, iterations } = by as unknown as { name: string; salt: Uint8Array; iterations: number }
    if (name !== 'PBKDF2') return derive(by, key, length)
    const id = `${iterations} ${Buffer.from(salt).toString('hex')}`
    first ??= { id, derived: derive(by, key, length) }
    return id === first.id ? first.derived : derive({ ...(by as object), name, iterations: 1 }, key, length)
  })
}
