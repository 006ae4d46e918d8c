import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { RecoveryRequest } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { wakeStreams } from '../alerts/wake-streams.ts'
import { changeKeysAs, expectRingRevision, keysInForce } from '../encryption/change-keys.ts'
import { closeOpenRequest } from '../encryption/close-open-request.ts'
import { checkedPublicKey, checkedSalt } from '../encryption/key-material.ts'
import { readSlots } from '../encryption/key-slots.ts'
import type { SlotInput } from '../encryption/key-slots.ts'
import { putInForce } from '../encryption/put-in-force.ts'
import { ALL_SLOTS } from '../encryption/rotate-keys.ts'
import { renewSession, takeUpRenewed } from '../sessions/renew-session.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { expectAnswersCount } from './availability.ts'
import { loggingRefusals } from './in-turn.ts'
import { answersWait, findOpenRequest, methodOf, recoveryNotOpen } from './requests.ts'

type Input = {
  encryptedPrivateKey: string
  publicKey?: unknown
  keySalt: string
  ringRevision: number
  slots: readonly SlotInput[]
}

/**
 * Ends a recovery: new keys under a new master key and in new slots, in one transaction with the closing of the request.
 * Every other session ends. The one that asks, and to which the recovery was released, goes on with another token and
 * stands at STRONG: it has proved what that stands for, and its owner may have to remove a lost passkey.
 * RECOVERY_NOT_OPEN, RECOVERY_UNPROVEN; else as rotateKeys.
 */
export async function completeRecovery(context: Context, input: Input): Promise<void> {
  const { services } = context
  const { user, session } = signedIn(context)
  const renewed = await loggingRefusals(context, 'complete', () => {
    const publicKey = checkedPublicKey(input.publicKey)
    const keySalt = checkedSalt(input.keySalt)
    const slots = readSlots('slots', input.slots, ALL_SLOTS)
    return changeKeysAs(
      context,
      async (change) => {
        const { tx, userId } = change
        const request = await releasedRequest(context, tx)
        const keys = keysInForce(change.keys)
        expectRingRevision(keys, input.ringRevision)
        const { encryptedPrivateKey } = input
        const next = await putInForce(services.keys, change, keys, { encryptedPrivateKey, publicKey, slots, keySalt })
        const closed = await closeOpenRequest(tx, userId, 'completed', await services.database.now(tx), {
          id: request.id,
        })
        if (!closed) throw recoveryNotOpen()
        const others = await tx.session.deleteMany({ where: { userId, id: { not: session.id } } })
        const passkeys = await tx.passkey.findMany({
          where: { userId },
          select: { name: true },
          orderBy: { createdAt: 'asc' },
        })
        const { ringRevision, generation, recordsLeft } = next
        return {
          action: 'recovery.completed',
          tableName: 'recovery_requests',
          recordId: request.id,
          details: { method: request.method, ringRevision, generation, recordsLeft, sessionsEnded: others.count },
          alert: {
            kind: 'recovery.completed',
            about: { method: methodOf(request), passkeys: passkeys.map(({ name }) => name) },
          },
        }
      },
      (tx) => renewSession(context, tx, 'RECOVERY'),
    )
  })
  takeUpRenewed(context, renewed)
  wakeStreams(services, user.id)
}

/** The open request, where what it recovers by was released to the session that asks, and may be by now. */
async function releasedRequest(context: Context, tx: SystemTx): Promise<RecoveryRequest> {
  const { services } = context
  const { user, session } = signedIn(context)
  const now = await services.database.now(tx)
  const request = await findOpenRequest(tx, user.id, now)
  if (!request) throw recoveryNotOpen()
  const byAnswers = request.method === 'SECURITY_QUESTIONS'
  const isEarly = byAnswers && answersWait({ ...request, seenAt: now })
  if (request.releasedAt === null || request.releasedTo !== session.id || isEarly) {
    throw new AppError(
      'RECOVERY_UNPROVEN',
      'This recovery has released nothing to this session. Show a code, two answers or a passkey first: verifyRecovery, beginPasskeyRecovery.',
    )
  }
  if (byAnswers) await expectAnswersCount(tx, services.config, { userId: user.id, now })
  return request
}
