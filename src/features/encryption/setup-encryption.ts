import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { changeKeys, noteEncryption, setRecordKeys } from './change-keys.ts'
import { checkedPublicKey, checkedSalt, keyIdOfRing } from './key-material.ts'
import { readSlots, RECOVERY_CODES, writeSlots } from './key-slots.ts'
import type { SlotInput } from './key-slots.ts'
import { listRotations, refuseUsedKeys } from './rotations.ts'

type Input = { encryptedPrivateKey: string; publicKey?: unknown; keySalt: string; slots: readonly SlotInput[] }

/**
 * Switches end-to-end encryption on. The envelopes are made for one generation and one ring revision more than the
 * account has had, so that none of an earlier time fits. ENCRYPTION_ON when it is on already.
 */
export async function setupEncryption(context: Context, input: Input): Promise<void> {
  const publicKey = checkedPublicKey(input.publicKey)
  const keySalt = checkedSalt(input.keySalt)
  const slots = readSlots('slots', input.slots, { PASSPHRASE: 1, RECOVERY_CODE: RECOVERY_CODES })
  await changeKeys(context, async ({ tx, userId, keys, at }) => {
    if (keys?.encryptionEnabled)
      throw new AppError('ENCRYPTION_ON', 'End-to-end encryption is switched on already. Unlock it instead.')
    const generation = (keys?.generation ?? 0) + 1
    const ringRevision = (keys?.ringRevision ?? 0) + 1
    const keyId = keyIdOfRing(input.encryptedPrivateKey, { userId, ringRevision, generation })
    const columns = { keyId, publicKeyId: publicKey.id }
    refuseUsedKeys(await listRotations(tx, userId), keys, columns)
    await setRecordKeys(tx, userId, columns)
    const data = {
      ...columns,
      encryptedPrivateKey: input.encryptedPrivateKey,
      publicKey: publicKey.text,
      keySalt,
      encryptionEnabled: true,
      biometricKeyAvailable: false,
      ringRevision,
      slotsRevision: (keys?.slotsRevision ?? 0) + 1,
      generation,
      createdAt: at,
    }
    if (keys) await tx.encryptionKeys.updateMany({ where: { userId }, data })
    else await tx.encryptionKeys.create({ data: { ...data, userId } })
    await writeSlots(context.services.keys, tx, { userId, generation, at }, slots)
    return {
      action: 'encryption.enabled',
      tableName: 'user_encryption_keys',
      recordId: userId,
      details: { generation },
      alert: { kind: 'encryption.enabled' },
    }
  })
  noteEncryption(context, true)
}
