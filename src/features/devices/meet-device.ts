import type { Context } from '../../context.ts'
import { networkOf } from '../../platform/http/network.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { raiseAlert } from '../alerts/raise-alert.ts'
import type { Alert, RaisedAlert } from '../alerts/raise-alert.ts'
import type { Device } from './device-cookie.ts'

type User = Alert['user']

/**
 * Notes from what device and place an account is signed in to, and warns of a new one: of the device where both are new,
 * of nothing where they are the account's first. In the transaction of the sign-in.
 */
export async function meetDevice(
  context: Context,
  tx: SystemTx,
  user: User,
  device: Device,
): Promise<RaisedAlert | null> {
  const isNewDevice = await noteDevice(context, tx, user, device)
  const isNewPlace = await notePlace(context, tx, user)
  const about = { user, origin: context.origin }
  if (isNewDevice) {
    return raiseAlert(context.services, tx, {
      ...about,
      kind: 'login.new-device',
      onceKey: `login.new-device:${device.hash}`,
    })
  }
  if (!isNewPlace) return null
  return raiseAlert(context.services, tx, {
    ...about,
    kind: 'login.new-location',
    onceKey: `login.new-location:${placeHash(context)}`,
  })
}

/** True when the account knows other devices, and not this one. */
async function noteDevice(context: Context, tx: SystemTx, user: User, device: Device): Promise<boolean> {
  const now = context.services.now()
  const seen = { name: context.origin.deviceName, lastSeenAt: now }
  const key = { userId: user.id, deviceHash: device.hash }
  const { count } = await tx.knownDevice.updateMany({ where: key, data: seen })
  if (count > 0) return false
  const other = await tx.knownDevice.findFirst({ where: { userId: user.id }, select: { userId: true } })
  await tx.knownDevice.create({ data: { ...key, ...seen, firstSeenAt: now } })
  return other !== null
}

async function notePlace(context: Context, tx: SystemTx, user: User): Promise<boolean> {
  const now = context.services.now()
  const key = { userId: user.id, placeHash: placeHash(context) }
  const { count } = await tx.knownPlace.updateMany({ where: key, data: { lastSeenAt: now } })
  if (count > 0) return false
  const other = await tx.knownPlace.findFirst({ where: { userId: user.id }, select: { userId: true } })
  await tx.knownPlace.create({ data: { ...key, firstSeenAt: now, lastSeenAt: now } })
  return other !== null
}

// Hashed under the key that is current: after a change of keys each place is new once more, which is told as one.
function placeHash({ services, origin }: Context): string {
  return services.keys.mac('places', networkOf(origin.ipAddress))
}
