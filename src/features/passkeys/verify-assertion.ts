import { verifyAuthenticationResponse } from '@simplewebauthn/server'
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import type { Passkey, PasskeyChallenge } from '../../generated/sqlite/client.ts'
import type { Services } from '../../services.ts'
import { transportsOf } from './passkey.ts'
import { relyingParty } from './relying-party.ts'
import { faultIn } from './fault.ts'
import type { Fault } from './fault.ts'

/** What an assertion proved, beside whose passkey made it. */
type Verified = { counter: bigint; backedUp: boolean }

/**
 * Verifies the signature of an assertion, and all that stands under it: challenge, origin, RP ID, user presence and user
 * verification (WebAuthn level 3, section 7.2). Otherwise what was not right, for the log alone. The counter is for
 * the caller to compare, in the write that keeps it.
 */
export async function verifyAssertion(
  services: Services,
  passkey: Passkey,
  challenge: Pick<PasskeyChallenge, 'challenge'>,
  response: AuthenticationResponseJSON,
): Promise<Verified | Fault> {
  const { rpId, origins } = relyingParty(services)
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge.challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      requireUserVerification: true,
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
        // Not the one that is kept: another request may raise that one before this one writes.
        counter: 0,
        transports: transportsOf(passkey.transports),
      },
    })
    if (!verified) return { fault: 'signature' }
    return { counter: BigInt(authenticationInfo.newCounter), backedUp: authenticationInfo.credentialBackedUp }
  } catch (error) {
    return faultIn(error)
  }
}

/** The condition of the write that keeps a counter: it must have grown, or be kept by nobody (section 7.2, step 21). */
export function isBefore(counter: bigint): { counter: bigint } | { counter: { lt: bigint } } {
  return counter === 0n ? { counter: 0n } : { counter: { lt: counter } }
}
