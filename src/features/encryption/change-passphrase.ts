import type { Context } from '../../context.ts'
import { changeKeys, expectRingRevision, expectSlotsRevision, keysInForce, slotsWritten } from './change-keys.ts'
import { closeReleased } from './close-released.ts'
import { checkedSalt } from './key-material.ts'
import { readSlots, writeSlots } from './key-slots.ts'
import type { SlotInput } from './key-slots.ts'

type Input = { slot: SlotInput; keySalt: string; ringRevision: number; slotsRevision?: number | null | undefined }

/** Puts another passphrase slot in the place of the one that there is. The ring and the master key stay. */
export async function changePassphrase(context: Context, input: Input): Promise<void> {
  const keySalt = checkedSalt(input.keySalt)
  const slots = readSlots('slot', [input.slot], { PASSPHRASE: 1 })
  await changeKeys(context, async ({ tx, userId, keys, at }) => {
    const inForce = keysInForce(keys)
    expectRingRevision(inForce, input.ringRevision)
    expectSlotsRevision(inForce, input.slotsRevision)
    const { generation } = inForce
    await tx.keySlot.deleteMany({ where: { userId, kind: 'PASSPHRASE' } })
    await writeSlots(context.services.keys, tx, { userId, generation, at }, slots)
    await closeReleased(context.services.database, tx, userId)
    await tx.encryptionKeys.updateMany({ where: { userId }, data: { keySalt, ...slotsWritten } })
    return {
      action: 'encryption.passphrase-changed',
      tableName: 'user_encryption_keys',
      recordId: userId,
      alert: { kind: 'encryption.passphrase-changed' },
    }
  })
}
