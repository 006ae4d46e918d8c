import { describe, expect, test } from 'vitest'
import { keyOfCode, p2sOf, verifierOf } from '../../../src/client/encryption/derive.ts'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import { readRecoveryCode } from '../../../src/client/encryption/recovery-codes.ts'
import type { Opener, SealedKeys } from '../../../src/client/encryption/vault.ts'
import { checkEnvelope } from '../../../src/shared/encryption/envelopes.ts'
import { contextOf } from '../../../src/shared/encryption/contexts.ts'
import { readCodeSlot, readPasskeySlot, readPassphraseSlot, readRecord, readRing } from '../../support/second-reader.ts'
import answers from './known-answers.json' with { type: 'json' }

/*
 * What earlier versions encrypted is opened by every later one. make-known-answers.ts says how the file came about; where
 * one of these tests fails, the code has locked people out of what they have.
 */

const { user, email, secrets, p2s, verifier, value, records } = answers
const keys = answers.keys as SealedKeys // as JSON, the kinds of the slots are any text
const prf = () => new Uint8Array(Buffer.from(secrets.prf, 'base64url'))

const OPENERS: Readonly<Record<Opener['kind'], () => Opener>> = {
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
