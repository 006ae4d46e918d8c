import type { Database } from '../../platform/db/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { closeOpenRequest } from './close-open-request.ts'

/**
 * Closes the account's request of recovery where it has released something, in a transaction that has locked the account
 * and takes a way to unlock back: what was released by that way, to whoever had it, must not put other keys in force. A
 * wait that has released nothing goes on.
 */
export async function closeReleased(database: Database, tx: SystemTx, userId: string): Promise<void> {
  const only = { releasedAt: { not: null } }
  const released = await tx.recoveryRequest.findFirst({
    where: { userId, isOpen: true, ...only },
    select: { id: true },
  })
  if (released) await closeOpenRequest(tx, userId, 'superseded', await database.now(tx), only)
}
