import { calculateJwkThumbprint } from 'jose'
import type { CryptoKey } from 'jose'
import { fromBase64url, toBase64url } from '../../shared/encryption/base64url.ts'
import { contextOf } from '../../shared/encryption/contexts.ts'
import { ENVELOPE_FAULTS, is32Bytes, isPublicKeyJwk, MAX_ENVELOPE_LETTERS } from '../../shared/encryption/envelopes.ts'
import type { PublicKeyJwk } from '../../shared/encryption/envelopes.ts'
import { LatchkeyError } from '../errors.ts'
import { copyOf, randomBytes, textOf, utf8, wipe } from './bytes.ts'
import { openEnvelope, sealAndTry } from './sealed-envelopes.ts'
import type { SealedKeys } from './vault.ts'

/** Which writing of whose ring. */
export type RingPlace = { user: string; ringRevision: number; generation: number }

/** The keys of an unlocked vault. Retired ones open what was written with them, and encrypt nothing any more. */
export type Ring = {
  /** The current record key's. */
  keyId: string
  recordKeys: ReadonlyMap<string, CryptoKey>
  privateKeys: ReadonlyMap<string, CryptoKey>
  publicKey: PublicKeyJwk
}

type State = 'current' | 'retired'
type RecordKeyJwk = { kty: 'oct'; k: string; kid: string; alg: 'A256KW'; state: State }
type PrivateKeyJwk = PublicKeyJwk & { d: string; kid: string; alg: 'ECDH-ES+A256KW'; state: State }

/** The keys as the ring's envelope holds them. */
type RingKeys = { recordKeys: readonly RecordKeyJwk[]; privateKeys: readonly PrivateKeyJwk[] }

/** The master key, to open and seal rings with. The caller wipes the bytes. */
export function importMasterKey(bytes: Uint8Array): Promise<CryptoKey> {
  return importAndWipe(copyOf(bytes), 'AES-GCM', ['encrypt', 'decrypt'])
}

/** A ring of new keys, sealed. */
export async function makeRing(master: CryptoKey, place: RingPlace) {
  return sealRing(master, place, await withNewKeys({ recordKeys: [], privateKeys: [] }))
}

/** The keys of a ring with new ones in force, sealed for its next place, under the same master key or another. */
export async function renewRing(from: CryptoKey, keys: SealedKeys, user: string, to: CryptoKey, place: RingPlace) {
  return sealRing(to, place, await withNewKeys(await readRing(from, keys, user)))
}

/** Opens the ring. KEYS_REFUSED where it is not the one that the server speaks of, or not one that a client makes. */
export async function openRing(master: CryptoKey, keys: SealedKeys, user: string): Promise<Ring> {
  const { recordKeys, privateKeys } = await readRing(master, keys, user)
  return {
    keyId: keys.keyId,
    recordKeys: new Map(await Promise.all(recordKeys.map(importRecordKey))),
    privateKeys: new Map(await Promise.all(privateKeys.map(importPrivateKey))),
    publicKey: publicHalf(currentOf(privateKeys)),
  }
}

async function readRing(master: CryptoKey, keys: SealedKeys, user: string): Promise<RingKeys> {
  const ctx = contextOf.ring(user, keys.ringRevision, keys.generation)
  const opened = await openEnvelope('RING', keys.encryptedPrivateKey, master, ctx)
  if (!opened.ok) {
    throw refused(
      opened.fault === 'not-authentic'
        ? 'The key ring does not open under the master key.'
        : `The key ring is refused: ${ENVELOPE_FAULTS[opened.fault]}`,
    )
  }
  const ring = await parseRing(opened.plaintext).finally(() => wipe(opened.plaintext))
  const { kid } = currentOf(ring.recordKeys)
  if (opened.header.kid !== kid) throw refused('The kid of the key ring is not that of its current record key.')
  if (keys.keyId !== kid) throw refused('keyId is not the current record key of the key ring.')
  // Whoever swaps the public key could read what is encrypted for it from then on.
  const own = publicHalf(currentOf(ring.privateKeys))
  if (!isPublicKeyJwk(keys.publicKey) || keys.publicKey.x !== own.x || keys.publicKey.y !== own.y) {
    throw refused('The public key does not belong to the private key of the key ring.')
  }
  return ring
}

async function sealRing(master: CryptoKey, place: RingPlace, { recordKeys, privateKeys }: RingKeys) {
  const plaintext = utf8(JSON.stringify({ v: 1, keys: [...recordKeys, ...privateKeys] }))
  const { kid } = currentOf(recordKeys)
  const ctx = contextOf.ring(place.user, place.ringRevision, place.generation)
  const encryptedPrivateKey = await sealAndTry('RING', plaintext, master, { ctx, kid }).finally(() => wipe(plaintext))
  if (encryptedPrivateKey.length > MAX_ENVELOPE_LETTERS) {
    throw new LatchkeyError('TOO_LARGE', 'The key ring holds as many retired keys as it can.', {
      field: 'encryptedPrivateKey',
      limit: MAX_ENVELOPE_LETTERS,
    })
  }
  return { encryptedPrivateKey, publicKey: publicHalf(currentOf(privateKeys)) }
}

async function withNewKeys({ recordKeys, privateKeys }: RingKeys): Promise<RingKeys> {
  return {
    recordKeys: [await makeRecordKey(), ...recordKeys.map(retired)],
    privateKeys: [await makePrivateKey(), ...privateKeys.map(retired)],
  }
}

const retired = <TKey extends { state: State }>(key: TKey): TKey => ({ ...key, state: 'retired' })

async function makeRecordKey(): Promise<RecordKeyJwk> {
  const bytes = randomBytes(32)
  const k = toBase64url(bytes)
  wipe(bytes)
  return { kty: 'oct', k, kid: await calculateJwkThumbprint({ kty: 'oct', k }), alg: 'A256KW', state: 'current' }
}

async function makePrivateKey(): Promise<PrivateKeyJwk> {
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
  const { x, y, d } = await crypto.subtle.exportKey('jwk', privateKey)
  if (!is32Bytes(x) || !is32Bytes(y) || !is32Bytes(d)) throw new Error('Web Crypto gave a P-256 key without x, y or d.')
  const half: PublicKeyJwk = { kty: 'EC', crv: 'P-256', x, y }
  return { ...half, d, kid: await kidOf(half), alg: 'ECDH-ES+A256KW', state: 'current' }
}

async function parseRing(plaintext: Uint8Array): Promise<RingKeys> {
  const { v, keys } = asObject(parseJson(plaintext))
  if (v !== 1 || !Array.isArray(keys)) throw refused('The key ring is not of the form that this client knows.')
  const parsed = keys.map(asObject)
  const recordKeys = parsed.filter(isRecordKey)
  const privateKeys = parsed.filter(isPrivateKey)
  if (recordKeys.length + privateKeys.length !== keys.length)
    throw refused('The key ring holds something else than keys.')
  await Promise.all([...recordKeys, ...privateKeys].map(insistOnKid))
  if (new Set(parsed.map(({ kid }) => kid)).size !== keys.length) throw refused('The key ring holds a key twice.')
  for (const kind of [recordKeys, privateKeys]) {
    if (kind.filter(({ state }) => state === 'current').length !== 1) {
      throw refused('The key ring does not hold one current record key and one current private key.')
    }
  }
  return { recordKeys, privateKeys }
}

// What JSON.parse throws quotes the text, which is keys.
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes))
  } catch {
    throw refused('The key ring is not JSON.')
  }
}

type Fields = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Fields =>
  // Any object may be asked for its names; what they hold is checked one by one.
  typeof value === 'object' && value !== null ? (value as Fields) : {}

const hasNames = (key: Fields, names: string) => Object.keys(key).sort().join() === names
const isState = (value: unknown): value is State => value === 'current' || value === 'retired'

const isRecordKey = (key: Fields): key is RecordKeyJwk =>
  hasNames(key, 'alg,k,kid,kty,state') &&
  key['kty'] === 'oct' &&
  key['alg'] === 'A256KW' &&
  is32Bytes(key['k']) &&
  isState(key['state'])

const isPrivateKey = (key: Fields): key is PrivateKeyJwk =>
  hasNames(key, 'alg,crv,d,kid,kty,state,x,y') &&
  key['alg'] === 'ECDH-ES+A256KW' &&
  is32Bytes(key['d']) &&
  isState(key['state']) &&
  isPublicKeyJwk({ kty: key['kty'], crv: key['crv'], x: key['x'], y: key['y'] })

async function insistOnKid(key: RecordKeyJwk | PrivateKeyJwk): Promise<void> {
  const kid = key.kty === 'oct' ? calculateJwkThumbprint({ kty: 'oct', k: key.k }) : kidOf(publicHalf(key))
  if (key.kid !== (await kid)) throw refused('The kid of a key in the key ring is not its thumbprint.')
}

/** The kid that names a public key: its RFC 7638 thumbprint. */
export const kidOf = ({ kty, crv, x, y }: PublicKeyJwk): Promise<string> => calculateJwkThumbprint({ kty, crv, x, y })

const publicHalf = ({ kty, crv, x, y }: PublicKeyJwk): PublicKeyJwk => ({ kty, crv, x, y })

function currentOf<TKey extends { state: State }>(keys: readonly TKey[]): TKey {
  const current = keys.find(({ state }) => state === 'current')
  if (!current) throw new Error('A ring without a current key was made.')
  return current
}

async function importRecordKey({ kid, k }: RecordKeyJwk): Promise<[string, CryptoKey]> {
  const bytes = fromBase64url(k)
  if (!bytes) throw new Error('A record key was checked, and is not base64url.')
  return [kid, await importAndWipe(bytes, 'AES-KW', ['wrapKey', 'unwrapKey'])]
}

type Usage = 'encrypt' | 'decrypt' | 'wrapKey' | 'unwrapKey'

function importAndWipe(bytes: Uint8Array<ArrayBuffer>, algorithm: string, usages: Usage[]): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, algorithm, false, usages).finally(() => wipe(bytes))
}

async function importPrivateKey({ kid, kty, crv, x, y, d }: PrivateKeyJwk): Promise<[string, CryptoKey]> {
  const use = { name: 'ECDH', namedCurve: 'P-256' }
  return [kid, await crypto.subtle.importKey('jwk', { kty, crv, x, y, d }, use, false, ['deriveBits'])]
}

const refused = (why: string) => new LatchkeyError('KEYS_REFUSED', why)
