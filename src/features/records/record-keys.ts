import { AppError } from '../../errors.ts'
import type { Prisma } from '../../generated/sqlite/client.ts'
import type { ScopedTx } from '../../platform/db/types.ts'
import { keyNamedBy, keyRotated } from '../encryption/checked-envelope.ts'
import type { NamedKey, RecordPlace } from '../encryption/checked-envelope.ts'

/** A write of encryptedData: the condition on the account's keys that it rides on, and what it names. */
export type EncryptedWrite = { allowed: Prisma.RecordUsageWhereInput; names: NamedKey | AppError }

/**
 * Reads what a new encryptedData names. `allowed` is true of the row of record_usage while encryption is off, and while
 * the named key is in force: the update that takes that row decides, so that no change of keys can come in between.
 */
export function readEncryptedWrite(envelope: string, place: RecordPlace): EncryptedWrite {
  const names = keyNamedBy(envelope, place)
  const off = { keyId: null }
  return { names, allowed: names instanceof AppError ? off : { OR: [off, { [names.column]: names.kid }] } }
}

/** Throws if a write was not let through because of its key. Returns when that was not why. */
export async function refuseForItsKey(tx: ScopedTx, { names }: EncryptedWrite): Promise<void> {
  const usage = await tx.recordUsage.findFirst({ select: { keyId: true, publicKeyId: true } })
  if (!usage || usage.keyId === null) return
  if (names instanceof AppError) throw names
  const inForce = usage[names.column]
  if (inForce !== null && inForce !== names.kid) throw keyRotated(inForce)
}
