import type { CryptoKey } from 'jose'
import { fromBase64url } from '../../shared/encryption/base64url.ts'
import { PBES2_ROUNDS } from '../../shared/encryption/envelopes.ts'
import { copyOf, utf8, wipe } from './bytes.ts'

/*
 * Every key that comes from a secret is made here, by HKDF and PBKDF2 of Web Crypto alone. The texts are part of the
 * formats: a changed letter locks people out of what they have.
 */

const KEY_BYTES = 32
const NO_SALT = new Uint8Array()

/** HKDF with SHA-256 (RFC 5869). */
export async function hkdf(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await importHkdf(secret)
  return new Uint8Array(await crypto.subtle.deriveBits(hkdfBy(salt, info), key, bytes * 8))
}

/** The key of a slot that a passkey opens, from the 32 bytes that its PRF extension gave for this account. */
export const keyOfPrf = (prf: Uint8Array, user: string, slot: string): Promise<CryptoKey> =>
  deriveSlotKey(prf, `latchkey/v1/prf-kek|${user}|${slot}`)

/** The key of a slot that a recovery code opens. */
export const keyOfCode = (code: Uint8Array, user: string, slot: string): Promise<CryptoKey> =>
  deriveSlotKey(code, `latchkey/v1/code-kek|${user}|${slot}`)

/** What is shown to the server to have a code's slot released: it tells nothing of the key that opens it. */
export const verifierOf = (code: Uint8Array, user: string): Promise<Uint8Array<ArrayBuffer>> =>
  hkdf(code, NO_SALT, utf8(`latchkey/v1/code-verifier|${user}`), KEY_BYTES)

/**
 * Two answers as 32 bytes that cost a guesser what a passphrase costs: PBKDF2 with SHA-512 and 600,000 rounds. `joined`
 * as `joinAnswers` gives it, `salt` as it was drawn when the questions were set.
 */
export async function stretchAnswers(joined: string, salt: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const secret = await importForPbkdf2(joined)
  const rounds = { name: 'PBKDF2', hash: 'SHA-512', salt: copyOf(salt), iterations: PBES2_ROUNDS.lowest }
  return new Uint8Array(await crypto.subtle.deriveBits(rounds, secret, KEY_BYTES * 8))
}

/** The key of a slot that two answers open, from what `stretchAnswers` gave. */
export const keyOfAnswers = (stretched: Uint8Array, user: string, slot: string): Promise<CryptoKey> =>
  deriveSlotKey(stretched, `latchkey/v1/answers-kek|${user}|${slot}`)

/** What is shown to the server to have the slot of two answers released. `first` and `second` are the indexes of their questions. */
export const verifierOfAnswers = (
  stretched: Uint8Array,
  user: string,
  { first, second }: { first: number; second: number },
): Promise<Uint8Array<ArrayBuffer>> =>
  hkdf(stretched, NO_SALT, utf8(`latchkey/v1/answers-verifier|${user}|${first}|${second}`), KEY_BYTES)

/**
 * The salt of a passphrase's key: it differs for each address and each new passphrase. `email` in its canonical form, as
 * the server gives it. Whoever unlocks reads it from the slot, so that a later change of address locks nobody out.
 */
export async function p2sOf(email: string, keySalt: string): Promise<Uint8Array<ArrayBuffer>> {
  const salt = fromBase64url(keySalt)
  if (!salt) throw new Error('keySalt: base64url is expected.')
  const before = utf8(`latchkey/v1/p2s\0${email}\0`)
  const input = new Uint8Array(before.length + salt.length)
  input.set(before)
  input.set(salt, before.length)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', input))
}

/** A passphrase as the secret that PBES2 stretches. Keyboards write one letter in several ways: NFKC makes them one. */
export const importPassphrase = (passphrase: string): Promise<CryptoKey> => importForPbkdf2(normalised(passphrase))

/** The form in which a passphrase is judged and used. */
export const normalised = (passphrase: string): string => passphrase.normalize('NFKC')

async function importForPbkdf2(text: string): Promise<CryptoKey> {
  const bytes = utf8(text)
  try {
    return await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveBits'])
  } finally {
    wipe(bytes)
  }
}

async function deriveSlotKey(secret: Uint8Array, info: string): Promise<CryptoKey> {
  const key = await importHkdf(secret)
  const use = { name: 'AES-GCM', length: KEY_BYTES * 8 }
  return crypto.subtle.deriveKey(hkdfBy(NO_SALT, utf8(info)), key, use, false, ['encrypt', 'decrypt'])
}

async function importHkdf(secret: Uint8Array): Promise<CryptoKey> {
  const bytes = copyOf(secret)
  try {
    return await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits', 'deriveKey'])
  } finally {
    wipe(bytes)
  }
}

const hkdfBy = (salt: Uint8Array, info: Uint8Array) => ({
  name: 'HKDF',
  hash: 'SHA-256',
  salt: copyOf(salt),
  info: copyOf(info),
})
