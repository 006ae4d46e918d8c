import { describe, expect, test } from 'vitest'
import { keyOfCode, p2sOf, verifierOf } from '../../../src/client/encryption/derive.ts'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import { readRecoveryCode } from '../../../src/client/encryption/recovery-codes.ts'
import type { Opener, SealedKeys } from '../../../src/client/encryption/vault.ts'
import { checkEnvelope } from '../../../src/shared/encryption/envelopes.ts'
import { contextOf } from '../../../src/shared/encryption/contexts.ts'
import { PAIRS, type TwoAnswers } from '../../../src/client/encryption/answers.ts'
import { readCodeSlot, readPasskeySlot, readPassphraseSlot, readRecord, readRing } from '../../support/second-reader.ts'
import { readAnswersSlot, stretchedAnswers, verifierOfAnswers } from '../../support/second-reader.ts'
import answers from './known-answers.json' with { type: 'json' }
import questions from './known-answers-questions.json' with { type: 'json' }

/*
 * What earlier versions encrypted is opened by every later one. make-known-answers.ts says how the file came about; where
 * one of these tests fails, the code has locked people out of what they have.
 */

const { user, email, secrets, p2s, verifier, value, records } = answers
const keys = answers.keys as SealedKeys // as JSON, the kinds of the slots are any text
const prf = () => new Uint8Array(Buffer.from(secrets.prf, 'base64url'))

const OPENERS: Readonly<Record<Exclude<Opener['kind'], 'SECURITY_QUESTIONS'>, () => Opener>> = {
  PASSPHRASE: () => ({ kind: 'PASSPHRASE', passphrase: secrets.passphrase }),
  PASSKEY: () => ({ kind: 'PASSKEY', prf: prf() }),
  RECOVERY_CODE: () => ({ kind: 'RECOVERY_CODE', code: secrets.code }),
}

describe('known answers', () => {
  for (const [kind, opener] of Object.entries(OPENERS)) {
    test(`the ${kind} slot opens the keys, and they open every record`, async () => {
      const vault = makeVault()
      await vault.unlock({ user, keys, opener: opener(), seen: null })
      const opened = await vault.decrypt(records)
      expect(opened).toEqual(records.map(({ verified }) => ({ ok: true, value, verified })))
    })
  }

  test('the second reader opens the same', async () => {
    const [passphrase, code, passkey] = keys.slots
    const master = await readPassphraseSlot(passphrase?.envelope ?? '', secrets.passphrase)
    expect(await readCodeSlot(code?.envelope ?? '', secrets.code, user, code?.id ?? '')).toEqual(master)
    expect(await readPasskeySlot(passkey?.envelope ?? '', prf(), user, passkey?.id ?? '')).toEqual(master)
    const ring = await readRing(keys.encryptedPrivateKey, master)
    for (const { envelope } of records) expect(await readRecord(envelope, ring)).toEqual(value)
  })

  test('the salt and the verifier are derived as they were', async () => {
    expect(Buffer.from(await p2sOf(email, keys.keySalt)).toString('base64url')).toBe(p2s)
    const code = readRecoveryCode(secrets.code)
    expect(Buffer.from(await verifierOf(code, user)).toString('base64url')).toBe(verifier)
    expect((await keyOfCode(code, user, user)).extractable).toBe(false)
  })

  test('the rules that the server holds envelopes against admit them', () => {
    const { ringRevision, generation } = keys
    const ring = checkEnvelope('RING', keys.encryptedPrivateKey, contextOf.ring(user, ringRevision, generation))
    expect(ring).toMatchObject({ ok: true, header: { kid: keys.keyId } })
    for (const { id, kind, envelope } of keys.slots) {
      const form = kind === 'PASSPHRASE' ? 'PASSPHRASE_SLOT' : 'SLOT'
      expect(checkEnvelope(form, envelope, contextOf.slot(user, id, kind, generation)).ok).toBe(true)
    }
    for (const { record, revision, envelope, verified } of records) {
      const kind = verified ? 'RECORD' : 'RECORD_TO_PUBLIC_KEY'
      expect(checkEnvelope(kind, envelope, contextOf.record(user, record, revision)).ok).toBe(true)
    }
  })
})

describe('known answers of security questions', () => {
  const { salt } = questions
  const owner = questions.user
  const sealed = questions.keys as SealedKeys // as above
  const typed = (index: number) => questions.answers[index]?.toUpperCase() ?? ''

  test.each(PAIRS.map((pair, at) => ({ ...pair, at, name: `${pair.first} and ${pair.second}` })))(
    'the answers to $name open the keys, and their verifier is what it was',
    async ({ at, first, second }) => {
      const vault = makeVault()
      const two: TwoAnswers = { first, second, answers: [typed(first), typed(second)] }
      const slots = sealed.slots.slice(at, at + 1)
      const opener = { kind: 'SECURITY_QUESTIONS', salt, ...two } as const
      await vault.unlock({ user: owner, keys: { ...sealed, slots }, opener, seen: null })
      const [opened] = await vault.decrypt([{ record: questions.record, revision: 1, envelope: questions.envelope }])
      expect(opened).toEqual({ ok: true, value: questions.value, verified: true })
      expect(await vault.verifierOfAnswers({ user: owner, salt, ...two })).toBe(questions.verifiers[at])
    },
  )

  test('the second reader opens the same', async () => {
    const masters = await Promise.all(
      PAIRS.map(async ({ first, second }, at) => {
        const stretched = await stretchedAnswers([typed(first), typed(second)], salt)
        expect(await verifierOfAnswers(stretched, owner, [first, second])).toBe(questions.verifiers[at])
        const { id = '', envelope = '' } = sealed.slots[at] ?? {}
        return readAnswersSlot(envelope, stretched, owner, id)
      }),
    )
    const [master = Buffer.alloc(0)] = masters
    expect(masters).toEqual([master, master, master])
    expect(await readRecord(questions.envelope, await readRing(sealed.encryptedPrivateKey, master))).toEqual(
      questions.value,
    )
  })
})
