import type { CryptoKey } from 'jose'
import { contextOf, revisionIn } from '../../shared/encryption/contexts.ts'
import { isPublicKeyJwk, MAX_ENVELOPE_LETTERS, readEnvelope } from '../../shared/encryption/envelopes.ts'
import type { EnvelopeKind, PublicKeyJwk } from '../../shared/encryption/envelopes.ts'
import { pad, unpad } from '../../shared/encryption/padding.ts'
import { LatchkeyError } from '../errors.ts'
import { textOf, utf8, wipe } from './bytes.ts'
import { jsonOf, tooLarge } from './json-of.ts'
import { decrypt, sealEnvelope } from './sealed-envelopes.ts'
import { kidOf } from './ring.ts'
import type { Ring } from './ring.ts'
import type { Place } from './vault.ts'

/** What was opened, and the revision that its envelope was written at. */
export type OpenedRecord = { json: string; value: unknown; revision: number; verified: boolean }

/** Encrypts JSON with the current record key, as what it is in one writing of one record. */
export async function sealRecord(ring: Ring, user: string, { record, revision }: Place, json: string): Promise<string> {
  const key = ring.recordKeys.get(ring.keyId)
  if (!key) throw new Error('The ring lacks the key that it names as current.')
  return seal('RECORD', json, key, { ctx: contextOf.record(user, record, revision), kid: ring.keyId })
}

/**
 * Encrypts a value for whoever holds the private key of an account, which needs no secret: anybody could have made it,
 * and it is shown as that until its owner writes it again. PUBLIC_KEY_INVALID for what is no public key of an account.
 */
export async function sealToPublicKey(publicKey: unknown, user: string, place: Place, value: unknown): Promise<string> {
  if (!isPublicKeyJwk(publicKey)) {
    throw new LatchkeyError('PUBLIC_KEY_INVALID', 'A public JWK on P-256 is asked for.', { field: 'publicKey' })
  }
  return sealJsonToPublicKey(publicKey, user, place, jsonOf(value))
}

/** The same for what is JSON already. */
export async function sealJsonToPublicKey(
  publicKey: PublicKeyJwk,
  user: string,
  { record, revision }: Place,
  json: string,
): Promise<string> {
  const key = await importPublicKey(publicKey).catch(() => null)
  if (!key)
    throw new LatchkeyError('PUBLIC_KEY_INVALID', 'The public key is no point of P-256.', { field: 'publicKey' })
  const ctx = contextOf.record(user, record, revision)
  return seal('RECORD_TO_PUBLIC_KEY', json, key, { ctx, kid: await kidOf(publicKey) })
}

/**
 * Opens a record's envelope, which may be older than the record: a change of the title alone leaves it as it is. Null
 * for what does not open, belongs elsewhere, or names a revision that the record has not reached.
 */
export async function openRecord(
  ring: Pick<Ring, 'recordKeys' | 'privateKeys'>,
  user: string,
  { record, revision: newest }: Place,
  envelope: string,
): Promise<OpenedRecord | null> {
  const found = keyFor(ring, envelope)
  if (!found) return null
  const revision = revisionIn(found.header.ctx, user, record)
  if (revision === null || revision > newest) return null
  const opened = await decrypt(found.kind, envelope, found.header, found.key)
  if (!opened.ok) return null
  const read = jsonIn(opened.plaintext)
  wipe(opened.plaintext)
  return read && { ...read, revision, verified: found.kind === 'RECORD' }
}

function keyFor(ring: Pick<Ring, 'recordKeys' | 'privateKeys'>, envelope: string) {
  const kinds = { RECORD: ring.recordKeys, RECORD_TO_PUBLIC_KEY: ring.privateKeys } as const
  for (const kind of ['RECORD', 'RECORD_TO_PUBLIC_KEY'] as const) {
    const read = readEnvelope(kind, envelope)
    const key = read.ok ? kinds[kind].get(read.header.kid ?? '') : undefined
    if (read.ok && key) return { kind, header: read.header, key }
  }
  return null
}

async function seal(
  kind: EnvelopeKind,
  json: string,
  key: CryptoKey,
  named: { ctx: string; kid: string },
): Promise<string> {
  const bytes = utf8(json)
  const padded = pad(bytes)
  const envelope = await sealEnvelope(kind, padded, key, named).finally(() => wipe(bytes, padded))
  if (envelope.length > MAX_ENVELOPE_LETTERS) throw tooLarge()
  return envelope
}

function jsonIn(padded: Uint8Array): { json: string; value: unknown } | null {
  const bytes = unpad(padded)
  if (!bytes) return null
  try {
    const json = textOf(bytes)
    return { json, value: JSON.parse(json) }
  } catch {
    return null
  }
}

function importPublicKey({ kty, crv, x, y }: PublicKeyJwk): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', { kty, crv, x, y }, { name: 'ECDH', namedCurve: 'P-256' }, true, [])
}
