import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { changeKeys, keysInForce } from './change-keys.ts'
import { closePasskeySlot } from './close-passkey-slot.ts'

/** Closes the way in by a passkey; signing in by it goes on. NOT_FOUND when the passkey opens nothing, or is another's. */
export async function disableBiometricUnlock(context: Context, passkeyId: string): Promise<void> {
  await changeKeys(context, async ({ tx, userId, keys }) => {
    keysInForce(keys)
    const recordId = await closePasskeySlot(context.services.database, tx, userId, passkeyId)
    if (recordId === null)
      throw new AppError('NOT_FOUND', 'No such passkey opens the keys of this account.', { field: 'passkeyId' })
    return { action: 'encryption.unlock-removed', tableName: 'key_slots', recordId, details: { passkeyId } }
  })
}
