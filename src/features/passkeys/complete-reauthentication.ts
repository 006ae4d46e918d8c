import type { Context } from '../../context.ts'
import type { AppError } from '../../errors.ts'
import type { ViewerSession } from '../../viewer.ts'
import { logFailedReauthentication, reauthenticationRow } from '../sessions/log-reauthentication.ts'
import { renewSession, takeUpRenewed } from '../sessions/renew-session.ts'
import { requireViewer } from '../sessions/signed-in.ts'
import type { SignedInContext } from '../sessions/signed-in.ts'
import { challengeInvalid, takeChallenge } from './challenges.ts'
import { notOwnedBy } from './find-passkey.ts'
import { parseAuthentication } from './parse-response.ts'
import { passkeyInvalid } from './refuse-login.ts'
import { isBefore, verifyAssertion } from './verify-assertion.ts'
import { warnOfCopy } from './warn-of-copy.ts'

type Input = { challengeId: string; response?: unknown }

/**
 * Raises the viewer's session to STRONG by one of the viewer's own passkeys. The session keeps its row and its end, and
 * changes its token. PASSKEY_INVALID for every answer that proves nothing; the security log holds the reason.
 */
export async function completeReauthentication(context: Context, input: Input): Promise<ViewerSession> {
  requireViewer(context)
  const { services, viewer } = context
  const response = parseAuthentication(input.response)
  const challenge = await takeChallenge(context, 'REAUTHENTICATION', input.challengeId)
  if (!challenge) {
    await refuse(context, 'challenge')
    throw challengeInvalid()
  }
  // The viewer's own client: another's passkey is not there.
  const passkey = await context.db.passkey.findUnique({ where: { credentialId: response.id } })
  if (!passkey) throw await refuse(context, 'unknown')
  if (notOwnedBy(viewer.user.id, response.response.userHandle)) throw await refuse(context, 'user-handle')
  const verified = await verifyAssertion(services, passkey, challenge, response)
  if ('fault' in verified) throw await refuse(context, verified.fault)

  const { counter, backedUp } = verified
  const renewed = await context.db.$transaction(async (tx) => {
    const { count } = await tx.passkey.updateMany({
      where: { id: passkey.id, ...isBefore(counter) },
      data: { counter, backedUp, lastUsedAt: services.now() },
    })
    if (count === 0) return null
    const started = await renewSession(context, tx, 'PASSKEY')
    await tx.auditEntry.create({ data: reauthenticationRow(context, { method: 'PASSKEY' }) })
    return started
  })
  if (renewed) return takeUpRenewed(context, renewed)
  await warnOfCopy(context, { ...passkey, user: viewer.user })
  throw await refuse(context, 'counter')
}

async function refuse(context: SignedInContext, reason: string): Promise<AppError> {
  await logFailedReauthentication(context, { method: 'PASSKEY', reason })
  return passkeyInvalid()
}
