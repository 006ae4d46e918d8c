import { generateAuthenticationOptions, generateRegistrationOptions } from '@simplewebauthn/server'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Passkey } from '../../generated/sqlite/client.ts'
import { canonicalEmail } from '../sign-in/canonical-email.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { CHALLENGE_MS, makeChallenge } from './challenges.ts'
import type { IssuedChallenge } from './challenges.ts'
import { userHandleOf } from './find-passkey.ts'
import { descriptorOf, MAX_PASSKEYS } from './passkey.ts'
import { relyingParty } from './relying-party.ts'

/** A ceremony that has begun: what the browser hands to navigator.credentials. */
export type BegunCeremony = Omit<IssuedChallenge, 'challenge'> & {
  options: PublicKeyCredentialCreationOptionsJSON | PublicKeyCredentialRequestOptionsJSON
}

/** COSE's numbers of EdDSA, ES256 and RS256, the preferred first (WebAuthn level 3, section 5.4). */
export const ALGORITHMS = [-8, -7, -257]

/** Begins to register a passkey for the viewer. QUOTA_EXCEEDED when the account has five. */
export async function beginRegistration(context: Context): Promise<BegunCeremony> {
  const { rpId, rpName } = relyingParty(context.services)
  const { user } = signedIn(context)
  const own = await context.db.passkey.findMany({ select: { credentialId: true, transports: true } })
  if (own.length >= MAX_PASSKEYS) throw tooManyPasskeys()
  const { challenge, ...issued } = await makeChallenge(context, 'REGISTRATION')
  const options = await generateRegistrationOptions({
    rpName,
    rpID: rpId,
    // A random id, which says nothing of its owner to whoever finds the device.
    userID: userHandleOf(user.id),
    userName: user.email,
    userDisplayName: user.displayName ?? user.email,
    challenge,
    timeout: CHALLENGE_MS,
    attestationType: 'none',
    excludeCredentials: own.map(descriptorOf),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
  return { ...issued, options }
}

/**
 * Begins to sign in. Each passkey can be found by its device alone, so none is named: the answer neither depends on the
 * address nor looks it up, today or tomorrow (WebAuthn level 3, section 14.6.2). A browser that has signed in with the
 * address before is told its passkeys, which spares a choice.
 */
export async function beginLogin(context: Context, input: { email: string | null }): Promise<BegunCeremony> {
  relyingParty(context.services)
  const email = input.email === null ? null : canonicalEmail(input.email)
  const known = email !== null && (await context.deviceIdFor(email)) !== null ? await passkeysOf(context, email) : []
  return requestOptions(context, await makeChallenge(context, 'LOGIN', { email }), known)
}

/** Begins to prove the viewer again, or to recover the keys. NOT_FOUND when the account has no passkey. */
export async function beginAssertion(
  context: Context,
  purpose: 'REAUTHENTICATION' | 'RECOVERY',
): Promise<BegunCeremony> {
  relyingParty(context.services)
  const own = await context.db.passkey.findMany({ select: { credentialId: true, transports: true } })
  if (own.length === 0) {
    throw new AppError('NOT_FOUND', 'This account has no passkey. Prove yourself by mail: requestReauthenticationCode.')
  }
  return requestOptions(context, await makeChallenge(context, purpose), own)
}

/** The refusal of a sixth. */
export function tooManyPasskeys(): AppError {
  return new AppError('QUOTA_EXCEEDED', `An account has ${MAX_PASSKEYS} passkeys at the most. Remove one first.`, {
    limit: MAX_PASSKEYS,
  })
}

type Named = Pick<Passkey, 'credentialId' | 'transports'>

async function requestOptions(
  { services }: Context,
  { challenge, ...issued }: IssuedChallenge,
  passkeys: readonly Named[],
): Promise<BegunCeremony> {
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(services).rpId,
    challenge,
    timeout: CHALLENGE_MS,
    userVerification: 'required',
    allowCredentials: passkeys.map(descriptorOf),
  })
  return { ...issued, options }
}

/** As the server: nobody is signed in, but the browser's device cookie has proved the address. */
function passkeysOf({ services }: Context, email: string): Promise<Named[]> {
  const select = { credentialId: true, transports: true }
  return services.database.systemDb.passkey.findMany({ where: { user: { email } }, select })
}
