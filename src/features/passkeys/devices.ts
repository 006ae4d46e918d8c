import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Passkey } from '../../generated/sqlite/client.ts'
import { isNotFound } from '../../platform/db/errors.ts'
import { announceAlerts } from '../alerts/raise-alert.ts'
import { holdSession } from '../sessions/hold-session.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { passkeyName } from './passkey-name.ts'
import { takePasskeyAway } from './take-passkey-away.ts'

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
  const { services } = context
  const viewer = signedIn(context)
  const { user } = viewer
  const removed = await services.database.systemDb.$transaction(async (tx) => {
    const taken = await takePasskeyAway(context, tx, user, id)
    if (taken) await holdSession(tx, viewer)
    return taken
  })
  if (!removed) throw noSuchDevice()
  user.passkeyCount -= 1
  announceAlerts(services, [removed.alert])
  return removed.passkey
}

function noSuchDevice(): AppError {
  return new AppError('NOT_FOUND', 'There is no such passkey, or it was removed.', { field: 'id' })
}
