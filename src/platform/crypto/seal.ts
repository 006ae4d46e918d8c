import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyPurpose, Keyring } from './keyring.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals text at rest: AES-256-GCM under the purpose's subkey, `v1.<key id>.<base64url(nonce, ciphertext, tag)>`.
 * `boundTo` (the row and field it belongs to) is authenticated, so that a sealed value moved elsewhere does not open.
 */
export function seal(keys: Keyring, purpose: KeyPurpose, text: string, boundTo: readonly string[]): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keys.subkey(purpose), nonce)
  cipher.setAAD(associatedData(purpose, keys.currentId, boundTo))
  const body = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `v1.${keys.currentId}.${body.toString('base64url')}`
}

/** Opens what `seal` made for the same purpose and binding. Throws for anything else: it was damaged or moved. */
export function unseal(keys: Keyring, purpose: KeyPurpose, sealed: string, boundTo: readonly string[]): string {
  const [version, keyId, encoded, ...rest] = sealed.split('.')
  if (version !== 'v1' || !keyId || !encoded || rest.length > 0)
    throw new Error('A sealed value is not of the form v1.<key>.<body>.')
  const body = Buffer.from(encoded, 'base64url')
  if (body.length < NONCE_BYTES + TAG_BYTES) throw new Error('A sealed value is too short.')
  const decipher = createDecipheriv('aes-256-gcm', keys.subkey(purpose, keyId), body.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(associatedData(purpose, keyId, boundTo))
  decipher.setAuthTag(body.subarray(-TAG_BYTES))
  return decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
}

// JSON keeps the parts apart: ["a", "bc"] and ["ab", "c"] differ.
function associatedData(purpose: KeyPurpose, keyId: string, boundTo: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(['latchkey/v1', purpose, keyId, ...boundTo]))
}
