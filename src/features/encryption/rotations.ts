import type { EncryptionKeys, KeyRotation } from '../../generated/sqlite/client.ts'
import type { ScopedTx } from '../../platform/db/types.ts'
import { envelopeInvalid } from './checked-envelope.ts'
import { publicKeyInvalid } from './key-material.ts'

/** What rotations are read through: the viewer's rows, or a transaction of the server that names the user. */
type Reader = Pick<ScopedTx, 'keyRotation' | 'record'>

/** The account's rotations, the newest first. */
export function listRotations(db: Reader, userId: string): Promise<KeyRotation[]> {
  return db.keyRotation.findMany({ where: { userId }, orderBy: [{ startedAt: 'desc' }, { id: 'desc' }] })
}

/** Every key that was in force once: no record may be written with one, and the ring keeps them for backups. */
export function retiredKeys(rotations: readonly KeyRotation[]): string[] {
  return [...new Set(rotations.flatMap(({ fromKeyId, fromPublicKeyId }) => [fromKeyId, fromPublicKeyId ?? []].flat()))]
}

/** How many records are still encrypted with a retired key. */
export function countRecordsLeft(db: Reader, userId: string, rotations: readonly KeyRotation[]): Promise<number> {
  return db.record.count({ where: { userId, keyId: { in: retiredKeys(rotations) } } })
}

/** Notes of the open rotations that they are finished, when no record is left. Gives them as they then are. */
export async function finishRotations(
  db: Reader,
  userId: string,
  rotations: readonly KeyRotation[],
  { left, at }: { left: number; at: Date },
): Promise<KeyRotation[]> {
  if (left > 0 || rotations.every(({ finishedAt }) => finishedAt)) return [...rotations]
  await db.keyRotation.updateMany({ where: { userId, finishedAt: null }, data: { finishedAt: at } })
  return rotations.map((rotation) => ({ ...rotation, finishedAt: rotation.finishedAt ?? at }))
}

/**
 * Refuses to bring a key back. One that records were encrypted with before would make them count as encrypted with the
 * key in force, although whoever copied the old key can read them. `former` are the keys that a fresh start has given up.
 */
export function refuseUsedKeys(
  rotations: readonly KeyRotation[],
  former: readonly string[],
  inForce: Pick<EncryptionKeys, 'keyId' | 'publicKeyId'> | null,
  wanted: Pick<EncryptionKeys, 'keyId' | 'publicKeyId'>,
): void {
  const retired = [...retiredKeys(rotations), ...former]
  if (retired.includes(wanted.publicKeyId)) throw publicKeyInvalid('a key that was not in force before')
  const others = [...retired, wanted.publicKeyId, inForce?.keyId, inForce?.publicKeyId]
  if (!others.includes(wanted.keyId)) return
  throw envelopeInvalid('encryptedPrivateKey', 'kid', 'Here it names a record key that was never in force before.')
}
