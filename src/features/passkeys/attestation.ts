import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { decodeAttestationObject } from '@simplewebauthn/server/helpers'

/**
 * Whether a new passkey comes without a certificate, as it must where none was asked for: with no statement, or signed by
 * itself (WebAuthn level 3, section 5.1.3). A certificate that a stranger sends is never read, nor are the
 * revocation lists fetched that it names.
 */
export function isUnattested({ response }: RegistrationResponseJSON): boolean {
  try {
    const attestation = decodeAttestationObject(new Uint8Array(Buffer.from(response.attestationObject, 'base64url')))
    const format = attestation.get('fmt')
    return format === 'none' || (format === 'packed' && attestation.get('attStmt').get('x5c') === undefined)
  } catch {
    return false
  }
}
