import { compactDecrypt, decodeProtectedHeader, importJWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { hkdf, importPassphrase } from '../../../src/client/encryption/derive.ts'
import vectors from './rfc-vectors.json' with { type: 'json' }

/*
 * The standards' own examples, through the ways that the client takes: jose for envelopes, its HKDF, and passphrases as
 * it imports them. They use smaller keys and fewer rounds than ours, so the rules of our envelopes stay aside.
 */

describe('JWEs of the standards are opened', () => {
  for (const { name, jwe, passphrase, key, plaintext } of vectors) {
    test(name, async () => {
      const { alg = '', enc = '' } = decodeProtectedHeader(jwe)
      const by =
        passphrase === undefined
          ? await importJWK(key ?? {}, alg === 'dir' ? String(enc) : alg)
          : await importPassphrase(passphrase)
      const opened = await compactDecrypt(jwe, by, { keyManagementAlgorithms: [alg] })
      expect(new TextDecoder().decode(opened.plaintext)).toBe(plaintext)
    })
  }
})

const HKDF_VECTORS = [
  {
    name: 'RFC 5869, A.1: the basic one',
    secret: '0b'.repeat(22),
    salt: '000102030405060708090a0b0c',
    info: 'f0f1f2f3f4f5f6f7f8f9',
    output: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    name: 'RFC 5869, A.2: longer inputs and output',
    secret: sequence(0x00, 0x4f),
    salt: sequence(0x60, 0xaf),
    info: sequence(0xb0, 0xff),
    output:
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
      'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  },
  {
    name: 'RFC 5869, A.3: without salt and info, as verifiers and keys are derived',
    secret: '0b'.repeat(22),
    salt: '',
    info: '',
    output: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
]

describe('HKDF gives what the standard gives', () => {
  for (const { name, secret, salt, info, output } of HKDF_VECTORS) {
    test(name, async () => {
      const derived = await hkdf(bytes(secret), bytes(salt), bytes(info), output.length / 2)
      expect(Buffer.from(derived).toString('hex')).toBe(output)
    })
  }
})

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

function sequence(from: number, to: number): string {
  return Buffer.from(Array.from({ length: to - from + 1 }, (_, index) => from + index)).toString('hex')
}
