import type { Context } from '../../context.ts'
import type { KeySlot, RecoveryRequest } from '../../generated/sqlite/client.ts'
import { slotsWritten } from '../encryption/change-keys.ts'
import { expectUnlocked } from './availability.ts'
import { linkThatStops } from './cancel-link.ts'
import { isVerifierOf } from './is-verifier-of.ts'
import type { Turn } from './in-turn.ts'
import { release } from './release.ts'
import type { Proved, Refused } from './verify-recovery.ts'

/** With how many codes left the owner is told to make new ones. */
const FEW_CODES = 2
/** How long after its use a code releases its slot once more. Sooner it is somebody else who shows it. */
const LOST_ANSWER_MS = 10_000

/**
 * Uses a code up, in any open request: one deletion, so that of any number at once one releases. The slot goes on with
 * the request until that is closed: whose answer was lost, or whose page was closed, shows the same code again.
 * No number of tries ends it, for a code has 120 random bits.
 */
export async function verifyCode(
  context: Context,
  turn: Turn,
  open: RecoveryRequest,
  verifier: string,
): Promise<Proved | Refused> {
  const { tx, userId, now } = turn
  const { keys } = context.services
  await expectUnlocked(tx, { userId, method: 'RECOVERY_CODE', now })
  const slots = await tx.keySlot.findMany({ where: { userId, kind: 'RECOVERY_CODE' } })
  const slot = slots.find((one) => isVerifierOf(keys, one, verifier))
  if (slot) return useUp(context, turn, open, { slot, left: slots.length - 1 })

  const used = usedSlotOf(open)
  const isLater = open.releasedAt !== null && now.getTime() - open.releasedAt.getTime() >= LOST_ANSWER_MS
  if (!used || !isVerifierOf(keys, used, verifier) || !isLater) return { refused: 'wrong-code' }
  const request = await release(turn, open, { method: 'RECOVERY_CODE' })
  await turn.log('recovery.released', request, { method: 'RECOVERY_CODE', slotId: used.id, again: true })
  return { request, slot: used, givesKeys: true }
}

async function useUp(
  { services }: Context,
  turn: Turn,
  open: RecoveryRequest,
  { slot, left }: { slot: KeySlot; left: number },
): Promise<Proved | Refused> {
  const { tx, userId } = turn
  const used = await tx.keySlot.deleteMany({ where: { userId, id: slot.id, kind: 'RECOVERY_CODE' } })
  if (used.count !== 1) return { refused: 'wrong-code' }
  await tx.encryptionKeys.updateMany({ where: { userId }, data: slotsWritten })
  const request = await release(turn, open, { method: 'RECOVERY_CODE', usedSlot: JSON.stringify(slot) })
  await turn.log('recovery.released', request, { method: 'RECOVERY_CODE', slotId: slot.id, codesLeft: left })
  if (left <= FEW_CODES) {
    await turn.warn({
      kind: 'recovery.codes-few',
      onceKey: `recovery.codes-few:${slot.id}`,
      about: { left },
      ...linkThatStops(services, request),
    })
  }
  return { request, slot, givesKeys: true }
}

function usedSlotOf({ usedSlot }: RecoveryRequest): KeySlot | null {
  if (usedSlot === null) return null
  const row = JSON.parse(usedSlot) as Omit<KeySlot, 'createdAt'> & { createdAt: string } // as it was written above
  return { ...row, createdAt: new Date(row.createdAt) }
}
