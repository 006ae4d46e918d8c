import { AppError } from '../../errors.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { Viewer } from '../../viewer.ts'

/**
 * Locks the viewer's session in the transaction of a change that it alone allows: a revocation waits for the change, or
 * the change is refused with UNAUTHENTICATED. Without it a session that was ended meanwhile could still leave a passkey.
 */
export async function holdSession(
  tx: SystemTx,
  { user, session }: Viewer,
  columns: { provedAt?: Date; strongProvedAt?: Date } = {},
): Promise<void> {
  const { count } = await tx.session.updateMany({
    where: { id: session.id, userId: user.id },
    data: { userId: user.id, ...columns },
  })
  if (count === 0) {
    throw new AppError('UNAUTHENTICATED', 'The session has ended meanwhile. Sign in, then ask again.')
  }
}
