import type { Passkey } from '../../generated/sqlite/client.ts'
import type { ScopedTx } from '../../platform/db/types.ts'
import type { SignedInContext } from '../sessions/signed-in.ts'
import { challengeInvalid, takeChallenge } from './challenges.ts'
import { notOwnedBy } from './find-passkey.ts'
import { parseAuthentication } from './parse-response.ts'
import { passkeyInvalid } from './refuse-login.ts'
import { isBefore, verifyAssertion } from './verify-assertion.ts'
import { warnOfCopy } from './warn-of-copy.ts'

/** A ceremony inside a session, as a caller ends it. */
export type AssertionInput = { challengeId: string; response?: unknown }

/** One of the viewer's own passkeys has signed a challenge of this session. Its counter is yet to be kept. */
export type OwnAssertion = { passkey: Passkey; counter: bigint; backedUp: boolean }

/**
 * Verifies what one of the viewer's passkeys made of a challenge, which is used up whatever follows. CHALLENGE_INVALID,
 * PASSKEY_INVALID; `log` hears the reason, which no caller does.
 */
export async function verifyOwnAssertion(
  context: SignedInContext,
  purpose: 'REAUTHENTICATION' | 'RECOVERY',
  input: AssertionInput,
  log: (reason: string) => Promise<void>,
): Promise<OwnAssertion> {
  const refuse = async (reason: string) => {
    await log(reason)
    return passkeyInvalid()
  }
  const response = parseAuthentication(input.response)
  const challenge = await takeChallenge(context, purpose, input.challengeId)
  if (!challenge) {
    await log('challenge')
    throw challengeInvalid()
  }
  // The viewer's own client: another's passkey is not there.
  const passkey = await context.db.passkey.findUnique({ where: { credentialId: response.id } })
  if (!passkey) throw await refuse('unknown')
  if (notOwnedBy(context.viewer.user.id, response.response.userHandle)) throw await refuse('user-handle')
  const verified = await verifyAssertion(context.services, passkey, challenge, response)
  if ('fault' in verified) throw await refuse(verified.fault)
  return { passkey, ...verified }
}

/** Keeps the counter that an assertion came with. False where it has not grown, as it has not when a key was copied. */
export async function keepCounter(
  { services, viewer }: SignedInContext,
  tx: Pick<ScopedTx, 'passkey'>,
  { passkey, counter, backedUp }: OwnAssertion,
): Promise<boolean> {
  const { count } = await tx.passkey.updateMany({
    where: { id: passkey.id, userId: viewer.user.id, ...isBefore(counter) },
    data: { counter, backedUp, lastUsedAt: services.now() },
  })
  return count > 0
}

/** Warns of a passkey that may have been copied, and gives the refusal. */
export async function refuseCopy(
  context: SignedInContext,
  { passkey }: OwnAssertion,
  log: (reason: string) => Promise<void>,
): Promise<Error> {
  await warnOfCopy(context, { ...passkey, user: context.viewer.user })
  await log('counter')
  return passkeyInvalid()
}
