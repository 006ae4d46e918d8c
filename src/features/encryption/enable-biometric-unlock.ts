import type { Context } from '../../context.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { changeKeys, expectSlotsRevision, keysInForce, slotsWritten } from './change-keys.ts'
import { readSlots, slotsInvalid, writeSlots } from './key-slots.ts'
import type { SlotInput } from './key-slots.ts'

type Input = { slot: SlotInput; slotsRevision?: number | null | undefined }

/**
 * Lets one of the viewer's passkeys open the master key, in the place of that passkey's former slot. Never the only way
 * in: SLOTS_INVALID without a passphrase and an unused recovery code.
 */
export async function enableBiometricUnlock(context: Context, input: Input): Promise<void> {
  const slots = readSlots('slot', [input.slot], { PASSKEY: 1 })
  const [slot] = slots.slots
  if (!slot?.passkeyId) throw new Error('A passkey slot was read without its passkey.')
  const { id, passkeyId } = slot
  await changeKeys(context, async ({ tx, userId, keys, at }) => {
    const inForce = keysInForce(keys)
    expectSlotsRevision(inForce, input.slotsRevision)
    const { generation } = inForce
    await expectOtherWays(tx, userId)
    await tx.keySlot.deleteMany({ where: { userId, passkeyId } })
    await writeSlots(context.services.keys, tx, { userId, generation, at }, slots)
    await tx.encryptionKeys.updateMany({ where: { userId }, data: { biometricKeyAvailable: true, ...slotsWritten } })
    const { name } = await tx.passkey.findFirstOrThrow({ where: { userId, id: passkeyId }, select: { name: true } })
    return {
      action: 'encryption.unlock-added',
      tableName: 'key_slots',
      recordId: id,
      details: { passkeyId },
      alert: { kind: 'encryption.unlock-added', about: { passkey: name } },
    }
  })
}

async function expectOtherWays(tx: SystemTx, userId: string): Promise<void> {
  const others = await tx.keySlot.findMany({
    where: { userId, kind: { in: ['PASSPHRASE', 'RECOVERY_CODE'] } },
    select: { kind: true },
  })
  if (new Set(others.map(({ kind }) => kind)).size === 2) return
  throw slotsInvalid('slot', 'a passphrase and an unused recovery code beside it, before a passkey may open the keys')
}
