import type { Context } from '../../context.ts'
import { announceAlerts, raiseAlert } from '../alerts/raise-alert.ts'
import type { OwnedPasskey } from './find-passkey.ts'

/**
 * Warns the owner of a passkey whose counter went back, once a day: as it does when a key was copied (WebAuthn level 3,
 * section 7.2, step 21). One that was removed in the meantime is none.
 */
export async function warnOfCopy({ services, origin }: Context, { id, name, user }: OwnedPasskey): Promise<void> {
  const { systemDb } = services.database
  if (!(await systemDb.passkey.findUnique({ where: { id }, select: { id: true } }))) return
  const day = services.now().toISOString().slice(0, 10)
  const alert = await systemDb.$transaction((tx) =>
    raiseAlert(services, tx, {
      kind: 'passkey.copied',
      user,
      onceKey: `passkey.copied:${id}:${day}`,
      origin,
      about: { passkey: name },
    }),
  )
  announceAlerts(services, [alert])
}
