import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import type { Context } from '../../context.ts'
import type { PasskeyChallenge } from '../../generated/sqlite/client.ts'
import { lockAccount } from '../sessions/lock-account.ts'
import { completeSignIn } from '../sign-in/complete-sign-in.ts'
import { allowedRedirect } from '../sign-in/redirect.ts'
import type { SignedIn } from '../sign-in/sign-in-result.ts'
import { challengeInvalid, takeChallenge } from './challenges.ts'
import { findPasskey, notOwnedBy } from './find-passkey.ts'
import type { OwnedPasskey } from './find-passkey.ts'
import { parseAuthentication } from './parse-response.ts'
import { refuseLogin } from './refuse-login.ts'
import { isBefore, verifyAssertion } from './verify-assertion.ts'
import { warnOfCopy } from './warn-of-copy.ts'

type Input = { challengeId: string; response?: unknown; remember: boolean; redirectTo: string | null }

/**
 * Signs in with a passkey: in the browser that began, once, whatever follows. PASSKEY_INVALID for every answer that does
 * not sign in, so that nobody can tell an unknown passkey from a wrong signature; the security log holds the reason.
 */
export async function completeLogin(context: Context, input: Input): Promise<SignedIn> {
  const { services } = context
  const redirectTo = input.redirectTo === null ? null : allowedRedirect(input.redirectTo, services.config)
  const response = parseAuthentication(input.response)
  const challenge = await takeChallenge(context, 'LOGIN', input.challengeId)
  if (!challenge) {
    await refuseLogin(context, { reason: 'challenge', account: null })
    throw challengeInvalid()
  }
  const passkey = await findPasskey(services, response.id)
  if (!passkey) throw await refuseLogin(context, { reason: 'unknown', account: aimedAt(challenge, null) })
  const reason = mismatch(challenge, passkey, response)
  if (reason) throw await refuseLogin(context, { reason, account: aimedAt(challenge, passkey) })
  const account = { userId: passkey.userId }
  const verified = await verifyAssertion(services, passkey, challenge, response)
  if ('fault' in verified) throw await refuseLogin(context, { reason: verified.fault, account })

  const { counter, backedUp } = verified
  const result = await completeSignIn(context, 'PASSKEY', async (tx) => {
    await lockAccount(tx, passkey.userId)
    const { count } = await tx.passkey.updateMany({
      where: { id: passkey.id, userId: passkey.userId, ...isBefore(counter) },
      data: { counter, backedUp, lastUsedAt: services.now() },
    })
    return count > 0 ? { account, remember: input.remember } : null
  })
  if (result.kind === 'SignedIn') return { ...result, redirectTo }
  await warnOfCopy(context, passkey)
  throw await refuseLogin(context, { reason: 'counter', account })
}

/** The account that a try is for: that of the address that was named, else the passkey's. */
function aimedAt({ email }: PasskeyChallenge, passkey: OwnedPasskey | null) {
  return email === null ? passkey && { userId: passkey.userId } : { email }
}

/** Why this passkey may not answer this challenge, before its signature is looked at; null when it may. */
function mismatch({ email }: PasskeyChallenge, passkey: OwnedPasskey, { response }: AuthenticationResponseJSON) {
  if (email !== null && passkey.user.email !== email) return 'other-account'
  return notOwnedBy(passkey.userId, response.userHandle) ? 'user-handle' : null
}
