import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { changeKeys, expectSlotsRevision, keysInForce, slotsWritten } from '../encryption/change-keys.ts'
import { closeOpenRequest } from '../encryption/close-open-request.ts'
import { forgetQuestions } from '../encryption/forget-questions.ts'
import { checkedSalt } from '../encryption/key-material.ts'
import { QUESTION_PAIRS, readSlots, slotsInvalid, writeSlots } from '../encryption/key-slots.ts'
import type { QuestionPair, ReadSlots, SlotInput } from '../encryption/key-slots.ts'
import { checkedQuestions, sealQuestions } from './questions.ts'

type PairInput = { first: number; second: number; slot: SlotInput }

type Input = {
  questions: readonly string[]
  pairs: readonly PairInput[]
  salt?: string | null | undefined
  slotsRevision?: number | null | undefined
}

/**
 * Sets the three questions of the viewer, with a slot for each two answers, in the place of those that there are. A
 * recovery by the former ones that is open is closed. RECOVERY_UNAVAILABLE where the server takes none.
 */
export async function setSecurityQuestions(context: Context, input: Input): Promise<void> {
  const { config, keys: serverKeys, database } = context.services
  if (!config.securityQuestions) throw switchedOff()
  const questions = checkedQuestions(input.questions)
  const salt = input.salt == null ? null : checkedSalt(input.salt, 'salt')
  const slots = readPairs(input.pairs)
  await changeKeys(context, async ({ tx, userId, keys, at }) => {
    const inForce = keysInForce(keys)
    expectSlotsRevision(inForce, input.slotsRevision)
    const { generation } = inForce
    const setAt = await database.now(tx)
    await forgetQuestions(tx, userId)
    await writeSlots(serverKeys, tx, { userId, generation, at }, slots)
    await tx.securityQuestions.create({
      data: { userId, sealed: sealQuestions(serverKeys, userId, questions), salt, setAt },
    })
    await tx.encryptionKeys.updateMany({ where: { userId }, data: slotsWritten })
    await closeOpenRequest(tx, userId, 'superseded', setAt, { method: 'SECURITY_QUESTIONS' })
    return {
      action: 'recovery.questions-set',
      tableName: 'security_questions',
      recordId: userId,
      alert: { kind: 'recovery.questions-set' },
    }
  })
}

function switchedOff(): AppError {
  return new AppError(
    'RECOVERY_UNAVAILABLE',
    'This server takes no security questions. Recovery codes and passkeys recover the keys.',
    { reason: 'switched-off' },
  )
}

/** Each pair once, each with a slot. */
function readPairs(inputs: readonly PairInput[]): ReadSlots {
  const slots = inputs.map(({ first, second, slot }) => ({ ...slot, pair: pairOf(first, second) }))
  if (new Set(slots.map(({ pair }) => pair)).size !== slots.length) throw wrongPairs()
  const wanted = { SECURITY_QUESTIONS: QUESTION_PAIRS.length }
  return readSlots('pairs', slots, wanted, (index) => `pairs[${index}].slot`)
}

function pairOf(first: number, second: number): QuestionPair {
  const pair = QUESTION_PAIRS.find((known) => known === `${first}-${second}`)
  if (!pair) throw wrongPairs()
  return pair
}

function wrongPairs(): AppError {
  return slotsInvalid('pairs', 'the pairs of first and second 0 and 1, 0 and 2, 1 and 2, each once')
}
