import type { Context } from '../../context.ts'
import { changeKeys, expectSlotsRevision, keysInForce, slotsWritten } from './change-keys.ts'
import { closeReleased } from './close-released.ts'
import { readSlots, RECOVERY_CODES, writeSlots } from './key-slots.ts'
import type { SlotInput } from './key-slots.ts'

type Input = { slots: readonly SlotInput[]; slotsRevision?: number | null | undefined }

/** Puts eight new recovery codes in the place of those that are left. */
export async function regenerateRecoveryCodes(context: Context, input: Input): Promise<void> {
  const slots = readSlots('slots', input.slots, { RECOVERY_CODE: RECOVERY_CODES })
  await changeKeys(context, async ({ tx, userId, keys, at }) => {
    const inForce = keysInForce(keys)
    expectSlotsRevision(inForce, input.slotsRevision)
    const { generation } = inForce
    const { count } = await tx.keySlot.deleteMany({ where: { userId, kind: 'RECOVERY_CODE' } })
    await writeSlots(context.services.keys, tx, { userId, generation, at }, slots)
    await closeReleased(context.services.database, tx, userId)
    await tx.encryptionKeys.updateMany({ where: { userId }, data: slotsWritten })
    return {
      action: 'encryption.codes-replaced',
      tableName: 'user_encryption_keys',
      recordId: userId,
      details: { unusedCodes: count },
      alert: { kind: 'encryption.codes-replaced' },
    }
  })
}
