import { AppError } from '../../errors.ts'
import type { KeySlot } from '../../generated/sqlite/client.ts'
import type { Keyring } from '../../platform/crypto/keyring.ts'
import { seal, unseal } from '../../platform/crypto/seal.ts'
import { isUniqueViolation } from '../../platform/db/errors.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { isUuid } from '../../schema/node-id.ts'
import { contextOf, SLOT_KINDS } from '../../shared/encryption/contexts.ts'
import type { SlotKind } from '../../shared/encryption/contexts.ts'
import { is32Bytes } from '../../shared/encryption/envelopes.ts'
import { checkedEnvelope } from './checked-envelope.ts'
import { verifierHash } from './verifiers.ts'

/** How many recovery codes an account gets at once. */
export const RECOVERY_CODES = 8

/** A slot as a caller names it. */
export type SlotInput = {
  id: string
  kind: SlotKind
  envelope: string
  passkeyId?: string | null | undefined
  verifier?: string | null | undefined
  /** SECURITY_QUESTIONS: which two answers open it. No caller names it in a slot. */
  pair?: QuestionPair
}

/** The three pairs of the three questions. */
export const QUESTION_PAIRS = ['0-1', '0-2', '1-2'] as const
export type QuestionPair = (typeof QUESTION_PAIRS)[number]

/** How many slots of each kind a change asks for; none of a kind that is not named. */
export type WantedSlots = Partial<Record<SlotKind, number | 'any'>>

/** Slots whose kinds, ids and other members are right together. Their envelopes are held against the keys in force by `writeSlots`. */
export type ReadSlots = { field: string; slots: ReadSlot[] }
type ReadSlot = {
  /** Where its input stands: 'slots[2]'. */
  place: string
  id: string
  kind: SlotKind
  envelope: string
  passkeyId: string | null
  verifier: string | null
  pair: QuestionPair | null
}

/** Reads the slots of a change. SLOTS_INVALID unless they are those that it asks for, each once. */
export function readSlots(
  field: string,
  inputs: readonly SlotInput[],
  wanted: WantedSlots,
  placeOf = (index: number) => (inputs.length > 1 || field === 'slots' ? `${field}[${index}]` : field),
): ReadSlots {
  for (const kind of SLOT_KINDS) {
    const count = inputs.filter((input) => input.kind === kind).length
    const right = wanted[kind] ?? 0
    if (right !== 'any' && count !== right) throw slotsInvalid(field, `${right} of kind ${kind}, not ${count}`)
  }
  const slots = inputs.map((input, index) => ({
    place: placeOf(index),
    id: slotId(field, input.id),
    kind: input.kind,
    envelope: input.envelope,
    passkeyId: passkeyIdOf(field, input),
    verifier: verifierOf(field, input),
    pair: input.pair ?? null,
  }))
  refuseTwice(field, 'id', slots)
  refuseTwice(field, 'passkeyId', slots)
  refuseTwice(field, 'verifier', slots)
  return { field, slots }
}

type Place = { userId: string; generation: number; at: Date }

/** Checks the slots' envelopes for this user and master key, and keeps them, sealed. SLOTS_INVALID for a passkey that is not the user's. */
export async function writeSlots(
  keys: Keyring,
  tx: SystemTx,
  place: Place,
  { field, slots }: ReadSlots,
): Promise<void> {
  const { userId, generation, at } = place
  slots.forEach(({ place, id, kind, envelope }) => {
    const rule = kind === 'PASSPHRASE' ? 'PASSPHRASE_SLOT' : 'SLOT'
    checkedEnvelope(rule, envelope, contextOf.slot(userId, id, kind, generation), `${place}.envelope`)
  })
  const passkeys = slots.flatMap(({ passkeyId }) => passkeyId ?? [])
  const own = passkeys.length === 0 ? 0 : await tx.passkey.count({ where: { userId, id: { in: passkeys } } })
  if (own !== passkeys.length) throw slotsInvalid(field, 'the passkeyId of a passkey of the account')
  const data = slots.map(({ id, kind, envelope, passkeyId, verifier, pair }) => ({
    id,
    userId,
    kind,
    passkeyId,
    pair,
    envelope: seal(keys, 'seal-key-slots', envelope, [userId, id, kind]),
    verifierHash: verifier === null ? null : verifierHash(keys, userId, verifier),
    generation,
    createdAt: at,
  }))
  try {
    await tx.keySlot.createMany({ data })
  } catch (error) {
    throw isUniqueViolation(error) ? slotsInvalid(field, 'an id that no slot of the account has') : error
  }
}

/** The envelope of a slot as the client made it. */
export function openSlot(keys: Keyring, { userId, id, kind, envelope }: KeySlot): string {
  return unseal(keys, 'seal-key-slots', envelope, [userId, id, kind])
}

/** The refusal of slots: what is asked for, in words. */
export function slotsInvalid(field: string, wanted: string): AppError {
  return new AppError('SLOTS_INVALID', `${field}: ${wanted}, is what is asked for here.`, { field })
}

function slotId(field: string, id: string): string {
  const uuid = withoutPrefix(id, 'keyslot_')
  if (isUuid(uuid) && uuid[14] === '7') return uuid
  throw slotsInvalid(field, 'an id that is a UUID of version 7 in lower case, with or without `keyslot_` before it')
}

function passkeyIdOf(field: string, { kind, passkeyId }: SlotInput): string | null {
  if (kind !== 'PASSKEY') {
    if (passkeyId == null) return null
    throw slotsInvalid(field, 'a passkeyId for the kind PASSKEY alone')
  }
  const uuid = withoutPrefix(passkeyId ?? '', 'passkey_')
  if (isUuid(uuid)) return uuid
  throw slotsInvalid(field, 'the passkeyId of a passkey of the account')
}

function verifierOf(field: string, { kind, verifier }: SlotInput): string | null {
  if (kind !== 'RECOVERY_CODE' && kind !== 'SECURITY_QUESTIONS') {
    if (verifier == null) return null
    throw slotsInvalid(field, 'a verifier for the kinds RECOVERY_CODE and SECURITY_QUESTIONS alone')
  }
  if (is32Bytes(verifier)) return verifier
  throw slotsInvalid(field, `a verifier of 32 bytes in base64url for each ${kind}`)
}

function refuseTwice(field: string, name: 'id' | 'passkeyId' | 'verifier', slots: readonly ReadSlot[]): void {
  const values = slots.flatMap((slot) => slot[name] ?? [])
  if (new Set(values).size < values.length) throw slotsInvalid(field, `another ${name} for each slot`)
}

function withoutPrefix(id: string, prefix: string): string {
  return id.startsWith(prefix) ? id.slice(prefix.length) : id
}
