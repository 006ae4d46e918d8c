import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { RecoveryRequest } from '../../generated/sqlite/client.ts'
import { keysInForce } from '../encryption/change-keys.ts'
import { closeOpenRequest } from '../encryption/close-open-request.ts'
import { holdSession } from '../sessions/hold-session.ts'
import { expectAnswersCount, expectSetUp, expectUnlocked } from './availability.ts'
import { cancelColumns, linkThatStops } from './cancel-link.ts'
import { inTurn } from './in-turn.ts'
import type { Turn } from './in-turn.ts'
import { ANSWERS_GOOD_MS, ANSWERS_WAIT_MS, DAY, findOpenRequest, REQUEST_MS } from './requests.ts'
import type { RecoveryMethod, SeenRequest } from './requests.ts'

/** How often an account may begin a recovery of one method: the rows say so, whatever becomes of Redis. */
const AGAIN_MS = DAY

/**
 * Begins to recover the viewer's keys, and warns the owner. An open request is given back as it is: a second start
 * neither shortens nor restarts a wait. Answers take the place of a code or passkey that was not shown.
 * RECOVERY_UNAVAILABLE for a way that is closed, RATE_LIMITED for one that was begun within a day.
 */
export function initiateRecovery(context: Context, method: RecoveryMethod): Promise<SeenRequest> {
  return inTurn(context, 'initiate', async (turn) => {
    const { tx, viewer, userId, now } = turn
    await holdSession(tx, viewer)
    keysInForce(await tx.encryptionKeys.findUnique({ where: { userId } }))
    if (method === 'SECURITY_QUESTIONS') await expectAnswersCount(tx, context.services.config, turn)
    const open = await findOpenRequest(tx, userId, now)
    if (open && goesOnAs(open, method, viewer.session.id)) return { ...open, seenAt: now }

    await expectUnlocked(tx, { userId, method, now })
    await expectSetUp(tx, { userId, method, now })
    await expectNotBegunOfLate(context, turn, method)
    await closeOpenRequest(tx, userId, open ? 'superseded' : 'expired', now)
    const request = await begin(context, turn, method)
    await turn.log('recovery.started', request, { method, ...(open && { supersedes: open.id }) })
    await turn.warn({
      kind: 'recovery.started',
      onceKey: `recovery.started:${request.id}`,
      about: { method, when: request.availableAt },
      ...linkThatStops(context.services, request),
    })
    return { ...request, seenAt: now }
  })
}

// A code or a passkey is taken within any request; answers within one that was begun for them alone. What was released
// to another session is not to be taken from it; whom it was released to may have found that it opens nothing.
function goesOnAs(
  { method, answeredAt, releasedTo }: RecoveryRequest,
  asked: RecoveryMethod,
  sessionId: string,
): boolean {
  if (asked !== 'SECURITY_QUESTIONS' || method === asked || answeredAt !== null) return true
  return releasedTo !== null && releasedTo !== sessionId
}

async function expectNotBegunOfLate(
  { limitsTaken }: Context,
  { tx, userId, now }: Turn,
  method: RecoveryMethod,
): Promise<void> {
  const last = await tx.recoveryRequest.findFirst({
    where: { userId, method, createdAt: { gt: new Date(now.getTime() - AGAIN_MS) } },
    orderBy: { createdAt: 'desc' },
    select: { createdAt: true },
  })
  if (!last) return
  const retryAfterMs = last.createdAt.getTime() + AGAIN_MS - now.getTime()
  const retryAfter = Math.ceil(retryAfterMs / 1_000)
  // So that the answer's headers say it too.
  limitsTaken.push({ allowed: false, retryAfterMs, states: [] })
  throw new AppError(
    'RATE_LIMITED',
    'A recovery by this way was begun within the last 24 hours. Take another way, or wait.',
    { field: 'method', retryAfter },
  )
}

function begin(
  { services, origin }: Context,
  { tx, userId, now }: Turn,
  method: RecoveryMethod,
): Promise<RecoveryRequest> {
  const id = uuidv7({ msecs: now.getTime() })
  const waits = method === 'SECURITY_QUESTIONS'
  const availableAt = new Date(now.getTime() + (waits ? ANSWERS_WAIT_MS : 0))
  return tx.recoveryRequest.create({
    data: {
      id,
      userId,
      method,
      isOpen: true,
      createdAt: now,
      availableAt,
      expiresAt: new Date(availableAt.getTime() + (waits ? ANSWERS_GOOD_MS : REQUEST_MS)),
      ...cancelColumns(services.keys, id),
      ipAddress: origin.ipAddress,
      deviceName: origin.deviceName,
    },
  })
}
