import { v7 as uuidv7 } from 'uuid'
import type { EncryptionKeys, KeyRotation } from '../../generated/sqlite/client.ts'
import type { Keyring } from '../../platform/crypto/keyring.ts'
import { setRecordKeys, slotsWritten } from './change-keys.ts'
import type { KeyChange } from './change-keys.ts'
import { forgetQuestions } from './forget-questions.ts'
import { formerKeyIds } from './former-keys.ts'
import { keyIdOfRing } from './key-material.ts'
import type { CheckedPublicKey } from './key-material.ts'
import { writeSlots } from './key-slots.ts'
import type { ReadSlots } from './key-slots.ts'
import { countRecordsLeft, finishRotations, listRotations, refuseUsedKeys } from './rotations.ts'

/** The next keys of an account, as a caller has made them. With slots, the master key is another one too. */
export type NextKeys = {
  encryptedPrivateKey: string
  publicKey: CheckedPublicKey
  slots: ReadSlots | null
  /** Null where it stays. */
  keySalt: string | null
}

export type PutInForce = { rotation: KeyRotation; ringRevision: number; generation: number; recordsLeft: number }

/**
 * Puts the next keys in force, in a transaction that has locked the account: a ring for one revision more, under a
 * record key that never was in force; with slots for one generation more, in the place of all that there are. The
 * questions go with the slots: their answers would open the former master key.
 */
export async function putInForce(
  keyring: Keyring,
  { tx, userId, at }: Pick<KeyChange, 'tx' | 'userId' | 'at'>,
  keys: EncryptionKeys,
  { encryptedPrivateKey, publicKey, slots, keySalt }: NextKeys,
): Promise<PutInForce> {
  const ringRevision = keys.ringRevision + 1
  const generation = keys.generation + (slots ? 1 : 0)
  const keyId = keyIdOfRing(encryptedPrivateKey, { userId, ringRevision, generation })
  const wanted = { keyId, publicKeyId: publicKey.id }
  const earlier = await listRotations(tx, userId)
  refuseUsedKeys(earlier, await formerKeyIds(tx, userId), keys, wanted)

  await setRecordKeys(tx, userId, wanted)
  if (slots) {
    await forgetQuestions(tx, userId)
    await tx.keySlot.deleteMany({ where: { userId } })
    // Whoever seals a new master key holds the ring, and has nothing to give up.
    await tx.freshStart.deleteMany({ where: { userId } })
    await writeSlots(keyring, tx, { userId, generation, at }, slots)
  }
  const biometricKeyAvailable = slots ? opensByPasskey(slots) : keys.biometricKeyAvailable
  const ring = { encryptedPrivateKey, publicKey: publicKey.text, ringRevision, generation, biometricKeyAvailable }
  await tx.encryptionKeys.updateMany({
    where: { userId },
    data: { ...wanted, ...ring, ...(keySalt !== null && { keySalt }), ...(slots && slotsWritten) },
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
  const recordsLeft = await countRecordsLeft(tx, userId, rotations)
  await finishRotations(tx, userId, rotations, { left: recordsLeft, at })
  return { rotation, ringRevision, generation, recordsLeft }
}

const opensByPasskey = ({ slots }: ReadSlots) => slots.some(({ kind }) => kind === 'PASSKEY')
