import type { Database } from '../../platform/db/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { slotsWritten } from './change-keys.ts'
import { closeReleased } from './close-released.ts'

/** Closes the slot that a passkey opens, in a transaction that has locked the account. Its id; null when there is none. */
export async function closePasskeySlot(
  database: Database,
  tx: SystemTx,
  userId: string,
  passkeyId: string,
): Promise<string | null> {
  const slot = await tx.keySlot.findFirst({ where: { userId, passkeyId }, select: { id: true } })
  if (!slot) return null
  await closeReleased(database, tx, userId)
  await tx.keySlot.deleteMany({ where: { userId, id: slot.id } })
  const others = await tx.keySlot.count({ where: { userId, kind: 'PASSKEY' } })
  await tx.encryptionKeys.updateMany({
    where: { userId },
    data: { biometricKeyAvailable: others > 0, ...slotsWritten },
  })
  return slot.id
}
