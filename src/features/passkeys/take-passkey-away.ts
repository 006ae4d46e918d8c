import type { Context } from '../../context.ts'
import type { Passkey, SecurityAlert } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { raiseAlert } from '../alerts/raise-alert.ts'
import type { Alert, RaisedAlert } from '../alerts/raise-alert.ts'
import { closePasskeySlot } from '../encryption/close-passkey-slot.ts'
import { lockAccount } from '../sessions/lock-account.ts'

/**
 * Removes a passkey of an account with its place in the count and the slot that it opens, logs it and warns the owner, in the caller's transaction.
 * Null when there is no such passkey; then nothing has changed.
 */
export async function takePasskeyAway(
  { services, origin, viewer }: Context,
  tx: SystemTx,
  user: Alert['user'],
  id: string,
): Promise<{ passkey: Passkey; alert: RaisedAlert | null } | null> {
  await lockAccount(tx, user.id)
  const passkey = await tx.passkey.findFirst({ where: { id, userId: user.id } })
  const slotId = passkey && (await closePasskeySlot(services.database, tx, user.id, id))
  const { count } = await tx.passkey.deleteMany({ where: { id, userId: user.id } })
  if (!passkey || count === 0) return null
  await tx.user.updateMany({ where: { id: user.id }, data: { passkeyCount: { decrement: 1 } } })
  const sessionId = viewer?.user.id === user.id ? viewer.session.id : null
  const who = { userId: user.id, sessionId }
  const events = [
    ...(slotId
      ? [
          {
            ...who,
            action: 'encryption.unlock-removed',
            tableName: 'key_slots',
            recordId: slotId,
            details: { passkeyId: id },
          },
        ]
      : []),
    { ...who, action: 'passkey.deleted', tableName: 'passkeys', recordId: id },
  ]
  await tx.auditEntry.createMany({ data: events.map((event) => services.audit.row(event, origin)) })
  const alert = await raiseAlert(services, tx, {
    kind: 'passkey.removed',
    user,
    onceKey: `passkey.removed:${id}`,
    origin,
    about: { passkey: passkey.name },
  })
  return { passkey, alert }
}

/** What makes the alert that tells of a new passkey the only one. */
export const addedKey = (passkeyId: string): string => `passkey.added:${passkeyId}`

/** The passkey that an alert tells of as new; null for any other alert. */
export function passkeyOfAlert({ kind, onceKey }: SecurityAlert): string | null {
  return kind === 'passkey.added' ? onceKey.slice(addedKey('').length) : null
}
