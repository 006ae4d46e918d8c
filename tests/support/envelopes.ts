import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'

/*
 * Envelopes as a server without keys can hold against its rules: the right header, and random bytes of the right sizes.
 * They are written down a second time here on purpose: nothing of the code that checks or makes them is used.
 */

type Kind = 'PASSPHRASE' | 'PASSKEY' | 'RECOVERY_CODE' | 'SECURITY_QUESTIONS'
type Header = Record<string, unknown>

/** What to deviate from: members of the header (undefined takes one out), and the sizes of the other parts. */
export type Deviation = {
  header?: Header
  encryptedKey?: number
  iv?: number
  ciphertext?: number
  tag?: number
}

type Form = { header: Header; encryptedKey: number; iv: number; ciphertext: number; tag: number }

export const random = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** A key's thumbprint, of a key that nobody has. */
export const newKid = (): string => random(32)

export type Jwk = { kty: string; crv: string; x: string; y: string }

export function newPublicKey(): Jwk {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  return { kty: 'EC', crv: 'P-256', x, y }
}

/** RFC 7638. */
export function thumbprint({ crv, kty, x, y }: Jwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}

const protectedHeader = (alg: string, typ: string, ctx: string, more: Header = {}): Header => ({
  alg,
  enc: 'A256GCM',
  typ,
  crit: ['ctx'],
  ctx,
  ...more,
})

export type SlotPlace = { userId: string; id: string; kind: Kind; generation: number }

export function slotEnvelope({ userId, id, kind, generation }: SlotPlace, deviation: Deviation = {}): string {
  const ctx = `1|${userId}|${id}|${kind}|${generation}`
  const [alg, encryptedKey] = kind === 'PASSPHRASE' ? ['PBES2-HS512+A256KW', 40] : ['dir', 0]
  const more = kind === 'PASSPHRASE' ? { p2c: 600_000, p2s: random(32) } : {}
  const header = protectedHeader(alg, 'latchkey-slot+jwe', ctx, more)
  return compact({ header, encryptedKey, iv: 12, ciphertext: 32, tag: 16 }, deviation)
}

export type RingPlace = { userId: string; ringRevision: number; generation: number; kid: string }

export function ringEnvelope({ userId, ringRevision, generation, kid }: RingPlace, deviation: Deviation = {}): string {
  const header = protectedHeader('dir', 'latchkey-ring+jwe', `1|${userId}|ring|${ringRevision}|${generation}`, { kid })
  return compact({ header, encryptedKey: 0, iv: 12, ciphertext: 400, tag: 16 }, deviation)
}

export type RecordPlace = { userId: string; id: string; revision: number; kid: string }

const recordCtx = ({ userId, id, revision }: RecordPlace) => `1|${userId}|${id}|encryptedData|${revision}`

export function recordEnvelope(place: RecordPlace, deviation: Deviation = {}): string {
  const header = protectedHeader('A256KW', 'latchkey+jwe', recordCtx(place), { kid: place.kid })
  return compact({ header, encryptedKey: 40, iv: 12, ciphertext: 64, tag: 16 }, deviation)
}

export function publicRecordEnvelope(place: RecordPlace, deviation: Deviation = {}): string {
  const more = { kid: place.kid, epk: newPublicKey() }
  const header = protectedHeader('ECDH-ES+A256KW', 'latchkey+jwe', recordCtx(place), more)
  return compact({ header, encryptedKey: 40, iv: 12, ciphertext: 64, tag: 16 }, deviation)
}

/** A slot as the API takes it. */
export type SlotInput = { id: string; kind: Kind; envelope: string; passkeyId?: string; verifier?: string }

type NewSlot = { userId: string; kind: Kind; generation: number; passkeyId?: string; id?: string }

export function slotInput({ userId, kind, generation, passkeyId, id = uuidv7() }: NewSlot): SlotInput {
  return {
    id: `keyslot_${id}`,
    kind,
    envelope: slotEnvelope({ userId, id, kind, generation }),
    ...(passkeyId !== undefined && { passkeyId }),
    ...(kind === 'RECOVERY_CODE' && { verifier: random(32) }),
  }
}

/** Eight recovery codes. */
export const codeSlots = (userId: string, generation: number): SlotInput[] =>
  Array.from({ length: 8 }, () => slotInput({ userId, kind: 'RECOVERY_CODE', generation }))

/** What setupEncryption and a full rotation ask for. */
export const allSlots = (userId: string, generation: number): SlotInput[] => [
  slotInput({ userId, kind: 'PASSPHRASE', generation }),
  ...codeSlots(userId, generation),
]

function compact(form: Form, { header, ...sizes }: Deviation): string {
  const { encryptedKey, iv, ciphertext, tag } = { ...form, ...sizes }
  const text = JSON.stringify({ ...form.header, ...header })
  return [Buffer.from(text).toString('base64url'), ...[encryptedKey, iv, ciphertext, tag].map(random)].join('.')
}
