import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { changeKeys, keysInForce, noteEncryption, setRecordKeys } from './change-keys.ts'
import { closeOpenRequest } from './close-open-request.ts'
import { forgetQuestions } from './forget-questions.ts'
import { finishRotations, listRotations } from './rotations.ts'

/**
 * Switches end-to-end encryption off, and forgets the keys. RECORDS_ENCRYPTED while any record holds encryptedData:
 * nobody could ever read it again.
 */
export async function disableEncryption(context: Context): Promise<void> {
  await changeKeys(context, async ({ tx, userId, keys, at }) => {
    keysInForce(keys)
    // Before the look at the records: what is being written now has then committed, or comes too late.
    await setRecordKeys(tx, userId, { keyId: null, publicKeyId: null })
    const encrypted = await tx.record.findFirst({
      where: { userId, encryptedData: { not: null } },
      select: { id: true },
    })
    if (encrypted) throw recordsEncrypted()
    await forgetQuestions(tx, userId)
    await tx.freshStart.deleteMany({ where: { userId } })
    await closeOpenRequest(tx, userId, 'superseded', await context.services.database.now(tx))
    await tx.keySlot.deleteMany({ where: { userId } })
    await finishRotations(tx, userId, await listRotations(tx, userId), { left: 0, at })
    await tx.encryptionKeys.updateMany({
      where: { userId },
      data: { encryptionEnabled: false, biometricKeyAvailable: false, encryptedPrivateKey: '' },
    })
    return {
      action: 'encryption.disabled',
      tableName: 'user_encryption_keys',
      recordId: userId,
      alert: { kind: 'encryption.disabled' },
    }
  })
  noteEncryption(context, false)
}

function recordsEncrypted(): AppError {
  return new AppError(
    'RECORDS_ENCRYPTED',
    'Records still hold encryptedData, which nobody could read any more. Clear it (encryptedData: null) or delete them first.',
  )
}
