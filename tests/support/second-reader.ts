import type { webcrypto } from 'node:crypto'

/*
 * Reads what the client encrypted, on Web Crypto alone: no jose, and nothing of src. It was written from the table of
 * docs/end-to-end-encryption.md and the RFCs, so that a mistake which the client makes both ways is found.
 */

type Jwk = webcrypto.JsonWebKey & { kid?: string; state?: string }
export type RingJson = { v: number; keys: Jwk[] }
export type Header = Record<string, unknown> & { ctx: string; kid?: string }

/** The master key of a passphrase slot: RFC 7518, section 4.8. */
export async function readPassphraseSlot(envelope: string, passphrase: string): Promise<Buffer> {
  const { header, encryptedKey, ...rest } = split(envelope)
  const salt = Buffer.concat([Buffer.from('PBES2-HS512+A256KW\0'), Buffer.from(String(header['p2s']), 'base64url')])
  const secret = await crypto.subtle.importKey('raw', Buffer.from(passphrase.normalize('NFKC')), 'PBKDF2', false, [
    'deriveBits',
  ])
  const by = { name: 'PBKDF2', hash: 'SHA-512', salt, iterations: Number(header['p2c']) }
  const kek = await crypto.subtle.deriveBits(by, secret, 256)
  return decrypt(rest, await unwrap(Buffer.from(kek), encryptedKey))
}

/** The master key of a slot that a passkey opens. */
export async function readPasskeySlot(envelope: string, prf: Uint8Array, user: string, slot: string): Promise<Buffer> {
  return readDirect(envelope, await hkdf(prf, `latchkey/v1/prf-kek|${user}|${slot}`))
}

/** The master key of a slot that a recovery code opens. */
export async function readCodeSlot(envelope: string, code: string, user: string, slot: string): Promise<Buffer> {
  return readDirect(envelope, await hkdf(bytesOfCode(code), `latchkey/v1/code-kek|${user}|${slot}`))
}

/** What the server is told of a recovery code. */
export async function verifierOfCode(code: string, user: string): Promise<string> {
  return (await hkdf(bytesOfCode(code), `latchkey/v1/code-verifier|${user}`)).toString('base64url')
}

/** What two answers are stretched to, from the answers as somebody typed them. */
export async function stretchedAnswers(answers: readonly [string, string], salt: string): Promise<Buffer> {
  const joined = answers.map(normalisedAnswer).join('|')
  const secret = await crypto.subtle.importKey('raw', Buffer.from(joined), 'PBKDF2', false, ['deriveBits'])
  const by = { name: 'PBKDF2', hash: 'SHA-512', salt: Buffer.from(salt, 'base64url'), iterations: 600_000 }
  return Buffer.from(await crypto.subtle.deriveBits(by, secret, 256))
}

/** The master key of a slot that two answers open. */
export async function readAnswersSlot(
  envelope: string,
  stretched: Buffer,
  user: string,
  slot: string,
): Promise<Buffer> {
  return readDirect(envelope, await hkdf(stretched, `latchkey/v1/answers-kek|${user}|${slot}`))
}

/** What the server is told of two answers. */
export async function verifierOfAnswers(stretched: Buffer, user: string, pair: readonly [number, number]) {
  return (await hkdf(stretched, `latchkey/v1/answers-verifier|${user}|${pair.join('|')}`)).toString('base64url')
}

export async function readRing(envelope: string, master: Uint8Array): Promise<RingJson> {
  return JSON.parse((await readDirect(envelope, master)).toString()) as RingJson
}

/** The value of a record, by the ring's key that its kid names. */
export async function readRecord(envelope: string, ring: RingJson): Promise<unknown> {
  const { header, encryptedKey, ...rest } = split(envelope)
  const key = ring.keys.find(({ kid }) => kid === header.kid)
  if (!key) throw new Error('The ring lacks the key of the record.')
  const kek = key.kty === 'oct' ? Buffer.from(key.k ?? '', 'base64url') : await agree(header, key)
  const padded = await decrypt(rest, await unwrap(kek, encryptedKey))
  return JSON.parse(padded.subarray(4, 4 + padded.readUInt32BE()).toString())
}

export const headerOf = (envelope: string): Header => split(envelope).header

type Bytes = Buffer<ArrayBuffer>
type Sealed = { aad: Bytes; iv: Bytes; ciphertext: Bytes; tag: Bytes }

function split(envelope: string): Sealed & { header: Header; encryptedKey: Bytes } {
  const [head = '', ...parts] = envelope.split('.')
  const [encryptedKey, iv, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url'))
  if (!encryptedKey || !iv || !ciphertext || !tag) throw new Error('Five parts are expected.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Header
  return { header, aad: Buffer.from(head, 'ascii'), encryptedKey, iv, ciphertext, tag }
}

async function readDirect(envelope: string, key: Uint8Array): Promise<Buffer> {
  const imported = await crypto.subtle.importKey('raw', Buffer.from(key), 'AES-GCM', false, ['decrypt'])
  return decrypt(split(envelope), imported)
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>

async function decrypt({ aad, iv, ciphertext, tag }: Sealed, key: Key): Promise<Buffer> {
  const by = { name: 'AES-GCM', iv, additionalData: aad, tagLength: 128 }
  return Buffer.from(await crypto.subtle.decrypt(by, key, Buffer.concat([ciphertext, tag])))
}

async function unwrap(kek: Bytes, encryptedKey: Bytes): Promise<Key> {
  const key = await crypto.subtle.importKey('raw', kek, 'AES-KW', false, ['unwrapKey'])
  return crypto.subtle.unwrapKey('raw', encryptedKey, key, 'AES-KW', 'AES-GCM', false, ['decrypt'])
}

/** ECDH-ES: RFC 7518, section 4.6.2, with the Concat KDF of NIST SP 800-56A. One round gives the 256 bits. */
async function agree(header: Header, { kid: _kid, state: _state, alg: _alg, ...key }: Jwk): Promise<Bytes> {
  const use = { name: 'ECDH', namedCurve: 'P-256' }
  const own = await crypto.subtle.importKey('jwk', key, use, false, ['deriveBits'])
  const theirs = await crypto.subtle.importKey('jwk', header['epk'] as Jwk, use, false, [])
  const shared = Buffer.from(await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, own, 256))
  const alg = Buffer.from('ECDH-ES+A256KW')
  const input = [uint32(1), shared, uint32(alg.length), alg, uint32(0), uint32(0), uint32(256)]
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.concat(input)))
}

async function hkdf(secret: Uint8Array, info: string): Promise<Buffer> {
  const key = await crypto.subtle.importKey('raw', Buffer.from(secret), 'HKDF', false, ['deriveBits'])
  const by = { name: 'HKDF', hash: 'SHA-256', salt: Buffer.alloc(0), info: Buffer.from(info) }
  return Buffer.from(await crypto.subtle.deriveBits(by, key, 256))
}

/** Crockford's base32, as one large number. */
function bytesOfCode(code: string): Buffer {
  let number = 0n
  for (const letter of code.replaceAll('-', '')) {
    number = number * 32n + BigInt('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(letter))
  }
  return Buffer.from(number.toString(16).padStart(30, '0'), 'hex')
}

/** Letters with their marks and digits, one by one, in lower case after both cases were folded. */
function normalisedAnswer(text: string): string {
  const folded = [...text.normalize('NFKC').toLowerCase().toUpperCase()]
  const kept = folded.filter(
    (sign) => /^[\p{L}\p{M}\p{N}]$/u.test(sign) && !/^\p{Default_Ignorable_Code_Point}$/u.test(sign),
  )
  return kept.join('').toLowerCase().normalize('NFKC')
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
