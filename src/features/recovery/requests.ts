import { AppError } from '../../errors.ts'
import type { RecoveryRequest } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { CloseReason } from '../encryption/close-open-request.ts'

const RECOVERY_METHODS = ['RECOVERY_CODE', 'SECURITY_QUESTIONS', 'PASSKEY'] as const
export type RecoveryMethod = (typeof RECOVERY_METHODS)[number]

export type RecoveryState = 'WAITING' | 'READY' | 'COMPLETED' | 'CANCELLED' | 'EXPIRED'

export const HOUR = 60 * 60_000
export const DAY = 24 * HOUR

/** How long right answers wait before they open anything: whose account it is must have the time to stop it. */
export const ANSWERS_WAIT_MS = 2 * DAY
/** How long a request by a code or a passkey stays open. */
export const REQUEST_MS = DAY
/** How long right answers can be used once their wait is over. */
export const ANSWERS_GOOD_MS = 7 * DAY

/** A request as it stood at an instant of the database's clock. */
export type SeenRequest = RecoveryRequest & { seenAt: Date }

const STATE_OF_CLOSED: Readonly<Record<CloseReason, RecoveryState>> = {
  completed: 'COMPLETED',
  cancelled: 'CANCELLED',
  'too-many-tries': 'CANCELLED',
  expired: 'EXPIRED',
  superseded: 'EXPIRED',
}

/** How a request stands. */
export function stateOf(request: SeenRequest): RecoveryState {
  const { isOpen, closeReason, expiresAt, seenAt } = request
  if (!isOpen) {
    const state = Object.entries(STATE_OF_CLOSED).find(([reason]) => reason === closeReason)?.[1]
    if (!state) throw new Error(`A recovery was closed for the unknown reason "${closeReason}".`)
    return state
  }
  if (expiresAt <= seenAt) return 'EXPIRED'
  return request.method === 'SECURITY_QUESTIONS' && answersWait(request) ? 'WAITING' : 'READY'
}

/** By what a request recovers. */
export function methodOf({ method }: Pick<RecoveryRequest, 'method'>): RecoveryMethod {
  const known = RECOVERY_METHODS.find((name) => name === method)
  if (!known) throw new Error(`A recovery has the unknown method "${method}".`)
  return known
}

/** Whether right answers of an open request would still open nothing, also where something else has opened meanwhile. */
export function answersWait({ answeredAt, availableAt, seenAt }: SeenRequest): boolean {
  return answeredAt === null || availableAt > seenAt
}

/** The refusal of what goes on with a request, where none is open. */
export function recoveryNotOpen(): AppError {
  return new AppError('RECOVERY_NOT_OPEN', 'No recovery is open that this would continue. Begin with initiateRecovery.')
}

/** The account's open request that has not expired, in a transaction that has locked the account. Null when there is none. */
export function findOpenRequest(tx: SystemTx, userId: string, now: Date): Promise<RecoveryRequest | null> {
  return tx.recoveryRequest.findFirst({ where: { userId, isOpen: true, expiresAt: { gt: now } } })
}
