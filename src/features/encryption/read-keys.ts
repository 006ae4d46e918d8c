import type { Context } from '../../context.ts'
import type { EncryptionKeys, KeySlot } from '../../generated/sqlite/client.ts'

/** The kinds of slots that a signed-in client gets. The others are released by recovery alone. */
export const OPEN_KINDS = ['PASSPHRASE', 'PASSKEY']

/** A ring and what belongs to it, in force or given up. */
type Ring = Pick<
  EncryptionKeys,
  'encryptedPrivateKey' | 'publicKey' | 'keySalt' | 'keyId' | 'ringRevision' | 'slotsRevision' | 'generation'
>

export type KeysToUnlock = { keys: Ring; slots: KeySlot[] }

/** What the viewer's client needs to unlock; null while encryption is off. */
export async function readKeys(context: Context): Promise<KeysToUnlock | null> {
  const { db } = context
  const keys = await db.encryptionKeys.findFirst({ where: { encryptionEnabled: true } })
  if (!keys) return null
  const slots = await db.keySlot.findMany({
    where: { kind: { in: OPEN_KINDS } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  })
  // Slots of another master key than the ring's: a full rotation came between the two reads.
  return slots.some(({ generation }) => generation !== keys.generation) ? readKeys(context) : { keys, slots }
}

/** One of these slots by its id; null for one that is gone, another user's, or released by recovery alone. */
export function findOpenSlot({ db }: Context, id: string): Promise<KeySlot | null> {
  return db.keySlot.findFirst({ where: { id, kind: { in: OPEN_KINDS } } })
}
