import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { EncryptionKeys } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { inUtc } from '../../platform/mail/words.ts'
import { changeKeys, keysInForce } from '../encryption/change-keys.ts'
import { closeOpenRequest } from '../encryption/close-open-request.ts'
import { forgetQuestions } from '../encryption/forget-questions.ts'
import { listRotations, retiredKeys } from '../encryption/rotations.ts'
import { beginWithKeys, checkedSetup } from '../encryption/setup-encryption.ts'
import type { SetupInput } from '../encryption/setup-encryption.ts'
import { FORMER_KEYS_MS } from './fresh-starts.ts'
import { loggingRefusals } from './in-turn.ts'

// Never SECURITY_QUESTIONS: answers are guessed, and no count of tries stands before keys that were given up.
const KEPT_KINDS = ['PASSPHRASE', 'PASSKEY', 'RECOVERY_CODE']

/**
 * Gives up keys that nothing opens any more, and begins anew with others, made for one generation and one ring revision
 * more. What was given up is kept for 30 days, with what it encrypted. RECOVERY_NOT_OPEN where no fresh start was asked
 * for, or it has run out; RECOVERY_UNAVAILABLE while it waits.
 */
export async function completeFreshStart(context: Context, input: SetupInput): Promise<void> {
  const { services } = context
  const setup = checkedSetup(input)
  const work = () =>
    changeKeys(context, async (change) => {
      const { tx, userId } = change
      const keys = keysInForce(change.keys)
      const now = await services.database.now(tx)
      await useUp(tx, userId, now)
      const removeAt = await giveUp(tx, keys, now)
      const { generation } = await beginWithKeys(services.keys, change, setup)
      return {
        action: 'recovery.fresh-start-done',
        tableName: 'user_encryption_keys',
        recordId: userId,
        details: { generation, removeAt },
        alert: { kind: 'recovery.fresh-start-done', about: { when: removeAt } },
      }
    })
  await loggingRefusals(context, 'complete-fresh-start', work)
}

/** Takes the fresh start whose wait is over. */
async function useUp(tx: SystemTx, userId: string, now: Date): Promise<void> {
  const { count } = await tx.freshStart.deleteMany({
    where: { userId, availableAt: { lte: now }, expiresAt: { gt: now } },
  })
  if (count > 0) return
  const waiting = await tx.freshStart.findFirst({ where: { userId, expiresAt: { gt: now } } })
  if (!waiting)
    throw new AppError('RECOVERY_NOT_OPEN', 'No fresh start was asked for, or it has run out: requestFreshStart.')
  const { availableAt } = waiting
  throw new AppError('RECOVERY_UNAVAILABLE', `The fresh start waits until ${inUtc(availableAt)}.`, {
    reason: 'waiting',
    availableAt: availableAt.toISOString(),
  })
}

/** Puts the keys aside with the ways to open them that a client is given. Until when. */
async function giveUp(tx: SystemTx, keys: EncryptionKeys, now: Date): Promise<Date> {
  const { userId, encryptedPrivateKey, publicKey, keySalt, keyId, publicKeyId } = keys
  const { ringRevision, slotsRevision, generation } = keys
  // Before slots and rotations, as whoever writes encrypted records takes them.
  await tx.recordUsage.updateMany({ where: { userId }, data: { count: { increment: 0 } } })
  const slots = await tx.keySlot.findMany({
    where: { userId, kind: { in: KEPT_KINDS } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  })
  const rotations = await listRotations(tx, userId)
  const removeAt = new Date(now.getTime() + FORMER_KEYS_MS)
  await tx.formerKeys.create({
    data: {
      id: uuidv7({ msecs: now.getTime() }),
      userId,
      ...{ encryptedPrivateKey, publicKey, keySalt, keyId, ringRevision, slotsRevision, generation },
      slots: JSON.stringify(slots.map((slot) => ({ ...slot, verifierHash: null }))), // nothing asks for it any more
      keyIds: JSON.stringify([...new Set([keyId, publicKeyId, ...retiredKeys(rotations)])]),
      givenUpAt: now,
      removeAt,
    },
  })
  await tx.keyRotation.deleteMany({ where: { userId } })
  await forgetQuestions(tx, userId)
  await closeOpenRequest(tx, userId, 'superseded', now)
  await tx.keySlot.deleteMany({ where: { userId } })
  return removeAt
}
