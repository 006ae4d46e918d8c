import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Passkey } from '../../generated/sqlite/client.ts'
import { isNotFound } from '../../platform/db/errors.ts'
import { announceAlerts, raiseAlert } from '../alerts/raise-alert.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { passkeyName } from './passkey-name.ts'

/** The viewer's passkeys, the newest first. */
export function listDevices({ db }: Context): Promise<Passkey[]> {
  return db.passkey.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] })
}

/** Gives one of the viewer's passkeys another name. NOT_FOUND for one that is gone, or another's. */
export async function renameDevice({ db }: Context, id: string, text: string): Promise<Passkey> {
  const name = passkeyName(text)
  try {
    return await db.passkey.update({ where: { id }, data: { name } })
  } catch (error) {
    throw isNotFound(error) ? noSuchDevice() : error
  }
}

/**
 * Removes one of the viewer's passkeys, and tells the viewer of it by an alert. The account's count goes down in the same
 * transaction, and is locked first, so that nothing can come between. NOT_FOUND for one that is gone, or another's.
 */
export async function removeDevice(context: Context, id: string): Promise<Passkey> {
  const { services, origin } = context
  const { user, session } = signedIn(context)
  const { removed, alert } = await services.database.systemDb.$transaction(async (tx) => {
    await tx.user.updateMany({ where: { id: user.id }, data: { passkeyCount: { decrement: 1 } } })
    const removed = await tx.passkey.delete({ where: { id, userId: user.id } }).catch((error: unknown) => {
      throw isNotFound(error) ? noSuchDevice() : error
    })
    const about = { userId: user.id, sessionId: session.id, tableName: 'passkeys', recordId: id }
    await tx.auditEntry.create({ data: services.audit.row({ ...about, action: 'passkey.deleted' }, origin) })
    const alert = await raiseAlert(services, tx, {
      kind: 'passkey.removed',
      user,
      onceKey: `passkey.removed:${id}`,
      origin,
      about: { passkey: removed.name },
    })
    return { removed, alert }
  })
  user.passkeyCount -= 1
  announceAlerts(services, [alert])
  return removed
}

function noSuchDevice(): AppError {
  return new AppError('NOT_FOUND', 'There is no such passkey, or it was removed.', { field: 'id' })
}
