import type { Context } from '../../context.ts'
import { neighbourhoodOf } from '../../platform/http/network.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { raiseAlert } from '../alerts/raise-alert.ts'
import type { Alert, RaisedAlert } from '../alerts/raise-alert.ts'
import type { Device } from './device-cookie.ts'

/** The account that is signed in to. */
type Account = { user: Alert['user']; isNewUser: boolean }

/**
 * Notes from what device and place an account is signed in to, and warns of a new one: of the device where both are new,
 * of nothing where they are the account's first. In the transaction of the sign-in.
 */
export async function meetDevice(
  context: Context,
  tx: SystemTx,
  account: Account,
  device: Device,
): Promise<RaisedAlert | null> {
  const placeHash = placeHashOf(context)
  const newDeviceSince = await noteDevice(context, tx, account, device)
  const newPlaceSince = await notePlace(context, tx, account, placeHash)
  const about = { user: account.user, origin: context.origin }
  // With the time, or what was forgotten meanwhile and comes again would be taken for told.
  if (newDeviceSince) {
    return raiseAlert(context.services, tx, {
      ...about,
      kind: 'login.new-device',
      onceKey: `login.new-device:${device.hash}:${newDeviceSince.getTime()}`,
    })
  }
  if (!newPlaceSince) return null
  return raiseAlert(context.services, tx, {
    ...about,
    kind: 'login.new-location',
    onceKey: `login.new-location:${placeHash}:${newPlaceSince.getTime()}`,
  })
}

/**
 * Since when the account knows this device, where it is new to it and not the first; null otherwise. An account whose
 * devices were disowned still knows places.
 */
async function noteDevice({ services, origin }: Context, tx: SystemTx, { user, isNewUser }: Account, device: Device) {
  const now = services.now()
  const key = { userId: user.id, deviceHash: device.hash }
  const seen = { name: origin.deviceName, lastSeenAt: now }
  const isKnown = !device.isNew && (await tx.knownDevice.updateMany({ where: key, data: seen })).count > 0
  if (isKnown) return null
  const isFirst = isNewUser || !(await knowsAnything(tx, user.id))
  // A cookie that outlived its row, in two requests at once.
  const known = await tx.knownDevice.upsert({
    where: { userId_deviceHash: key },
    create: { ...key, ...seen, firstSeenAt: now },
    update: seen,
  })
  return isFirst ? null : known.firstSeenAt
}

async function knowsAnything(tx: SystemTx, userId: string): Promise<boolean> {
  const device = await tx.knownDevice.findFirst({ where: { userId } })
  return device !== null || (await tx.knownPlace.findFirst({ where: { userId } })) !== null
}

/** Since when the account knows this place, where it is new to it and not the first; null otherwise. */
async function notePlace({ services }: Context, tx: SystemTx, { user, isNewUser }: Account, placeHash: string) {
  const now = services.now()
  const key = { userId: user.id, placeHash }
  const isKnown = !isNewUser && (await tx.knownPlace.updateMany({ where: key, data: { lastSeenAt: now } })).count > 0
  if (isKnown) return null
  const isFirst = isNewUser || !(await tx.knownPlace.findFirst({ where: { userId: user.id } }))
  const known = await tx.knownPlace.upsert({
    where: { userId_placeHash: key },
    create: { ...key, firstSeenAt: now, lastSeenAt: now },
    update: { lastSeenAt: now },
  })
  return isFirst ? null : known.firstSeenAt
}

// Hashed under the key that is current: after a change of keys each place is new once more, which is told as one.
function placeHashOf({ services, origin }: Context): string {
  const place = services.places.placeOf(origin.ipAddress)
  return services.keys.mac('places', place?.key ?? neighbourhoodOf(origin.ipAddress))
}
