import { bareId } from '../../shared/encryption/contexts.ts'
import type { Ask } from '../ask.ts'
import { LatchkeyError } from '../errors.ts'
import {
  EncryptionKeysDocument,
  type EncryptionKeysFieldsFragment,
  type EncryptionKeysQuery,
  type KeySlotInput,
} from '../generated/graphql.ts'
import type { NewSlot, SealedKeys, SealedSlot } from './vault.ts'

export type EncryptionStatus = EncryptionKeysQuery['encryptionStatus']
export type KeyRotation = NonNullable<EncryptionStatus['rotation']>

/** `slotsRevision` counts the writes of slots: a change that was prepared from former ones is told by it. */
export type CountedKeys = SealedKeys & { slotsRevision: number }

/** The signed-in user, and the keys as the server keeps them. `user` is a bare UUID. */
export type AccountKeys = { user: string; email: string; keys: CountedKeys; status: EncryptionStatus }

/** Reads the account's keys, which needs a FRESH proof. ENCRYPTION_OFF where there are none. */
export async function readAccountKeys(ask: Ask): Promise<AccountKeys> {
  const { me, encryptionKeys, encryptionStatus } = await ask(EncryptionKeysDocument, {})
  if (!me) throw new LatchkeyError('UNAUTHENTICATED', 'Nobody is signed in.')
  if (!encryptionKeys) {
    throw new LatchkeyError('ENCRYPTION_OFF', 'End-to-end encryption is not switched on for this account.')
  }
  return { user: bareId(me.id), email: me.email, keys: toSealedKeys(encryptionKeys), status: encryptionStatus }
}

/** Keys as the vault takes them. */
export const toSealedKeys = (keys: EncryptionKeysFieldsFragment): CountedKeys => ({
  ...keys,
  slots: keys.slots.map(toSealedSlot),
})

type ApiSlot = EncryptionKeysFieldsFragment['slots'][number]

/** A slot as the vault takes it: ids are bare there. */
export function toSealedSlot({ id, kind, passkeyId, envelope }: Omit<ApiSlot, '__typename' | 'createdAt'>): SealedSlot {
  return { id: bareId(id), kind, passkeyId: passkeyId === null ? null : bareId(passkeyId), envelope }
}

/** A slot as the server takes it. */
export function toSlotInput({ id, kind, envelope, passkeyId, verifier }: NewSlot): KeySlotInput {
  return {
    id: `keyslot_${bareId(id)}`,
    kind,
    envelope,
    ...(passkeyId !== undefined && { passkeyId: toPasskeyId(passkeyId) }),
    ...(verifier !== undefined && { verifier }),
  }
}

export const toPasskeyId = (id: string): string => `passkey_${bareId(id)}`
