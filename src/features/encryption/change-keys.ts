import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { EncryptionKeys } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { announceAlerts, raiseAlert } from '../alerts/raise-alert.ts'
import type { Alert } from '../alerts/raise-alert.ts'
import { holdSession } from '../sessions/hold-session.ts'
import { lockAccount } from '../sessions/lock-account.ts'
import { signedIn } from '../sessions/signed-in.ts'
import type { Viewer } from '../../viewer.ts'

/** What a change of keys works with: the account is locked, and `keys` are what is in force. */
export type KeyChange = { tx: SystemTx; userId: string; keys: EncryptionKeys | null; at: Date }

/** What a change has done, for the log and for the owner. */
export type Changed = {
  action: `encryption.${string}` | `recovery.${string}`
  tableName:
    'user_encryption_keys' | 'key_slots' | 'key_rotations' | 'security_questions' | 'former_keys' | 'recovery_requests'
  recordId: string
  details?: Readonly<Record<string, unknown>>
  /** None where there is nothing to warn of. */
  alert?: Pick<Alert, 'kind' | 'about'>
}

/**
 * Changes an account's keys in one transaction: the account is locked first, so that changes take turns; then come the
 * steps, the line of the log and the alert; the session is held last, so that one that was ended meanwhile has changed
 * nothing. The steps take the rows in one order, record_usage before slots and rotations, as whoever writes encrypted
 * records does.
 */
export function changeKeys(context: Context, steps: (change: KeyChange) => Promise<Changed>): Promise<void> {
  return changeKeysAs(context, steps, (tx, viewer) => holdSession(tx, viewer))
}

/** The same, where the session is held by another deed, such as renewing it. Gives what that gave. */
export async function changeKeysAs<Held>(
  context: Context,
  steps: (change: KeyChange) => Promise<Changed>,
  hold: (tx: SystemTx, viewer: Viewer) => Promise<Held>,
): Promise<Held> {
  const { services, origin } = context
  const viewer = signedIn(context)
  const { user, session } = viewer
  const at = services.now()
  const { alert, held } = await services.database.systemDb.$transaction(async (tx) => {
    await lockAccount(tx, user.id)
    const keys = await tx.encryptionKeys.findUnique({ where: { userId: user.id } })
    const { alert, ...event } = await steps({ tx, userId: user.id, keys, at })
    const row = services.audit.row({ ...event, userId: user.id, sessionId: session.id }, origin)
    await tx.auditEntry.create({ data: row })
    // Each is told: by the id of a slot, which is the caller's to choose, one could be passed over.
    const onceKey = alert && `${alert.kind}:${row.id}`
    const raised = onceKey ? await raiseAlert(services, tx, { ...alert, onceKey, user, origin }) : null
    return { alert: raised, held: await hold(tx, viewer) }
  })
  announceAlerts(services, [alert])
  return held
}

/** The keys of an account whose encryption is on. ENCRYPTION_OFF otherwise. */
export function keysInForce(keys: EncryptionKeys | null): EncryptionKeys {
  if (keys?.encryptionEnabled) return keys
  throw encryptionOff()
}

export function encryptionOff(): AppError {
  return new AppError('ENCRYPTION_OFF', 'End-to-end encryption is not switched on. Begin with setupEncryption.')
}

/** CONFLICT unless the ring still stands at the revision that a change was made from. */
export function expectRingRevision({ ringRevision }: EncryptionKeys, expected: number): void {
  if (ringRevision === expected) return
  throw new AppError(
    'CONFLICT',
    `The keys are no longer at revision ${expected}. Read encryptionKeys again: they stand at ${ringRevision}.`,
    { field: 'ringRevision', currentRevision: ringRevision },
  )
}

/** CONFLICT where a change names the revision of the slots that it was prepared from, and they were written since. */
export function expectSlotsRevision({ slotsRevision }: EncryptionKeys, expected: number | null | undefined): void {
  if (expected == null || expected === slotsRevision) return
  throw new AppError(
    'CONFLICT',
    `The slots are no longer at revision ${expected}. Read encryptionKeys again: they stand at ${slotsRevision}.`,
    { field: 'slotsRevision', currentRevision: slotsRevision },
  )
}

/** What each write of slots sets on the row of the keys, so that a change prepared from the former ones is told. */
export const slotsWritten = { slotsRevision: { increment: 1 } } as const

/** Sets the keys that encryptedData must name from now on; null while encryption is off. Locks out writes under the old ones. */
export async function setRecordKeys(
  tx: SystemTx,
  userId: string,
  keys: { keyId: string | null; publicKeyId: string | null },
): Promise<void> {
  const { count } = await tx.recordUsage.updateMany({ where: { userId }, data: keys })
  if (count !== 1) throw new Error('An account has no row that counts its records; expected one.')
}

/** What follows in the same request goes by it. */
export function noteEncryption(context: Context, encryptionEnabled: boolean): void {
  const { user } = signedIn(context)
  user.encryptionEnabled = encryptionEnabled
  if (context.issued?.user.id === user.id) context.issued.user.encryptionEnabled = encryptionEnabled
}
