import type { Context } from '../../context.ts'
import type { FreshStart, RecoveryRequest } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { raiseAlert } from '../alerts/raise-alert.ts'
import type { Alert, RaisedAlert } from '../alerts/raise-alert.ts'
import { closeOpenRequest } from '../encryption/close-open-request.ts'
import { methodOf } from './requests.ts'
import { stopFreshStart } from './stop-fresh-start.ts'

type Stop = {
  user: Alert['user']
  /** Who stops it: whoever reads the mail, a session of the owner, or "this was not me". */
  by: 'link' | 'session' | 'alert'
  /** Stops only what this link is about. */
  cancelHash?: string
  /** False leaves the way open: what was stopped may be its owner's. */
  locks?: boolean
}

/**
 * Stops what is under way to recover an account's keys or to give them up, in a transaction that has locked the account.
 * What a request has released opens nothing any more, and its way stays closed for seven days. The alerts that tell of
 * it; none where nothing was open.
 */
export async function stopRecovery(
  context: Context,
  tx: SystemTx,
  { user, by, cancelHash, locks = true }: Stop,
): Promise<(RaisedAlert | null)[]> {
  const { services, origin, viewer } = context
  const now = await services.database.now(tx)
  // Not one that is over: its way is not to be closed for it.
  const open = { expiresAt: { gt: now }, ...(cancelHash !== undefined && { cancelHash }) }
  const request = await closeOpenRequest(tx, user.id, locks ? 'cancelled' : 'superseded', now, open)
  const freshStart = await stopFreshStart(tx, user.id, open)
  const stopped = [...(request ? [aboutRequest(request)] : []), ...(freshStart ? [aboutFreshStart(freshStart)] : [])]

  const alerts: (RaisedAlert | null)[] = []
  const who = { userId: user.id, sessionId: viewer?.user.id === user.id ? viewer.session.id : null }
  for (const { method, tableName, recordId, onceKey } of stopped) {
    const event = {
      ...who,
      action: locks ? 'recovery.cancelled' : 'recovery.closed',
      tableName,
      recordId,
      details: { by, method },
    }
    // By the database's clock: for how long a fresh start cannot be asked for again goes by this line.
    await tx.auditEntry.create({ data: { ...services.audit.row(event, origin), timestamp: now } })
    alerts.push(
      await raiseAlert(services, tx, {
        kind: 'recovery.cancelled',
        user,
        onceKey,
        origin,
        about: { method, isUnlocked: !locks },
      }),
    )
  }
  return alerts
}

const aboutRequest = (request: RecoveryRequest) =>
  ({
    method: methodOf(request),
    tableName: 'recovery_requests',
    recordId: request.id,
    onceKey: `recovery.cancelled:${request.id}`,
  }) as const

const aboutFreshStart = ({ userId, createdAt }: FreshStart) =>
  ({
    method: 'FRESH_START',
    tableName: 'fresh_starts',
    recordId: userId,
    onceKey: `recovery.cancelled:fresh-start:${createdAt.toISOString()}`,
  }) as const
