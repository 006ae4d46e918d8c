import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Keyring } from '../../platform/crypto/keyring.ts'
import { changeKeys, noteEncryption, setRecordKeys } from './change-keys.ts'
import type { KeyChange } from './change-keys.ts'
import { formerKeyIds } from './former-keys.ts'
import { checkedPublicKey, checkedSalt, keyIdOfRing } from './key-material.ts'
import type { CheckedPublicKey } from './key-material.ts'
import { readSlots, RECOVERY_CODES, writeSlots } from './key-slots.ts'
import type { ReadSlots, SlotInput } from './key-slots.ts'
import { listRotations, refuseUsedKeys } from './rotations.ts'

/** The first keys of an account, or those with which it begins anew. */
export type SetupInput = {
  encryptedPrivateKey: string
  publicKey?: unknown
  keySalt: string
  slots: readonly SlotInput[]
}

/** The same, as far as it can be checked without the account. */
export type CheckedSetup = {
  encryptedPrivateKey: string
  publicKey: CheckedPublicKey
  keySalt: string
  slots: ReadSlots
}

/**
 * Switches end-to-end encryption on. The envelopes are made for one generation and one ring revision more than the
 * account has had, so that none of an earlier time fits. ENCRYPTION_ON when it is on already.
 */
export async function setupEncryption(context: Context, input: SetupInput): Promise<void> {
  const setup = checkedSetup(input)
  await changeKeys(context, async (change) => {
    const { userId, keys } = change
    if (keys?.encryptionEnabled)
      throw new AppError('ENCRYPTION_ON', 'End-to-end encryption is switched on already. Unlock it instead.')
    const { generation } = await beginWithKeys(context.services.keys, change, setup)
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

/** PUBLIC_KEY_INVALID, BAD_INPUT, SLOTS_INVALID for what no account could begin with. */
export function checkedSetup({ encryptedPrivateKey, publicKey, keySalt, slots }: SetupInput): CheckedSetup {
  return {
    encryptedPrivateKey,
    publicKey: checkedPublicKey(publicKey),
    keySalt: checkedSalt(keySalt),
    slots: readSlots('slots', slots, { PASSPHRASE: 1, RECOVERY_CODE: RECOVERY_CODES }),
  }
}

/** Puts keys in force for an account that has no slots, or no longer. ENVELOPE_INVALID for envelopes of another place. */
export async function beginWithKeys(
  serverKeys: Keyring,
  { tx, userId, keys, at }: KeyChange,
  { encryptedPrivateKey, publicKey, keySalt, slots }: CheckedSetup,
): Promise<{ generation: number }> {
  const generation = (keys?.generation ?? 0) + 1
  const ringRevision = (keys?.ringRevision ?? 0) + 1
  const keyId = keyIdOfRing(encryptedPrivateKey, { userId, ringRevision, generation })
  const columns = { keyId, publicKeyId: publicKey.id }
  refuseUsedKeys(await listRotations(tx, userId), await formerKeyIds(tx, userId), keys, columns)
  await setRecordKeys(tx, userId, columns)
  const data = {
    ...columns,
    encryptedPrivateKey,
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
  await writeSlots(serverKeys, tx, { userId, generation, at }, slots)
  return { generation }
}
