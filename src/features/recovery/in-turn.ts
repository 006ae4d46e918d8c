import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { RecoveryRequest } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { Viewer } from '../../viewer.ts'
import { announceAlerts, raiseAlert } from '../alerts/raise-alert.ts'
import type { Alert } from '../alerts/raise-alert.ts'
import type { AuditRow } from '../audit/audit-log.ts'
import { lockAccount } from '../sessions/lock-account.ts'
import { signedIn } from '../sessions/signed-in.ts'

/** A step of recovery in its turn: the account is locked until the transaction ends. */
export type Turn = {
  tx: SystemTx
  viewer: Viewer
  userId: string
  /** By the database's clock. */
  now: Date
  /** Writes a line of the security log about a request. */
  log(
    action: `recovery.${string}`,
    request: RecoveryRequest,
    details?: Readonly<Record<string, unknown>>,
  ): Promise<void>
  /** Warns the owner, once the transaction has committed. */
  warn(alert: Pick<Alert, 'kind' | 'onceKey' | 'about' | 'action'>): Promise<void>
}

/**
 * Runs a step of the viewer's recovery in one transaction that locks the account first, so that steps, and changes of
 * keys, take turns. A refusal changes nothing, and is logged with its reason.
 */
export async function inTurn<Result>(
  context: Context,
  step: string,
  work: (turn: Turn) => Promise<Result>,
): Promise<Result> {
  const { services, origin } = context
  const viewer = signedIn(context)
  const { user, session } = viewer
  return loggingRefusals(context, step, async () => {
    const { result, raised } = await services.database.systemDb.$transaction(async (tx) => {
      await lockAccount(tx, user.id)
      const alerts: Awaited<ReturnType<typeof raiseAlert>>[] = []
      const result = await work({
        tx,
        viewer,
        userId: user.id,
        now: await services.database.now(tx),
        async log(action, request, details) {
          const about = { userId: user.id, sessionId: session.id, tableName: 'recovery_requests', recordId: request.id }
          await tx.auditEntry.create({
            data: services.audit.row({ ...about, action, ...(details && { details }) }, origin),
          })
        },
        async warn(alert) {
          alerts.push(await raiseAlert(services, tx, { ...alert, user, origin }))
        },
      })
      return { result, raised: alerts }
    })
    announceAlerts(services, raised)
    return result
  })
}

/** Does what may be refused; a refusal leaves a line in the security log. */
export async function loggingRefusals<Result>(
  context: Context,
  step: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError) await logRefused(context, step, reasonIn(error))
    throw error
  }
}

/** Logs that a step was refused, and why. */
export async function logRefused(context: Context, step: string, reason: string): Promise<void> {
  await context.services.audit.commit([refusedRow(context, step, reason)])
}

function refusedRow({ services, viewer, origin }: Context, step: string, reason: string): AuditRow {
  const who = { userId: viewer?.user.id ?? null, sessionId: viewer?.session.id ?? null }
  return services.audit.row({ ...who, action: 'recovery.refused', success: false, details: { step, reason } }, origin)
}

function reasonIn({ code, extensions }: AppError): string {
  const { reason } = extensions
  return typeof reason === 'string' ? `${code}: ${reason}` : code
}
