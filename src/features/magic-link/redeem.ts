import type { Context } from '../../context.ts'
import type { MagicLink } from '../../generated/sqlite/client.ts'
import { setSessionCookie } from '../sessions/session-cookie.ts'
import { completeSignIn } from '../sign-in/complete-sign-in.ts'
import { clearChallenges } from './challenge-cookie.ts'
import { consumeOnce } from './magic-link.ts'
import type { ViewerSession, ViewerUser } from '../../viewer.ts'

export type SignedIn = { kind: 'SignedIn'; user: ViewerUser; session: ViewerSession; redirectTo: string | null }

/**
 * Uses the link up and signs in, in one transaction: a process that dies in between leaves the link as it was.
 * Null when another request was first.
 */
export async function redeem(context: Context, link: MagicLink): Promise<SignedIn | null> {
  const { services } = context
  const done = await services.database.systemDb.$transaction(async (tx) => {
    const consumed = await consumeOnce(tx, link.id, services.now())
    if (!consumed) return null
    return completeSignIn(context, tx, { email: link.email, method: 'MAGIC_LINK', remember: link.rememberDevice })
  })
  if (!done) return null
  context.issuedSessionId = done.started.session.id
  setSessionCookie(context, done.started)
  clearChallenges(context)
  services.metrics.signIn('MAGIC_LINK', 'succeeded')
  return { kind: 'SignedIn', user: done.user, session: done.started.session, redirectTo: link.redirectTo }
}
