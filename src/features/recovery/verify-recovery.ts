import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { KeySlot, RecoveryRequest } from '../../generated/sqlite/client.ts'
import { equalSecrets } from '../../platform/crypto/tokens.ts'
import type { Keyring } from '../../platform/crypto/keyring.ts'
import { is32Bytes } from '../../shared/encryption/envelopes.ts'
import { noteFailure } from '../alerts/note-failure.ts'
import { slotsWritten } from '../encryption/change-keys.ts'
import { closeOpenRequest } from '../encryption/close-open-request.ts'
import { verifierHash } from '../encryption/verifiers.ts'
import { holdSession } from '../sessions/hold-session.ts'
import { expectAnswersCount, expectUnlocked } from './availability.ts'
import { cancelAction } from './cancel-link.ts'
import { inTurn, logRefused } from './in-turn.ts'
import type { Turn } from './in-turn.ts'
import { ANSWERS_GOOD_MS, ANSWERS_WAIT_MS, findOpenRequest, isWaiting, REQUEST_MS } from './requests.ts'
import type { SeenRequest } from './requests.ts'

/** How many wrong codes a request takes. A code has 120 random bits: this ends a nuisance. */
const MAX_WRONG_CODES = 20
/** How many wrong answers a request takes. Answers can be guessed. */
const MAX_WRONG_ANSWERS = 5
/** With how many codes left the owner is told to make new ones. */
const FEW_CODES = 2

type Input = { verifier: string; first?: number | null | undefined; second?: number | null | undefined }

/** What a right proof gave: the slot that it opens, or null while the request waits. */
export type Proved = { request: SeenRequest; slot: KeySlot | null; givesKeys: boolean }

/** A proof that is not right, and why, for the log alone. */
type Refused = { refused: 'wrong-code' | 'too-many-codes' | 'wrong-answers' | 'too-many-answers' }

/**
 * Takes a code, or two answers, by the verifier that the client derived from them. A try is counted before anything is
 * compared, in the transaction that compares, so that neither parallel tries nor a restart give a guesser one more.
 * PROOF_INVALID for every proof that is not right; the log alone knows why.
 */
export async function verifyRecovery(context: Context, input: Input): Promise<Proved> {
  const { verifier } = input
  if (!is32Bytes(verifier))
    throw new AppError('BAD_INPUT', 'verifier: 32 bytes in base64url, without padding.', { field: 'verifier' })
  const pair = pairIn(input)
  const done = await inTurn(context, 'verify', async (turn): Promise<Proved | Refused> => {
    // Before anything is compared: what is refused for another reason must not tell whether a proof was right.
    await holdSession(turn.tx, turn.viewer)
    const open = await findOpenRequest(turn.tx, turn.userId, turn.now)
    if (!open) throw recoveryNotOpen()
    return pair === null
      ? verifyCode(context, turn, open, verifier)
      : verifyAnswers(context, turn, open, pair, verifier)
  })
  if (!('refused' in done)) return done
  await logRefused(context, 'verify', done.refused)
  noteFailure(context, context.viewer?.user.id ?? null)
  throw new AppError(
    'PROOF_INVALID',
    'The code is wrong or was used, or the answers are not right. Look at them again, or take another way.',
    { field: 'verifier' },
  )
}

/** The refusal of what goes on with a request, where none is open. */
export function recoveryNotOpen(): AppError {
  return new AppError('RECOVERY_NOT_OPEN', 'No recovery is open that this would continue. Begin with initiateRecovery.')
}

/** '0-2'; null where a code is shown. */
function pairIn({ first, second }: Input): string | null {
  if (first == null && second == null) return null
  const [low, high] = [first ?? -1, second ?? -1]
  if (low >= 0 && low < high && high <= 2) return `${low}-${high}`
  throw new AppError('BAD_INPUT', 'first, second: both, with 0 <= first < second <= 2; or neither, for a code.', {
    field: first == null || first < 0 || first > 2 ? 'first' : 'second',
  })
}

/** Uses a code up, in any open request: one deletion, so that it is released once. */
async function verifyCode(
  context: Context,
  turn: Turn,
  open: RecoveryRequest,
  verifier: string,
): Promise<Proved | Refused> {
  const { tx, userId, now } = turn
  await expectUnlocked(tx, { userId, method: 'RECOVERY_CODE', now })
  const { count } = await tx.recoveryRequest.updateMany({
    where: { id: open.id, isOpen: true, wrongCodes: { lt: MAX_WRONG_CODES } },
    data: { wrongCodes: { increment: 1 } },
  })
  if (count === 0) return { refused: 'too-many-codes' }
  const slots = await tx.keySlot.findMany({ where: { userId, kind: 'RECOVERY_CODE' } })
  const slot = slots.find((one) => isVerifierOf(context.services.keys, one, verifier))
  if (!slot) return { refused: 'wrong-code' }

  const used = await tx.keySlot.deleteMany({ where: { userId, id: slot.id, kind: 'RECOVERY_CODE' } })
  if (used.count !== 1) return { refused: 'wrong-code' }
  await tx.encryptionKeys.updateMany({ where: { userId }, data: slotsWritten })
  const request = await release(turn, open, {
    method: 'RECOVERY_CODE',
    wrongCodes: open.wrongCodes,
    availableAt: now,
    expiresAt: new Date(now.getTime() + REQUEST_MS),
  })
  const left = slots.length - 1
  await turn.log('recovery.released', request, { method: 'RECOVERY_CODE', slotId: slot.id, codesLeft: left })
  if (left <= FEW_CODES) {
    await turn.warn({
      kind: 'recovery.codes-few',
      onceKey: `recovery.codes-few:${slot.id}`,
      about: { left },
      action: cancelAction(context.services, request),
    })
  }
  return { request, slot, givesKeys: true }
}

/** Takes two answers: the first time they begin the wait, and once it is over they release their slot, as often as asked. */
async function verifyAnswers(
  context: Context,
  turn: Turn,
  open: RecoveryRequest,
  pair: string,
  verifier: string,
): Promise<Proved | Refused> {
  const { tx, userId, now } = turn
  if (open.method !== 'SECURITY_QUESTIONS') throw recoveryNotOpen()
  await expectAnswersCount(tx, context.services.config, turn)
  const [counted] = await tx.recoveryRequest.updateManyAndReturn({
    where: { id: open.id, isOpen: true, wrongAnswers: { lt: MAX_WRONG_ANSWERS } },
    data: { wrongAnswers: { increment: 1 } },
  })
  if (!counted) return { refused: 'too-many-answers' }
  const slot = await tx.keySlot.findFirst({ where: { userId, kind: 'SECURITY_QUESTIONS', pair } })
  if (!isVerifierOf(context.services.keys, slot ?? { userId, verifierHash: null }, verifier) || !slot) {
    if (counted.wrongAnswers < MAX_WRONG_ANSWERS) return { refused: 'wrong-answers' }
    await closeForWrongAnswers(turn, counted)
    return { refused: 'too-many-answers' }
  }

  if (open.answeredAt === null) return answeredFirst(context, turn, open)
  if (isWaiting({ ...open, seenAt: now })) {
    const request = await update(turn, open, { wrongAnswers: 0 })
    await turn.log('recovery.verified', request, { pair })
    return { request, slot: null, givesKeys: false }
  }
  const request = await release(turn, open, { wrongAnswers: 0 })
  await turn.log('recovery.released', request, { method: 'SECURITY_QUESTIONS', slotId: slot.id })
  return { request, slot, givesKeys: true }
}

async function answeredFirst(context: Context, turn: Turn, open: RecoveryRequest): Promise<Proved> {
  const availableAt = new Date(turn.now.getTime() + ANSWERS_WAIT_MS)
  const expiresAt = new Date(availableAt.getTime() + ANSWERS_GOOD_MS)
  const request = await update(turn, open, { wrongAnswers: 0, answeredAt: turn.now, availableAt, expiresAt })
  await turn.log('recovery.answered', request)
  await turn.warn({
    kind: 'recovery.answered',
    onceKey: `recovery.answered:${request.id}`,
    about: { method: 'SECURITY_QUESTIONS', when: availableAt },
    action: cancelAction(context.services, request),
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

type Columns = Partial<Pick<RecoveryRequest, 'method' | 'wrongCodes' | 'wrongAnswers' | 'answeredAt' | 'availableAt' | 'expiresAt' | 'releasedAt' | 'releasedTo'>> // prettier-ignore

/** Notes that what a request recovers by was handed to this session, which alone may complete it. */
export function release(turn: Turn, open: RecoveryRequest, columns: Columns): Promise<SeenRequest> {
  return update(turn, open, { ...columns, releasedAt: turn.now, releasedTo: turn.viewer.session.id })
}

// The account is locked, so it is open still; the condition holds should it ever be reached without.
async function update({ tx, now }: Turn, { id }: RecoveryRequest, data: Columns): Promise<SeenRequest> {
  const [request] = await tx.recoveryRequest.updateManyAndReturn({ where: { id, isOpen: true }, data })
  if (!request) throw new Error('An open recovery was closed in the turn of another step.')
  return { ...request, seenAt: now }
}

/** Whether a slot is released by a verifier. It takes as long where there is nothing to compare with. */
function isVerifierOf(
  keys: Keyring,
  { userId, verifierHash: kept }: Pick<KeySlot, 'userId' | 'verifierHash'>,
  verifier: string,
): boolean {
  const keyId = kept?.split('.')[0] ?? keys.currentId
  return equalSecrets(verifierHash(keys, userId, verifier, keyId), kept ?? verifierHash(keys, userId, '', keyId))
}
