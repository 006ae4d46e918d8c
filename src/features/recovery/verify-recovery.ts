import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { KeySlot } from '../../generated/sqlite/client.ts'
import { is32Bytes } from '../../shared/encryption/envelopes.ts'
import { noteFailure } from '../alerts/note-failure.ts'
import { holdSession } from '../sessions/hold-session.ts'
import { inTurn, logRefused } from './in-turn.ts'
import { findOpenRequest, recoveryNotOpen } from './requests.ts'
import type { SeenRequest } from './requests.ts'
import { verifyAnswers } from './verify-answers.ts'
import { verifyCode } from './verify-code.ts'

type Input = { verifier: string; first?: number | null | undefined; second?: number | null | undefined }

/** What a right proof gave: the slot that it opens, or null while the request waits. */
export type Proved = { request: SeenRequest; slot: KeySlot | null; givesKeys: boolean }

/** A proof that is not right, and why, for the log alone. */
export type Refused = { refused: 'wrong-code' | 'wrong-answers' | 'too-many-answers' }

/**
 * Takes a code, or two answers, by the verifier that the client derived from them. PROOF_INVALID for every proof that is not right; the log alone knows why.
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
      : verifyAnswers(context, turn, open, { pair, verifier })
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

/** '0-2'; null where a code is shown. */
function pairIn({ first, second }: Input): string | null {
  if (first == null && second == null) return null
  const [low, high] = [first ?? -1, second ?? -1]
  if (low >= 0 && low < high && high <= 2) return `${low}-${high}`
  throw new AppError('BAD_INPUT', 'first, second: both, with 0 <= first < second <= 2; or neither, for a code.', {
    field: first == null || first < 0 || first > 2 ? 'first' : 'second',
  })
}
