import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Record } from '../../generated/sqlite/client.ts'
import type { AccessLog, ScopedTx } from '../../platform/db/types.ts'
import { encryptionOff } from '../encryption/change-keys.ts'
import { keyNamedBy } from '../encryption/checked-envelope.ts'
import type { NamedKey } from '../encryption/checked-envelope.ts'
import type { RotationStatus } from '../encryption/read-status.ts'
import { countRecordsLeft, finishRotations, listRotations, retiredKeys } from '../encryption/rotations.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { countLargeRows } from './list-records.ts'
import { checkEncryptedSize } from './record-fields.ts'
import { expectKeyInForce } from './record-keys.ts'
import { BATCH } from './records-to-reencrypt.ts'
import type { RecordToReencrypt } from './records-to-reencrypt.ts'
import type { RecordQuery } from './write-record.ts'

export type Reencrypted = { records: Record[]; conflicts: string[]; rotation: RotationStatus }

type Item = RecordToReencrypt & { names: NamedKey }

/** One line tells of a whole batch, not one for each of its records. */
const ONE_LINE: AccessLog = { read: () => {}, wrote: () => null }

/**
 * Writes records anew under the key in force, each if it still stands at its revision; those that do not are conflicts.
 * A fault in one of them refuses them all. Notes that the rotation is finished when nothing is left: an empty list does
 * that alone. ENCRYPTION_OFF while it is off, NOT_FOUND when the account never had other keys.
 */
export async function reencryptRecords(
  context: Context,
  input: readonly RecordToReencrypt[],
  query: RecordQuery,
): Promise<Reencrypted> {
  const { services } = context
  const { user } = signedIn(context)
  if (!user.encryptionEnabled) throw encryptionOff()
  checkBatch(input)
  countLargeRows(context, input.length, query)
  const items = input.map((item) => checkedItem(user.id, item))
  const db = services.database.scopeToUser(user.id, ONE_LINE)
  return db.$transaction((tx) => writeBatch(context, tx, items, query))
}

async function writeBatch(
  context: Context,
  tx: ScopedTx,
  items: readonly Item[],
  query: RecordQuery,
): Promise<Reencrypted> {
  const userId = signedIn(context).user.id
  const at = context.services.now()
  const [usage] = await tx.recordUsage.updateManyAndReturn({ data: { count: { increment: 0 } } })
  if (!usage?.keyId) throw encryptionOff()
  for (const { names } of items) expectKeyInForce(usage, names)
  const earlier = await listRotations(tx, userId)
  if (earlier.length === 0)
    throw new AppError('NOT_FOUND', 'The keys of this account were never rotated, so there is nothing to write anew.')

  const records: Record[] = []
  const conflicts: string[] = []
  // Those under a key in force wait for nothing. What was written to the public key may be taken under the record key.
  const waiting = [...retiredKeys(earlier), usage.publicKeyId ?? []].flat()
  for (const { id, revision, encryptedData, names } of items) {
    const [written] = await tx.record.updateManyAndReturn({
      ...query,
      where: { id, revision, keyId: { in: waiting } },
      data: { encryptedData, keyId: names.kid, revision: { increment: 1 }, updatedAt: at },
    })
    if (written) records.push(written)
    else conflicts.push(id)
  }
  const recordsLeft = await countRecordsLeft(tx, userId, earlier)
  const [rotation] = await finishRotations(tx, userId, earlier, { left: recordsLeft, at })
  if (!rotation) throw new Error('A rotation was there, and is not.')
  if (records.length > 0) await logBatch(context, tx, records)
  return { records, conflicts, rotation: { rotation, recordsLeft } }
}

async function logBatch(context: Context, tx: ScopedTx, records: readonly Record[]): Promise<void> {
  const { services, origin } = context
  const { user, session } = signedIn(context)
  const event = {
    action: 'encryption.records-reencrypted',
    userId: user.id,
    sessionId: session.id,
    tableName: 'records',
    details: { count: records.length, ids: records.map(({ id }) => id) },
  }
  await tx.auditEntry.create({ data: { ...services.audit.row(event, origin), userId: user.id } })
}

function checkedItem(userId: string, item: RecordToReencrypt): Item {
  const { id, revision, encryptedData } = item
  checkEncryptedSize(encryptedData)
  const names = keyNamedBy(encryptedData, { userId, id, revision: revision + 1 })
  if (names instanceof AppError) throw names
  return { ...item, names }
}

function checkBatch(input: readonly RecordToReencrypt[]): void {
  if (input.length > BATCH.records) {
    const message = `input: ${input.length} records, where at most ${BATCH.records} are taken at once.`
    throw new AppError('TOO_LARGE', message, { field: 'input', limit: BATCH.records })
  }
  const bytes = input.reduce((sum, { encryptedData }) => sum + encryptedData.length, 0)
  if (bytes > BATCH.bytes) {
    const message = `input: ${bytes} bytes of encryptedData, where at most ${BATCH.bytes} are taken at once.`
    throw new AppError('TOO_LARGE', message, { field: 'input', limit: BATCH.bytes })
  }
  if (new Set(input.map(({ id }) => id)).size < input.length)
    throw new AppError('BAD_INPUT', 'input: each record once.', { field: 'input' })
}
