import { beforeAll, describe, expect, test, vi } from 'vitest'
import { v7 as uuidv7 } from 'uuid'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import type { Opener, SealedForQuestions, SealedKeys } from '../../../src/client/encryption/vault.ts'
import { checkEnvelope } from '../../../src/shared/encryption/envelopes.ts'
import { contextOf } from '../../../src/shared/encryption/contexts.ts'
import { readAnswersSlot, readPassphraseSlot, stretchedAnswers, verifierOfCode } from '../../support/second-reader.ts'
import { codeOf, decryptOne, EMAIL, encryptOne, PASSPHRASE, prfOf, sealedKeys, sealedSlot } from './account.ts'
import type { Account } from './account.ts'

// The slots that recovery releases, and what has them released. One account for all: each stretching costs half a second.

const ANSWERS = ['Rosa Müller', 'Little Rock', 'Blue Bicycle']
const code = (wanted: string) => expect.objectContaining({ code: wanted })

let account: Account
let sealed: SealedForQuestions

beforeAll(async () => {
  const [user, vault, counts] = [uuidv7(), makeVault(), { generation: 1, ringRevision: 1 }]
  const made = await vault.make({ user, email: EMAIL, passphrase: PASSPHRASE, ...counts })
  const keys = sealedKeys(made, counts)
  account = { user, vault, made, keys }
  await vault.unlock({ user, keys, opener: codeOf(made), seen: null })
  sealed = await vault.sealForQuestions({ keys, opener: codeOf(made), answers: ANSWERS })
})

/** The account's keys with the slot of one pair, as a recovery releases it. */
const withPair = (at: number): SealedKeys => {
  const slots = sealed.pairs.slice(at, at + 1).map(({ slot }) => sealedSlot(slot))
  return { ...account.keys, slots: [...account.keys.slots.slice(0, 1), ...slots] }
}

const byAnswers = (first: number, second: number, answers: [string, string]): Opener => ({
  kind: 'SECURITY_QUESTIONS',
  salt: sealed.salt,
  first,
  second,
  answers,
})

const unlock = async (keys: SealedKeys, opener: Opener) => {
  const vault = makeVault()
  await vault.unlock({ user: account.user, keys, opener, seen: null })
  return vault
}

describe('three answers', () => {
  test('make a slot for each two of them, which the server takes, and each opens the keys', async () => {
    expect(sealed.pairs.map(({ first, second }) => [first, second])).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ])
    for (const { slot } of sealed.pairs) {
      const ctx = contextOf.slot(account.user, slot.id, 'SECURITY_QUESTIONS', 1)
      expect(checkEnvelope('SLOT', slot.envelope, ctx)).toMatchObject({ ok: true })
      expect(slot.verifier).toMatch(/^[\w-]{43}$/)
    }
    expect(new Set(sealed.pairs.map(({ slot }) => slot.verifier)).size).toBe(3)
    const record = uuidv7()
    const envelope = await encryptOne(account.vault, record, 1, 'kept')
    const typed: [number, number, [string, string]][] = [
      [0, 1, ['rosa mu\u0308ller', ' LITTLEROCK']],
      [0, 2, ['ROSA-MÜLLER', 'blue  bicycle.']],
      [1, 2, ['little rock', 'Bluebicycle']],
    ]
    for (const [at, two] of typed.entries()) {
      const vault = await unlock(withPair(at), byAnswers(...two))
      expect(await decryptOne(vault, record, 1, envelope)).toMatchObject({ value: 'kept' })
    }
  })

  test('are read by the second reader, as the passphrase is', async () => {
    const { user, keys } = account
    const [passphrase] = keys.slots
    const [pair] = sealed.pairs
    const stretched = await stretchedAnswers(['ROSA MÜLLER', 'littlerock'], sealed.salt)
    expect(await readAnswersSlot(pair?.slot.envelope ?? '', stretched, user, pair?.slot.id ?? '')).toEqual(
      await readPassphraseSlot(passphrase?.envelope ?? '', PASSPHRASE),
    )
  })

  test('have another salt, and other verifiers, when they are set again', async () => {
    const { keys, vault, made } = account
    const again = await vault.sealForQuestions({ keys, opener: codeOf(made), answers: ANSWERS })
    expect(again.salt).not.toBe(sealed.salt)
    const verifiers = [...sealed.pairs, ...again.pairs].map(({ slot }) => slot.verifier)
    expect(new Set(verifiers).size).toBe(6)
  })

  test('a wrong one, both in the wrong order, and those of another pair open nothing', async () => {
    const wrong: [number, Opener][] = [
      [0, byAnswers(0, 1, ['Rosa Müller', 'Little Rocks'])],
      [0, byAnswers(0, 1, ['Little Rock', 'Rosa Müller'])],
      [1, byAnswers(0, 1, ['Rosa Müller', 'Little Rock'])],
    ]
    for (const [at, opener] of wrong) {
      await expect(unlock(withPair(at), opener)).rejects.toEqual(code('SECRET_WRONG'))
    }
  })

  test('that are too short, or the same twice, are told before anything is stretched', async () => {
    const { keys, vault, made } = account
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    for (const answers of [
      ['Rosa', 'no', 'Blue'],
      ['Rosa', 'ROSA', 'Blue'],
      ['Rosa', 'Blue'],
    ]) {
      await expect(vault.sealForQuestions({ keys, opener: codeOf(made), answers })).rejects.toEqual(code('BAD_INPUT'))
    }
    const asked = { user: account.user, salt: sealed.salt, first: 0, second: 1, answers: ['Rosa', '?'] as const }
    await expect(vault.verifierOfAnswers(asked)).rejects.toEqual(code('BAD_INPUT'))
    expect(derive).not.toHaveBeenCalled()
    derive.mockRestore()
  })

  test('R5: a salt that no client has drawn is refused before the answers are tried on it', async () => {
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    const two = { first: 0, second: 1, answers: ['Rosa Müller', 'Little Rock'] as const }
    for (const salt of ['', 'AAAA', `${sealed.salt}A`, `${sealed.salt.slice(0, -1)}!`]) {
      const asking = makeVault().verifierOfAnswers({ user: account.user, salt, ...two })
      await expect(asking).rejects.toEqual(code('KEYS_REFUSED'))
      await expect(unlock(withPair(0), { kind: 'SECURITY_QUESTIONS', salt, ...two })).rejects.toEqual(
        code('KEYS_REFUSED'),
      )
    }
    expect(derive).not.toHaveBeenCalled()
    derive.mockRestore()
  })

  test('R5: a slot of the same form, moved there by the server, is refused by its context', async () => {
    const [, ofCode] = account.keys.slots
    const planted = {
      id: ofCode?.id ?? '',
      kind: 'SECURITY_QUESTIONS',
      passkeyId: null,
      envelope: ofCode?.envelope ?? '',
    } as const
    const opener = byAnswers(0, 1, ['Rosa Müller', 'Little Rock'])
    await expect(unlock({ ...account.keys, slots: [planted] }, opener)).rejects.toEqual(code('KEYS_REFUSED'))
  })
})

describe('what has a slot released', () => {
  test('is derived without any keys, and is what the server was given when the slot was made', async () => {
    const { user, made } = account
    const vault = makeVault()
    const [typed = ''] = made.codes
    const verifier = await vault.verifierOfCode({ user, code: ` ${typed.toLowerCase()} ` })
    expect(verifier).toBe(made.slots.find(({ kind }) => kind === 'RECOVERY_CODE')?.verifier)
    expect(verifier).toBe(await verifierOfCode(typed, user))
    const two = { first: 1, second: 2, answers: ['LITTLE ROCK', 'blue bicycle'] as const }
    expect(await vault.verifierOfAnswers({ user, salt: sealed.salt, ...two })).toBe(sealed.pairs[2]?.slot.verifier)
    expect(await vault.state()).toBeNull()
  })

  test('is none for what is no code, and for whoever is named by something else than an id', async () => {
    const vault = makeVault()
    const [typed = ''] = account.made.codes
    await expect(vault.verifierOfCode({ user: account.user, code: typed.slice(1) })).rejects.toEqual(code('BAD_INPUT'))
    await expect(vault.verifierOfCode({ user: 'a|b', code: typed })).rejects.toEqual(code('BAD_INPUT'))
    const two = { first: 1, second: 2, answers: ['LITTLE ROCK', 'blue bicycle'] as const }
    await expect(vault.verifierOfAnswers({ user: 'a|b', salt: sealed.salt, ...two })).rejects.toEqual(code('BAD_INPUT'))
  })
})

describe('everything is sealed anew', () => {
  const next = 'ember walrus folio thicket'

  test.each([
    { by: 'a passkey', slots: 'passkey', opener: (): Opener => ({ kind: 'PASSKEY', prf: prfOf(7) }) },
    { by: 'two answers', slots: 'pair', opener: () => byAnswers(0, 1, ['Rosa Müller', 'Little Rock']) },
    { by: 'a code', slots: 'code', opener: () => codeOf(account.made, 3) },
  ])('by $by', async ({ slots, opener }) => {
    const { user, keys, vault, made } = account
    const ofPasskey = await vault.sealForPasskey({
      keys,
      opener: codeOf(made),
      passkeyId: 'passkey_7',
      prf: prfOf(7),
      again: prfOf(7),
    })
    const released = { passkey: [sealedSlot(ofPasskey)], pair: withPair(0).slots.slice(1), code: keys.slots.slice(1) }
    const before = { ...keys, slots: released[slots as keyof typeof released] }
    const record = uuidv7()
    const envelope = await encryptOne(vault, record, 1, 'old')

    const recovering = await unlock(before, opener())
    const renewed = await recovering.rotateMasterKey({
      keys: before,
      opener: opener(),
      email: EMAIL,
      passphrase: next,
      passkeys: [],
    })
    const after = sealedKeys(renewed, { generation: 2, ringRevision: 2 })
    const opened = await unlock(after, { kind: 'PASSPHRASE', passphrase: next })
    expect(await decryptOne(opened, record, 1, envelope)).toMatchObject({ value: 'old' })
    await expect(
      makeVault().unlock({ user, keys: { ...after, slots: before.slots }, opener: opener(), seen: null }),
    ).rejects.toEqual(code('KEYS_REFUSED'))
  })
})
