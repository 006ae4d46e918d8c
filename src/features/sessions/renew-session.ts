import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { hashToken, makeToken } from '../../platform/crypto/tokens.ts'
import type { ScopedTx } from '../../platform/db/types.ts'
import type { ViewerSession } from '../../viewer.ts'
import { notTakenBack } from './hold-session.ts'
import { setSessionCookie } from './session-cookie.ts'
import { provedNow } from './start-session.ts'
import type { ProvedBy, StartedSession } from './start-session.ts'
import { signedIn } from './signed-in.ts'
import { toViewerSession } from './to-viewer-session.ts'

/**
 * Raises the viewer's session after a proof: it keeps its row and its end, and changes its token, so that whoever holds
 * the old one holds nothing. UNAUTHENTICATED when the session was ended meanwhile, or went on without its proofs. To be followed by `takeUpRenewed`
 * once the transaction has committed.
 */
export async function renewSession(context: Context, tx: ScopedTx, by: ProvedBy): Promise<StartedSession> {
  const { session } = signedIn(context)
  const renewedAt = context.services.now()
  const token = makeToken()
  const [renewed] = await tx.session.updateManyAndReturn({
    where: { id: session.id, ...notTakenBack(session) },
    data: { ...provedNow(context, by, renewedAt), tokenHash: hashToken(token) },
  })
  if (!renewed) throw new AppError('UNAUTHENTICATED', 'The session has ended meanwhile. Sign in, then ask again.')
  return { session: toViewerSession(renewed), token, maxAgeMs: renewed.expiresAt.getTime() - renewedAt.getTime() }
}

/** Hands the browser the renewed session's cookie; the rest of the request goes on at the new level. */
export function takeUpRenewed(context: Context, renewed: StartedSession): ViewerSession {
  setSessionCookie(context, renewed)
  const { user } = signedIn(context)
  context.viewer = { user, session: renewed.session, moved: false }
  context.issued = { user, session: renewed.session }
  return renewed.session
}
