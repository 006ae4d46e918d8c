import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import {
  changeKeys,
  expectRingRevision,
  expectSlotsRevision,
  keysInForce,
  setRecordKeys,
  slotsWritten,
} from './change-keys.ts'
import type { KeyChange } from './change-keys.ts'
import { forgetQuestions } from './forget-questions.ts'
import { checkedPublicKey, checkedSalt, keyIdOfRing, saltInvalid } from './key-material.ts'
import { readSlots, RECOVERY_CODES, writeSlots } from './key-slots.ts'
import type { ReadSlots, SlotInput } from './key-slots.ts'
import { countRecordsLeft, finishRotations, listRotations, refuseUsedKeys } from './rotations.ts'

type Input = {
  encryptedPrivateKey: string
  publicKey?: unknown
  ringRevision: number
  slotsRevision?: number | null | undefined
  slots?: readonly SlotInput[] | null | undefined
  keySalt?: string | null | undefined
}

/**
 * Puts a new record key in force, and with slots a new master key too. From the commit on no record can be written with
 * the old key; those that hold it wait for reencryptRecords. CONFLICT when the ring was written meanwhile, or the
 * slots were that the caller names the revision of.
 */
export async function rotateKeys(context: Context, input: Input): Promise<void> {
  const publicKey = checkedPublicKey(input.publicKey)
  const slots = input.slots
    ? readSlots('slots', input.slots, { PASSPHRASE: 1, RECOVERY_CODE: RECOVERY_CODES, PASSKEY: 'any' })
    : null
  const keySalt = saltOf(input)
  await changeKeys(context, async (change) => {
    const { tx, userId, at } = change
    const keys = keysInForce(change.keys)
    expectRingRevision(keys, input.ringRevision)
    expectSlotsRevision(keys, input.slotsRevision)
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
    await tx.encryptionKeys.updateMany({
      where: { userId },
      data: { ...wanted, ...ring, ...keySalt, ...(slots && slotsWritten) },
    })
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

// The salt belongs to the passphrase's slot: without another slot, the one that is kept says what it was made from.
function saltOf({ keySalt, slots }: Input): { keySalt?: string } {
  if (keySalt == null) return {}
  if (!slots) throw saltInvalid('only together with slots.')
  return { keySalt: checkedSalt(keySalt) }
}

async function replaceSlots(
  { services }: Context,
  { tx, userId, at }: KeyChange,
  slots: ReadSlots,
  generation: number,
): Promise<void> {
  // Their answers open a master key that is no longer in force.
  await forgetQuestions(tx, userId)
  await tx.keySlot.deleteMany({ where: { userId } })
  await writeSlots(services.keys, tx, { userId, generation, at }, slots)
}

const opensByPasskey = ({ slots }: ReadSlots) => slots.some(({ kind }) => kind === 'PASSKEY')
