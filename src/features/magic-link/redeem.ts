import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { MagicLink } from '../../generated/sqlite/client.ts'
import { setSessionCookie } from '../sessions/session-cookie.ts'
import { completeSignIn } from '../sign-in/complete-sign-in.ts'
import { clearChallenges } from './challenge-cookie.ts'
import { consumeOnce } from './magic-link.ts'
import type { ViewerSession, ViewerUser } from '../../viewer.ts'

export type SignedIn = { kind: 'SignedIn'; user: ViewerUser; session: ViewerSession; redirectTo: string | null }

/** No sign-in, and why, for the log alone: another request was first, or the account may not be made any more. */
export type NotRedeemed = { kind: 'NotRedeemed'; reason: 'used' | 'sign-up-closed' }

/** Uses the link up and signs in, in one transaction: a process that dies in between leaves the link as it was. */
export async function redeem(context: Context, link: MagicLink): Promise<SignedIn | NotRedeemed> {
  const { services } = context
  // The second would leave the first one's session behind, with a cookie that nobody keeps.
  if (context.issuedSessionId) throw new AppError('BAD_INPUT', 'One sign-in in a request: send the next in its own.')
  const done = await services.database.systemDb.$transaction(async (tx) => {
    const consumed = await consumeOnce(tx, link.id, services.now())
    if (!consumed) return 'used'
    const proof = { email: link.email, method: 'MAGIC_LINK', remember: link.rememberDevice } as const
    return (await completeSignIn(context, tx, proof)) ?? 'sign-up-closed'
  })
  if (typeof done === 'string') return { kind: 'NotRedeemed', reason: done }
  context.issuedSessionId = done.started.session.id
  setSessionCookie(context, done.started)
  clearChallenges(context)
  services.metrics.signIn('MAGIC_LINK', 'succeeded')
  return { kind: 'SignedIn', user: done.user, session: done.started.session, redirectTo: link.redirectTo }
}
