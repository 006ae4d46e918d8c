import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { hashToken, isToken } from '../../platform/crypto/tokens.ts'
import { announceAlerts } from '../alerts/raise-alert.ts'
import type { RaisedAlert } from '../alerts/raise-alert.ts'
import { holdSession } from '../sessions/hold-session.ts'
import { lockAccount } from '../sessions/lock-account.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { stopRecovery } from './stop-recovery.ts'

/**
 * Stops what a warning's mail tells of, by the token of its link: a recovery, or a fresh start. Nobody need be signed in.
 * LINK_INVALID, alike for a token that is unknown, used or too old.
 */
export async function cancelRecovery(context: Context, token: string): Promise<true> {
  const stopped = await stopByLink(context, token)
  if (stopped.length === 0) throw await refused(context)
  announceAlerts(context.services, stopped)
  return true
}

/** Stops what is under way for the viewer's account, from whatever session of its owner. False when nothing was. */
export async function cancelOpenRecovery(context: Context): Promise<boolean> {
  const { services } = context
  const viewer = signedIn(context)
  const stopped = await services.database.systemDb.$transaction(async (tx) => {
    await lockAccount(tx, viewer.user.id)
    await holdSession(tx, viewer)
    return stopRecovery(context, tx, { user: viewer.user, by: 'session' })
  })
  announceAlerts(services, stopped)
  return stopped.length > 0
}

// The first look asks for all that must be right, so that a token takes the same way whatever is wrong with it; and what
// it found is held against the rows again once the account is locked.
async function stopByLink(context: Context, token: string): Promise<(RaisedAlert | null)[]> {
  const { systemDb, now } = context.services.database
  const cancelHash = hashToken(isToken(token) ? token : '')
  const where = { cancelHash, expiresAt: { gt: await now() } }
  const select = { userId: true } as const
  const request = await systemDb.recoveryRequest.findFirst({ where: { ...where, isOpen: true }, select })
  const freshStart = await systemDb.freshStart.findFirst({ where, select })
  const userId = request?.userId ?? freshStart?.userId
  if (userId === undefined) return []
  return systemDb.$transaction(async (tx) => {
    await lockAccount(tx, userId)
    const user = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { id: true, email: true } })
    return stopRecovery(context, tx, { user, by: 'link', cancelHash })
  })
}

async function refused({ services, viewer, origin }: Context): Promise<AppError> {
  const event = {
    action: 'recovery.cancelled',
    userId: null,
    sessionId: viewer?.session.id ?? null,
    success: false,
    details: { reason: 'unknown-used-or-old' },
  }
  await services.audit.commit([services.audit.row(event, origin)])
  return new AppError(
    'LINK_INVALID',
    'This link is unknown or was used, or what it would stop is over. Sign in to see what is under way.',
    { field: 'token' },
  )
}
