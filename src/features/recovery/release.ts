import type { RecoveryRequest } from '../../generated/sqlite/client.ts'
import type { Turn } from './in-turn.ts'
import { recoveryNotOpen, REQUEST_MS } from './requests.ts'
import type { RecoveryMethod, SeenRequest } from './requests.ts'

type Columns = Partial<Pick<RecoveryRequest, 'wrongAnswers' | 'answeredAt' | 'availableAt' | 'expiresAt' | 'usedSlot'>>

/**
 * Notes that what a request recovers by was handed to this session, which alone may complete it, and has a day for it at
 * the least. A wait that right answers have begun stays as it is: what was released may turn out to open nothing.
 */
export function release(
  turn: Turn,
  open: RecoveryRequest,
  columns: Columns & { method: RecoveryMethod },
): Promise<SeenRequest> {
  const { now, viewer } = turn
  const aDayOn = new Date(now.getTime() + REQUEST_MS)
  return updateRequest(turn, open, {
    ...(open.answeredAt === null && { availableAt: now, expiresAt: aDayOn }),
    ...(open.answeredAt !== null && open.expiresAt < aDayOn && { expiresAt: aDayOn }),
    ...columns,
    releasedAt: now,
    releasedTo: viewer.session.id,
  })
}

/** Changes an open request. RECOVERY_NOT_OPEN where its time ended in this very moment. */
export async function updateRequest(
  { tx, now }: Turn,
  { id }: RecoveryRequest,
  data: Columns & Partial<Pick<RecoveryRequest, 'method' | 'releasedAt' | 'releasedTo'>>,
): Promise<SeenRequest> {
  const [request] = await tx.recoveryRequest.updateManyAndReturn({ where: { id, isOpen: true }, data })
  if (!request) throw recoveryNotOpen()
  return { ...request, seenAt: now }
}
