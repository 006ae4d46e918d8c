import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { changeKeys, expectRingRevision, keysInForce, setRecordKeys } from './change-keys.ts'
import type { KeyChange } from './change-keys.ts'
import { checkedPublicKey, keyIdOfRing } from './key-material.ts'
import { readSlots, RECOVERY_CODES, writeSlots } from './key-slots.ts'
import type { ReadSlots, SlotInput } from './key-slots.ts'
import { countRecordsLeft, finishRotations, listRotations, refuseUsedKeys } from './rotations.ts'

type Input = {
  encryptedPrivateKey: string
  publicKey?: unknown
  ringRevision: number
  slots?: readonly SlotInput[] | null | undefined
}

/**
 * Puts a new record key in force, and with slots a new master key too. From the commit on no record can be written with
 * the old key; those that hold it wait for reencryptRecords. CONFLICT when the ring was written meanwhile.
 */
export async function rotateKeys(context: Context, input: Input): Promise<void> {
  const publicKey = checkedPublicKey(input.publicKey)
  const slots = input.slots
    ? readSlots('slots', input.slots, { PASSPHRASE: 1, RECOVERY_CODE: RECOVERY_CODES, PASSKEY: 'any' })
    : null
  await changeKeys(context, async (change) => {
    const { tx, userId, at } = change
    const keys = keysInForce(change.keys)
    expectRingRevision(keys, input.ringRevision)
    const ringRevision = keys.ringRevision + 1
    const generation = keys.generation + (slots ? 1 : 0)
    const { encryptedPrivateKey } = input
    const keyId = keyIdOfRing(encryptedPrivateKey, { userId, ringRevision, generation })
    const wanted = { keyId, publicKeyId: publicKey.id }
    const earlier = await listRotations(tx, userId)
    refuseUsedKeys(earlier, keys, wanted)

    await setRecordKeys(tx, userId, wanted)
    if (slots) await replaceSlots(context, change, slots, generation)
    const biometricKeyAvailable = slots ? opensByPasskey(slots) : keys.biometricKeyAvailable
    const ring = { encryptedPrivateKey, publicKey: publicKey.text, ringRevision, generation, biometricKeyAvailable }
    await tx.encryptionKeys.updateMany({ where: { userId }, data: { ...wanted, ...ring } })
    const rotation = await tx.keyRotation.create({
      data: {
        id: uuidv7({ msecs: at.getTime() }),
        userId,
        fromKeyId: keys.keyId,
        toKeyId: keyId,
        fromPublicKeyId: keys.publicKeyId === publicKey.id ? null : keys.publicKeyId,
        startedAt: at,
      },
    })
    const rotations = [rotation, ...earlier]
    const left = await countRecordsLeft(tx, userId, rotations)
    await finishRotations(tx, userId, rotations, { left, at })
    return {
      action: 'encryption.keys-rotated',
      tableName: 'key_rotations',
      recordId: rotation.id,
      details: { ringRevision, generation, recordsLeft: left },
      alert: { kind: 'encryption.keys-rotated' },
    }
  })
}

async function replaceSlots(
  { services }: Context,
  { tx, userId, at }: KeyChange,
  slots: ReadSlots,
  generation: number,
): Promise<void> {
  await tx.keySlot.deleteMany({ where: { userId } })
  await writeSlots(services.keys, tx, { userId, generation, at }, slots)
}

const opensByPasskey = ({ slots }: ReadSlots) => slots.some(({ kind }) => kind === 'PASSKEY')
