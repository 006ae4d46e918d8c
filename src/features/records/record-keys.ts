import { AppError } from '../../errors.ts'
import type { Prisma, RecordUsage } from '../../generated/sqlite/client.ts'
import type { ScopedTx } from '../../platform/db/types.ts'
import { encryptionOff } from '../encryption/change-keys.ts'
import { keyNamedBy, keyRotated } from '../encryption/checked-envelope.ts'
import type { NamedKey, RecordPlace } from '../encryption/checked-envelope.ts'

/** A write of encryptedData: the condition on the account's keys that it rides on, and what it names. */
export type EncryptedWrite = { allowed: Prisma.RecordUsageWhereInput; names: NamedKey | AppError }

/**
 * Reads what a new encryptedData names. `allowed` is true of the row of record_usage while the named key is in force, and,
 * for what is no envelope of the account's keys but an app's own, while encryption is off: the update that takes that row
 * decides, so that no change of keys can come in between. An envelope whose keys were given up meanwhile would open never
 * again. One that was made for another place is refused at once, whatever is in force: in a browser that two people
 * use, it would be kept where neither of them can open it.
 */
export function readEncryptedWrite(envelope: string, place: RecordPlace): EncryptedWrite {
  const names = keyNamedBy(envelope, place)
  if (names instanceof AppError && names.extensions['reason'] === 'ctx') throw names
  return { names, allowed: names instanceof AppError ? { keyId: null } : { [names.column]: names.kid } }
}

/** Throws if a write was not let through because of its key. Returns when that was not why. */
export async function refuseForItsKey(tx: ScopedTx, { names }: EncryptedWrite): Promise<void> {
  const usage = await tx.recordUsage.findFirst({ select: { keyId: true, publicKeyId: true } })
  if (!usage) return
  if (names instanceof AppError) {
    if (usage.keyId === null) return
    throw names
  }
  expectKeyInForce(usage, names)
}

/** ENCRYPTION_OFF where no key is in force, KEY_ROTATED where another is than the one that is named. */
export function expectKeyInForce(usage: Pick<RecordUsage, 'keyId' | 'publicKeyId'>, { column, kid }: NamedKey): void {
  if (usage.keyId === null) throw encryptionOff()
  const inForce = usage[column]
  if (inForce !== null && inForce !== kid) throw keyRotated(inForce)
}
