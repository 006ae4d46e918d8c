import type { Keyring } from '../../platform/crypto/keyring.ts'

/**
 * How the server keeps what must be shown to have a slot released: `<key id>.<HMAC>`. It lives for years, and nobody
 * shows it meanwhile, so it cannot be made anew when MASTER_KEYS are rotated: it names the key that made it instead.
 * The user is in it, so that it is worth nothing in another account.
 */
export function verifierHash(keys: Keyring, userId: string, verifier: string, keyId = keys.currentId): string {
  return `${keyId}.${keys.mac('verifiers', JSON.stringify([userId, verifier]), keyId)}`
}
