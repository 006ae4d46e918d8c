import type { Context } from '../../context.ts'
import { changeKeys, keysInForce } from './change-keys.ts'
import { readSlots, RECOVERY_CODES, writeSlots } from './key-slots.ts'
import type { SlotInput } from './key-slots.ts'

/** Puts eight new recovery codes in the place of those that are left. */
export async function regenerateRecoveryCodes(
  context: Context,
  { slots: inputs }: { slots: readonly SlotInput[] },
): Promise<void> {
  const slots = readSlots('slots', inputs, { RECOVERY_CODE: RECOVERY_CODES })
  await changeKeys(context, async ({ tx, userId, keys, at }) => {
    const { generation } = keysInForce(keys)
    const { count } = await tx.keySlot.deleteMany({ where: { userId, kind: 'RECOVERY_CODE' } })
    await writeSlots(context.services.keys, tx, { userId, generation, at }, slots)
    return {
      action: 'encryption.codes-replaced',
      tableName: 'user_encryption_keys',
      recordId: userId,
      details: { unusedCodes: count },
      alert: { kind: 'encryption.codes-replaced' },
    }
  })
}
