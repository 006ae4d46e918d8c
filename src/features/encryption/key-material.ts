import { createHash, createPublicKey } from 'node:crypto'
import { AppError } from '../../errors.ts'
import { contextOf } from '../../shared/encryption/contexts.ts'
import { is32Bytes, isPublicKeyJwk, MAX_ENVELOPE_LETTERS } from '../../shared/encryption/envelopes.ts'
import { checkedEnvelope } from './checked-envelope.ts'

/** A public key as it is kept, with its thumbprint. */
export type CheckedPublicKey = { text: string; id: string }

/** PUBLIC_KEY_INVALID for anything but a public JWK on P-256: a private member, another curve, a point that is off it. */
export function checkedPublicKey(jwk: unknown): CheckedPublicKey {
  if (!isPublicKeyJwk(jwk)) throw publicKeyInvalid()
  const { crv, kty, x, y } = jwk
  try {
    createPublicKey({ key: { crv, kty, x, y }, format: 'jwk' })
  } catch {
    throw publicKeyInvalid()
  }
  // The required members alone, sorted, without spaces: what RFC 7638 takes the hash of.
  const text = JSON.stringify({ crv, kty, x, y })
  return { text, id: createHash('sha256').update(text).digest('base64url') }
}

/** The refusal of a public key. */
export function publicKeyInvalid(
  why = 'a public JWK on P-256 with the members kty, crv, x and y, and no other',
): AppError {
  return new AppError('PUBLIC_KEY_INVALID', `publicKey: ${why}.`, { field: 'publicKey' })
}

/** BAD_INPUT for anything but 32 bytes in base64url. */
export function checkedSalt(salt: string, field = 'keySalt'): string {
  if (is32Bytes(salt)) return salt
  throw saltInvalid('32 bytes in base64url, without padding.', field)
}

/** The refusal of a salt. */
export function saltInvalid(why: string, field = 'keySalt'): AppError {
  return new AppError('BAD_INPUT', `${field}: ${why}`, { field })
}

/** The key that a ring says is in force. ENVELOPE_INVALID for what is no ring for this user, revision and generation. */
export function keyIdOfRing(ring: string, place: { userId: string; ringRevision: number; generation: number }): string {
  const field = 'encryptedPrivateKey'
  if (ring.length > MAX_ENVELOPE_LETTERS) {
    const message = `${field}: ${ring.length} bytes, where at most ${MAX_ENVELOPE_LETTERS} are allowed.`
    throw new AppError('TOO_LARGE', message, { field, limit: MAX_ENVELOPE_LETTERS })
  }
  const ctx = contextOf.ring(place.userId, place.ringRevision, place.generation)
  const { kid } = checkedEnvelope('RING', ring, ctx, field)
  if (kid === undefined) throw new Error('A ring passed its rules without a kid.')
  return kid
}
