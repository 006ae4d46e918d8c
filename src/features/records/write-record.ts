import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { AppError, sessionNeeded } from '../../errors.ts'
import type { Prisma, Record } from '../../generated/sqlite/client.ts'
import { isNotFound, isUniqueViolation } from '../../platform/db/errors.ts'
import type { ScopedTx } from '../../platform/db/types.ts'
import { isUuid } from '../../schema/node-id.ts'
import type { RecordPlace } from '../encryption/checked-envelope.ts'
import { checkedCollection, checkEncryptedSize, columnsOf } from './record-fields.ts'
import type { RecordFields } from './record-fields.ts'
import { readEncryptedWrite, refuseForItsKey } from './record-keys.ts'
import type { EncryptedWrite } from './record-keys.ts'

/** Which columns the answer needs; Pothos makes it from the query. */
export type RecordQuery = { select: Prisma.RecordSelect }

/**
 * Makes a record, with the id that the client chose or one of the server's. QUOTA_EXCEEDED when the account is full.
 * With encryption on, encryptedData is an envelope under the key in force that names the client's id and revision 1.
 */
export async function createRecord(
  context: Context,
  input: RecordFields & { id?: string | null | undefined; collection: string },
  query: RecordQuery,
): Promise<Record> {
  const { db, services } = context
  const { userId } = viewerOf(context)
  const now = services.now()
  // Those of one millisecond count up, so that a list keeps the order in which they were made.
  const id = input.id == null ? uuidv7() : clientMadeId(input.id)
  const collection = checkedCollection(input.collection)
  const encrypted = encryptedWriteIn(context, input, { userId, id, revision: 1 })
  if (encrypted && input.id == null && context.viewer?.user.encryptionEnabled) throw idNeeded()
  const columns = columnsOf(services.keys, { userId, id }, input)
  try {
    return await db.$transaction(async (tx) => {
      // Counted first, by a conditional write: parallel creations cannot pass the limit together.
      const { maxPerUser } = services.config.records
      const room = await tx.recordUsage.updateMany({
        where: { count: { lt: maxPerUser }, ...encrypted?.allowed },
        data: { count: { increment: 1 } },
      })
      if (room.count === 0 && encrypted) await refuseForItsKey(tx, encrypted)
      if (room.count === 0) throw quotaExceeded(maxPerUser)
      return tx.record.create({
        ...query,
        data: { ...columns, userId, id, collection, createdAt: now, updatedAt: now },
      })
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw await conflict(context, id, 'There is a record with this id already.')
    throw error
  }
}

/** Changes the fields that are given, if the record still stands at the named revision. CONFLICT names the one in force. */
export async function updateRecord(
  context: Context,
  input: RecordFields & { id: string; revision: number },
  query: RecordQuery,
): Promise<Record> {
  const { db, services } = context
  const { id, revision } = input
  const { userId } = viewerOf(context)
  const encrypted = encryptedWriteIn(context, input, { userId, id, revision: revision + 1 })
  const columns = columnsOf(services.keys, { userId, id }, input)
  const write = (tx: Pick<ScopedTx, 'record'>) =>
    tx.record.updateManyAndReturn({
      ...query,
      where: { id, revision },
      data: { ...columns, revision: { increment: 1 }, updatedAt: services.now() },
    })
  const [updated] = await (encrypted
    ? db.$transaction(async (tx) => {
        const { count } = await tx.recordUsage.updateMany({
          where: encrypted.allowed,
          data: { count: { increment: 0 } },
        })
        if (count === 0) {
          await refuseForItsKey(tx, encrypted)
          throw keysChanging()
        }
        return write(tx)
      })
    : write(db))
  if (!updated) throw await conflict(context, id, `The record is no longer at revision ${revision}.`)
  return updated
}

/** Deletes a record for good; with `revision`, only when it still stands there. */
export async function deleteRecord(context: Context, input: { id: string; revision: number | null }): Promise<void> {
  const { id, revision } = input
  const where = { userId_id: { userId: viewerOf(context).userId, id }, ...(revision !== null && { revision }) }
  try {
    await context.db.$transaction(async (tx) => {
      // The count first, as createRecord does: in the other order the two could wait for each other for ever.
      await tx.recordUsage.updateMany({ data: { count: { decrement: 1 } } })
      await tx.record.delete({ where, select: { id: true } })
    })
  } catch (error) {
    if (isNotFound(error)) throw await conflict(context, id, `The record is no longer at revision ${revision}.`)
    throw error
  }
}

/** Null where no encryptedData is written: left out, or cleared. */
function encryptedWriteIn(
  { viewer }: Context,
  { encryptedData }: RecordFields,
  place: RecordPlace,
): EncryptedWrite | null {
  if (encryptedData == null) return null
  checkEncryptedSize(encryptedData)
  const encrypted = readEncryptedWrite(encryptedData, place)
  // The database decides. But what is malformed in any case is refused in the words of what is in force.
  if (viewer?.user.encryptionEnabled && encrypted.names instanceof AppError) throw encrypted.names
  return encrypted
}

// The update found another key in force, and the look at it found none: encryption was switched off in between.
function keysChanging(): AppError {
  return new AppError('UNAVAILABLE', 'The keys of the account are being changed just now. Try again.')
}

function idNeeded(): AppError {
  return new AppError(
    'BAD_INPUT',
    'id: encryptedData names its record, so the client makes the id: a UUID of version 7 in lower case.',
    { field: 'id' },
  )
}

async function conflict({ db }: Context, id: string, message: string): Promise<AppError> {
  const current = await db.record.findFirst({ where: { id }, select: { id: true, revision: true } })
  if (!current) return new AppError('NOT_FOUND', 'There is no such record, or it is not yours.', { field: 'id' })
  const { revision: currentRevision } = current
  return new AppError('CONFLICT', `${message} Read it again: it stands at revision ${currentRevision}.`, {
    currentRevision,
  })
}

function clientMadeId(id: string): string {
  const uuid = id.startsWith('record_') ? id.slice('record_'.length) : id
  if (isUuid(uuid) && uuid[14] === '7') return uuid
  throw new AppError('BAD_INPUT', 'id: a UUID of version 7 in lower case, with or without `record_` before it.', {
    field: 'id',
  })
}

function quotaExceeded(limit: number): AppError {
  return new AppError('QUOTA_EXCEEDED', `An account holds at most ${limit} records. Delete some first.`, { limit })
}

function viewerOf({ viewer }: Context): { userId: string } {
  if (!viewer) throw sessionNeeded()
  return { userId: viewer.user.id }
}
