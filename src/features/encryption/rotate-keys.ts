import type { Context } from '../../context.ts'
import { changeKeys, expectRingRevision, expectSlotsRevision, keysInForce } from './change-keys.ts'
import { closeOpenRequest } from './close-open-request.ts'
import { checkedPublicKey, checkedSalt, saltInvalid } from './key-material.ts'
import { readSlots, RECOVERY_CODES } from './key-slots.ts'
import type { SlotInput } from './key-slots.ts'
import { putInForce } from './put-in-force.ts'

type Input = {
  encryptedPrivateKey: string
  publicKey?: unknown
  ringRevision: number
  slotsRevision?: number | null | undefined
  slots?: readonly SlotInput[] | null | undefined
  keySalt?: string | null | undefined
}

/** The slots of a new master key: every way in, sealed anew. */
export const ALL_SLOTS = { PASSPHRASE: 1, RECOVERY_CODE: RECOVERY_CODES, PASSKEY: 'any' } as const

/**
 * Puts a new record key in force, and with slots a new master key too. From the commit on no record can be written with
 * the old key; those that hold it wait for reencryptRecords. CONFLICT when the ring was written meanwhile, or the
 * slots were that the caller names the revision of.
 */
export async function rotateKeys(context: Context, input: Input): Promise<void> {
  const { services } = context
  const publicKey = checkedPublicKey(input.publicKey)
  const slots = input.slots ? readSlots('slots', input.slots, ALL_SLOTS) : null
  const keySalt = saltOf(input)
  await changeKeys(context, async (change) => {
    const { tx, userId } = change
    const keys = keysInForce(change.keys)
    expectRingRevision(keys, input.ringRevision)
    expectSlotsRevision(keys, input.slotsRevision)
    const { encryptedPrivateKey } = input
    const next = await putInForce(services.keys, change, keys, { encryptedPrivateKey, publicKey, slots, keySalt })
    // What it would release opens a master key that is no longer in force.
    if (slots) await closeOpenRequest(tx, userId, 'superseded', await services.database.now(tx))
    const { rotation, ...details } = next
    return {
      action: 'encryption.keys-rotated',
      tableName: 'key_rotations',
      recordId: rotation.id,
      details,
      alert: { kind: 'encryption.keys-rotated' },
    }
  })
}

// The salt belongs to the passphrase's slot: without another slot, the one that is kept says what it was made from.
function saltOf({ keySalt, slots }: Input): string | null {
  if (keySalt == null) return null
  if (!slots) throw saltInvalid('only together with slots.')
  return checkedSalt(keySalt)
}
