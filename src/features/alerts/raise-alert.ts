import { v7 as uuidv7 } from 'uuid'
import type { Origin } from '../../context.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { Services } from '../../services.ts'
import { ALERT_KINDS } from './kinds.ts'
import type { About, AlertKind } from './kinds.ts'

export type Alert = {
  kind: AlertKind
  /** Whom it warns. */
  user: { id: string; email: string }
  /** What must not be told twice: 'login.new-device:<hash>'. A second alert to the user with the same key is none. */
  onceKey: string
  /** Where what it warns of came from. */
  origin: Origin
  about?: Pick<About, 'passkey'>
}

/** An alert that was written. To be handed to `announceAlerts` once the transaction has committed. */
export type RaisedAlert = { id: string; userId: string; kind: AlertKind }

/**
 * Warns a user, in the transaction of what it warns of: a row, and the messages that go out with it. Null when the same
 * was told before.
 */
export async function raiseAlert(
  services: Services,
  tx: SystemTx,
  { kind, user, onceKey, origin, about }: Alert,
): Promise<RaisedAlert | null> {
  const createdAt = services.now()
  const id = uuidv7({ msecs: createdAt.getTime() })
  const words: About = { deviceName: origin.deviceName, place: null, ...about }
  const row = await tx.securityAlert.upsert({
    where: { userId_onceKey: { userId: user.id, onceKey } },
    create: {
      id,
      userId: user.id,
      kind,
      message: ALERT_KINDS[kind].message(words),
      ipAddress: origin.ipAddress,
      deviceName: origin.deviceName,
      onceKey,
      createdAt,
    },
    // Something must be named, or the database is asked three times.
    update: { onceKey },
  })
  return row.id === id ? { id, userId: user.id, kind } : null
}

/** Tells those who listen of alerts whose transaction has committed, and sends their messages. */
export function announceAlerts(services: Services, raised: readonly (RaisedAlert | null)[]): void {
  if (raised.some((alert) => alert !== null)) services.outbox.wake()
}
