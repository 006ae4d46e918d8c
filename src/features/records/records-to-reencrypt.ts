import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { listRotations, retiredKeys } from '../encryption/rotations.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { countLargeRows } from './list-records.ts'

/** The most of one batch: what fits into a request's body when it comes back. */
export const BATCH = { records: 100, bytes: 256 * 1024 } as const

/** A record to be written anew. */
export type RecordToReencrypt = { id: string; revision: number; encryptedData: string }

/**
 * The next of the viewer's records whose encryptedData names a retired key: at most as many as are asked for, and as fit
 * into a batch, in the order of their ids. Those up to `after` are passed over, so that records which a client cannot
 * open do not stand before the others for ever. It is logged as any read, and not weighed: a rotation reads everything
 * once, by itself.
 */
export async function recordsToReencrypt(
  context: Context,
  { first, after }: { first: number; after: string | null },
): Promise<RecordToReencrypt[]> {
  const { services, accessLog } = context
  const { user } = signedIn(context)
  if (first < 1 || first > BATCH.records) {
    const message = `first: a batch has 1 to ${BATCH.records} records.`
    throw new AppError('BAD_INPUT', message, { field: 'first', limit: BATCH.records })
  }
  const select = { id: true, revision: true, encryptedData: true }
  countLargeRows(context, first, { select })
  const db = services.database.scopeToUser(user.id, accessLog.uncounted)
  const retired = retiredKeys(await listRotations(db, user.id))
  if (retired.length === 0) return []
  const rows = await db.record.findMany({
    where: { keyId: { in: retired }, ...(after !== null && { id: { gt: after } }) },
    orderBy: { id: 'asc' },
    take: first,
    select,
  })
  return upToSize(
    rows.flatMap(({ encryptedData, ...row }) => (encryptedData === null ? [] : { ...row, encryptedData })),
  )
}

function upToSize(rows: readonly RecordToReencrypt[]): RecordToReencrypt[] {
  let bytes = 0
  return rows.filter(({ encryptedData }) => (bytes += encryptedData.length) <= BATCH.bytes)
}
