import { fromBase64url, toBase64url } from '../../shared/encryption/base64url.ts'
import { bareId } from '../../shared/encryption/contexts.ts'
import { PBES2_ROUNDS, isPublicKeyJwk, readEnvelope } from '../../shared/encryption/envelopes.ts'
import type { PublicKeyJwk } from '../../shared/encryption/envelopes.ts'
import { LatchkeyError } from '../errors.ts'
import { randomBytes, utf8 } from './bytes.ts'
import { importPassphrase, p2sOf } from './derive.ts'

/** Whose record an envelope is made for, and the revision that the record has once it is written. Ids with or without prefix. */
export type RecordPlace = { userId: string; id: string; revision: number }

/** A pair of an app's own. The private key can be used, and not read. */
export type KeyPair = { publicKey: PublicKeyJwk; privateKey: CryptoKey }

const SALT_BYTES = 32
// Few apps encrypt by keys of their own: what that takes is not in the first load of the others.
const envelopes = () => import('./record-envelopes.ts')

const PBES2_ALG = 'PBES2-HS512+A256KW'

/** A new pair on P-256. */
export async function generateKeys(): Promise<KeyPair> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const publicKey: unknown = { kty, crv, x, y }
  if (!isPublicKeyJwk(publicKey)) throw new Error('Web Crypto gave a public key that is none on P-256.')
  return { publicKey, privateKey: pair.privateKey }
}

/**
 * The key that opens a passphrase slot: PBKDF2 with SHA-512 and 600,000 rounds (RFC 7518, section 4.8), for AES-KW. The
 * salt is made of the address in its canonical form, as `me` gives it, and of `keySalt`, which is drawn where it is left
 * out: keep it, for without it nobody derives the same key again.
 */
export async function deriveKey(
  email: string,
  passphrase: string,
  { keySalt = toBase64url(randomBytes(SALT_BYTES)) }: { keySalt?: string } = {},
): Promise<{ key: CryptoKey; keySalt: string }> {
  if (fromBase64url(keySalt)?.length !== SALT_BYTES) {
    throw new LatchkeyError('BAD_INPUT', `keySalt: ${SALT_BYTES} bytes in base64url.`, { field: 'keySalt' })
  }
  const p2s = await p2sOf(email, keySalt)
  const label = utf8(`${PBES2_ALG}\0`)
  const salt = new Uint8Array(label.length + p2s.length)
  salt.set(label)
  salt.set(p2s, label.length)
  const rounds = { name: 'PBKDF2', hash: 'SHA-512', salt, iterations: PBES2_ROUNDS.lowest }
  const secret = await importPassphrase(passphrase)
  const bits = new Uint8Array(await crypto.subtle.deriveBits(rounds, secret, 256))
  const key = await crypto.subtle.importKey('raw', bits, 'AES-KW', false, ['wrapKey', 'unwrapKey'])
  bits.fill(0)
  return { key, keySalt }
}

/** Encrypts for whoever holds the private key of an account. Anybody could have: its owner sees that. */
export async function encryptData(
  data: unknown,
  publicKey: unknown,
  { userId, id, revision }: RecordPlace,
): Promise<string> {
  const { sealToPublicKey } = await envelopes()
  return sealToPublicKey(publicKey, bareId(userId), { record: bareId(id), revision }, data)
}

/** Opens what `encryptData` made for this place, or for an earlier revision of it. CIPHERTEXT_REFUSED for anything else. */
export async function decryptData(
  encryptedData: string,
  privateKey: CryptoKey,
  { userId, id, revision }: RecordPlace,
): Promise<unknown> {
  const read = readEnvelope('RECORD_TO_PUBLIC_KEY', encryptedData)
  // The private key does not tell which public one is its own: opening it does.
  const privateKeys = new Map(read.ok && read.header.kid !== undefined ? [[read.header.kid, privateKey]] : [])
  const keys = { recordKeys: new Map<string, CryptoKey>(), privateKeys }
  const { openRecord } = await envelopes()
  const opened = await openRecord(keys, bareId(userId), { record: bareId(id), revision }, encryptedData)
  if (!opened) throw ciphertextRefused()
  return opened.value
}

export const ciphertextRefused = () =>
  new LatchkeyError(
    'CIPHERTEXT_REFUSED',
    'An encrypted value does not open: it was changed, belongs elsewhere, or was encrypted with another key.',
  )
