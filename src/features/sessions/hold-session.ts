import { AppError } from '../../errors.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { Viewer, ViewerSession } from '../../viewer.ts'

/**
 * Locks the viewer's session in the transaction of a change that it alone allows: a revocation waits for the change, or
 * the change is refused with UNAUTHENTICATED. Without it a session that was ended meanwhile could still leave a passkey,
 * and so could a copy of the one that stays when its owner says "this was not me": its proofs are taken back.
 */
export async function holdSession(
  tx: SystemTx,
  { user, session }: Viewer,
  columns: { provedAt?: Date; strongProvedAt?: Date } = {},
): Promise<void> {
  const { count } = await tx.session.updateMany({
    where: { id: session.id, userId: user.id, ...notTakenBack(session) },
    data: { userId: user.id, ...columns },
  })
  if (count === 0) {
    throw new AppError('UNAUTHENTICATED', 'The session has ended meanwhile. Sign in, then ask again.')
  }
}

/** The condition under which the proof that a request goes by still counts: a later one only moves it on. */
export function notTakenBack({ provedAt }: Pick<ViewerSession, 'provedAt'>): { provedAt: { gte: Date } } {
  return { provedAt: { gte: provedAt } }
}
