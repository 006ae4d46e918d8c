import { verifyRegistrationResponse } from '@simplewebauthn/server'
import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Passkey } from '../../generated/sqlite/client.ts'
import { isUniqueViolation } from '../../platform/db/errors.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { announceAlerts, raiseAlert } from '../alerts/raise-alert.ts'
import { holdSession } from '../sessions/hold-session.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { addedKey } from './take-passkey-away.ts'
import { ALGORITHMS, tooManyPasskeys } from './begin-ceremony.ts'
import { challengeInvalid, takeChallenge } from './challenges.ts'
import { MAX_PASSKEYS } from './passkey.ts'
import { defaultName, distinctName, passkeyName } from './passkey-name.ts'
import { parseRegistration } from './parse-response.ts'
import { relyingParty } from './relying-party.ts'
import { faultIn } from './fault.ts'
import type { Fault } from './fault.ts'
import { isUnattested } from './attestation.ts'

type Input = { challengeId: string; response?: unknown; name: string | null }

/**
 * Adds a passkey to the viewer's account, tells the viewer of it by an alert, and counts it as a strong proof of this
 * session: whoever made it has just been verified by it. The account's count is raised by one conditional write, so that
 * however many come at once, no more than five are kept.
 */
export async function completeRegistration(context: Context, input: Input): Promise<Passkey> {
  const { services } = context
  const { user, session } = signedIn(context)
  const response = parseRegistration(input.response)
  const name = input.name === null ? null : passkeyName(input.name)
  const challenge = await takeChallenge(context, 'REGISTRATION', input.challengeId)
  if (!challenge) throw await refused(context, { fault: 'challenge' }, challengeInvalid())
  const verified = await verify(context, challenge.challenge, response)
  if ('fault' in verified) throw await refused(context, verified, notVerified())

  const { passkey, alert } = await services.database.systemDb
    .$transaction(async (tx) => {
      const { count } = await tx.user.updateMany({
        where: { id: user.id, passkeyCount: { lt: MAX_PASSKEYS } },
        data: { passkeyCount: { increment: 1 } },
      })
      if (count === 0) throw tooManyPasskeys()
      const passkey = await insert(context, tx, { ...verified, name })
      const alert = await raiseAlert(services, tx, {
        kind: 'passkey.added',
        user,
        onceKey: addedKey(passkey.id),
        origin: context.origin,
        about: { passkey: passkey.name },
      })
      return { passkey, alert }
    })
    .catch((error: unknown) => {
      throw isUniqueViolation(error) ? alreadyRegistered() : error
    })

  // What follows in the same request goes by it.
  user.passkeyCount += 1
  Object.assign(session, provedBy(passkey))
  announceAlerts(services, [alert])
  return passkey
}

type NewPasskey = Pick<
  Passkey,
  'credentialId' | 'publicKey' | 'counter' | 'deviceType' | 'backedUp' | 'transports' | 'aaguid'
>

async function verify(
  { services }: Context,
  expectedChallenge: string,
  response: RegistrationResponseJSON,
): Promise<NewPasskey | Fault> {
  const { rpId, origins } = relyingParty(services)
  if (!isUnattested(response)) return { fault: 'attestation' }
  const result = await verifyRegistrationResponse({
    response,
    expectedChallenge,
    expectedOrigin: [...origins],
    expectedRPID: rpId,
    requireUserPresence: true,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch(faultIn)
  if ('fault' in result) return result
  if (!result.verified) return { fault: 'signature' }
  const { credential, credentialDeviceType, credentialBackedUp, aaguid } = result.registrationInfo
  return {
    credentialId: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    counter: BigInt(credential.counter),
    deviceType: credentialDeviceType === 'multiDevice' ? 'MULTI_DEVICE' : 'SINGLE_DEVICE',
    backedUp: credentialBackedUp,
    transports: JSON.stringify(response.response.transports ?? []),
    aaguid,
  }
}

async function insert(
  context: Context,
  tx: SystemTx,
  { name, ...columns }: NewPasskey & { name: string | null },
): Promise<Passkey> {
  const { services, origin } = context
  const { user, session } = signedIn(context)
  const now = services.now()
  const others = await tx.passkey.findMany({ where: { userId: user.id }, select: { name: true } })
  const wanted = name ?? defaultName({ aaguid: columns.aaguid, deviceName: origin.deviceName })
  const passkey = await tx.passkey.create({
    data: {
      ...columns,
      id: uuidv7({ msecs: now.getTime() }),
      userId: user.id,
      name: distinctName(
        wanted,
        others.map((other) => other.name),
      ),
      createdAt: now,
    },
  })
  await holdSession(tx, signedIn(context), provedBy(passkey))
  const about = { userId: user.id, sessionId: session.id, tableName: 'passkeys', recordId: passkey.id }
  await tx.auditEntry.create({ data: services.audit.row({ ...about, action: 'passkey.created' }, origin) })
  return passkey
}

/** Whoever made the passkey has just been verified by it, in this session. */
function provedBy({ createdAt }: Passkey) {
  return { provedAt: createdAt, strongProvedAt: createdAt }
}

/** Logs a registration that came to nothing, then gives the refusal to throw. */
async function refused({ services, origin, viewer }: Context, { fault }: Fault, refusal: AppError): Promise<AppError> {
  const about = { userId: viewer?.user.id ?? null, sessionId: viewer?.session.id ?? null }
  const event = { ...about, action: 'passkey.refused', success: false, details: { reason: fault } }
  await services.audit.commit([services.audit.row(event, origin)])
  return refusal
}

function notVerified(): AppError {
  return new AppError(
    'PASSKEY_INVALID',
    'This passkey could not be verified, so it was not added. Begin again; it must be made on this site, by a device that asks for a fingerprint, a face or a PIN. Signing in by mail goes on working.',
    { field: 'response' },
  )
}

function alreadyRegistered(): AppError {
  return new AppError('PASSKEY_EXISTS', 'This passkey is registered already. Use another device or security key.', {
    field: 'response',
  })
}
