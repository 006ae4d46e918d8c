import type { Context } from '../../context.ts'
import type { RecoveryRequest } from '../../generated/sqlite/client.ts'
import { closeOpenRequest } from '../encryption/close-open-request.ts'
import { expectAnswersCount } from './availability.ts'
import { linkThatStops } from './cancel-link.ts'
import { isVerifierOf } from './is-verifier-of.ts'
import type { Turn } from './in-turn.ts'
import { release, updateRequest } from './release.ts'
import { ANSWERS_GOOD_MS, ANSWERS_WAIT_MS, answersWait, recoveryNotOpen } from './requests.ts'
import type { Proved, Refused } from './verify-recovery.ts'

/** How many wrong pairs of answers a request takes. Answers can be guessed. */
const MAX_WRONG_ANSWERS = 5

type Given = { pair: string; verifier: string }

/**
 * Takes two answers: the first time they begin the wait, and once it is over they release their slot, as often as asked.
 * A try is counted before anything is compared, in the transaction that compares, so that neither parallel tries nor a
 * restart give a guesser one more.
 */
export async function verifyAnswers(
  context: Context,
  turn: Turn,
  open: RecoveryRequest,
  { pair, verifier }: Given,
): Promise<Proved | Refused> {
  const { tx, userId, now } = turn
  const { config, keys } = context.services
  if (open.method !== 'SECURITY_QUESTIONS' && open.answeredAt === null) throw recoveryNotOpen()
  await expectAnswersCount(tx, config, turn)
  const [counted] = await tx.recoveryRequest.updateManyAndReturn({
    where: { id: open.id, isOpen: true, wrongAnswers: { lt: MAX_WRONG_ANSWERS } },
    data: { wrongAnswers: { increment: 1 } },
  })
  if (!counted) return { refused: 'too-many-answers' }
  const slot = await tx.keySlot.findFirst({ where: { userId, kind: 'SECURITY_QUESTIONS', pair } })
  if (!isVerifierOf(keys, slot ?? { userId, verifierHash: null }, verifier) || !slot) {
    if (counted.wrongAnswers < MAX_WRONG_ANSWERS) return { refused: 'wrong-answers' }
    await closeForWrongAnswers(turn, counted)
    return { refused: 'too-many-answers' }
  }

  if (open.answeredAt === null) return answeredFirst(context, turn, open)
  if (answersWait({ ...open, seenAt: now })) {
    const request = await updateRequest(turn, open, { wrongAnswers: 0 })
    await turn.log('recovery.verified', request, { pair })
    return { request, slot: null, givesKeys: false }
  }
  const request = await release(turn, open, { method: 'SECURITY_QUESTIONS', wrongAnswers: 0 })
  await turn.log('recovery.released', request, { method: 'SECURITY_QUESTIONS', slotId: slot.id })
  return { request, slot, givesKeys: true }
}

async function answeredFirst({ services }: Context, turn: Turn, open: RecoveryRequest): Promise<Proved> {
  const availableAt = new Date(turn.now.getTime() + ANSWERS_WAIT_MS)
  const expiresAt = new Date(availableAt.getTime() + ANSWERS_GOOD_MS)
  const request = await updateRequest(turn, open, {
    wrongAnswers: 0,
    answeredAt: turn.now,
    availableAt,
    expiresAt,
  })
  await turn.log('recovery.answered', request)
  await turn.warn({
    kind: 'recovery.answered',
    onceKey: `recovery.answered:${request.id}`,
    about: { method: 'SECURITY_QUESTIONS', when: availableAt },
    ...linkThatStops(services, request),
  })
  return { request, slot: null, givesKeys: false }
}

async function closeForWrongAnswers(turn: Turn, request: RecoveryRequest): Promise<void> {
  const { tx, userId, now } = turn
  await closeOpenRequest(tx, userId, 'too-many-tries', now)
  await turn.log('recovery.closed', request, { reason: 'too-many-tries' })
  await turn.warn({
    kind: 'recovery.cancelled',
    onceKey: `recovery.cancelled:${request.id}`,
    about: { method: 'SECURITY_QUESTIONS', tooManyTries: true },
  })
}
