import { bytesInBase64url, fromBase64url } from './base64url.ts'

/*
 * The forms of what end-to-end encryption keeps: compact JWEs (RFC 7516, section 7.1), one rule for each kind. The
 * server checks them without a key on every write, the client insists on the same before it opens one: so they stand
 * here once. docs/end-to-end-encryption.md explains them.
 */

/** What an envelope holds, and under what. */
export type EnvelopeKind = 'PASSPHRASE_SLOT' | 'SLOT' | 'RING' | 'RECORD' | 'RECORD_TO_PUBLIC_KEY'

/** The rounds of PBKDF2 that a passphrase slot may name. The client makes new ones with the lowest. */
export const PBES2_ROUNDS = { lowest: 600_000, highest: 2_000_000 } as const

/** The longest envelope that a field of the API takes. */
export const MAX_ENVELOPE_LETTERS = 96 * 1024

const MAX_HEADER_LETTERS = 1024
const [IV_BYTES, TAG_BYTES] = [12, 16]
const WRAPPED_KEY_BYTES = 40
const MASTER_KEY_BYTES = 32

type Rule = {
  alg: 'PBES2-HS512+A256KW' | 'dir' | 'A256KW' | 'ECDH-ES+A256KW'
  typ: 'latchkey-slot+jwe' | 'latchkey-ring+jwe' | 'latchkey+jwe'
  /** Besides alg, enc, typ, crit and ctx, which every header holds. All of them must be there, and no other. */
  members: readonly Member[]
  /** The second part of the JWE. */
  encryptedKeyBytes: number
  /** The fourth part, where its size is known. */
  ciphertextBytes?: number
}

/** The rule for each kind. */
export const RULES: Readonly<Record<EnvelopeKind, Rule>> = {
  PASSPHRASE_SLOT: {
    alg: 'PBES2-HS512+A256KW',
    typ: 'latchkey-slot+jwe',
    members: ['p2c', 'p2s'],
    encryptedKeyBytes: WRAPPED_KEY_BYTES,
    ciphertextBytes: MASTER_KEY_BYTES,
  },
  SLOT: {
    alg: 'dir',
    typ: 'latchkey-slot+jwe',
    members: [],
    encryptedKeyBytes: 0,
    ciphertextBytes: MASTER_KEY_BYTES,
  },
  // Its kid names the record key in force: the one thing in the ring that the server must know.
  RING: { alg: 'dir', typ: 'latchkey-ring+jwe', members: ['kid'], encryptedKeyBytes: 0 },
  RECORD: { alg: 'A256KW', typ: 'latchkey+jwe', members: ['kid'], encryptedKeyBytes: WRAPPED_KEY_BYTES },
  RECORD_TO_PUBLIC_KEY: {
    alg: 'ECDH-ES+A256KW',
    typ: 'latchkey+jwe',
    members: ['kid', 'epk'],
    encryptedKeyBytes: WRAPPED_KEY_BYTES,
  },
}

export const ENC = 'A256GCM'

/** A header as the rules admit it. */
export type EnvelopeHeader = {
  alg: Rule['alg']
  enc: typeof ENC
  typ: Rule['typ']
  crit: ['ctx']
  /** What the envelope belongs to: see `contextOf`. */
  ctx: string
  kid?: string
  p2c?: number
  p2s?: string
  epk?: PublicKeyJwk
}

/** Why an envelope is refused. These texts are part of the API: they reach the caller as `reason`. */
export type EnvelopeFault =
  | 'not-compact'
  | 'header-size'
  | 'header-json'
  | 'header-members'
  | 'alg'
  | 'enc'
  | 'typ'
  | 'crit'
  | 'ctx'
  | 'kid'
  | 'p2c'
  | 'p2s'
  | 'epk'
  | 'encrypted-key-size'
  | 'iv-size'
  | 'ciphertext-size'
  | 'tag-size'

/** What each fault means to whoever made the envelope. */
export const ENVELOPE_FAULTS: Readonly<Record<EnvelopeFault, string>> = {
  'not-compact': 'A compact JWE is asked for: five parts in base64url with dots between.',
  'header-size': `The protected header is larger than ${MAX_HEADER_LETTERS} characters.`,
  'header-json': 'The protected header is not a JSON object in UTF-8.',
  'header-members': 'The protected header holds a member that is not asked for, or lacks one that is.',
  alg: 'alg is not the one for this kind of envelope.',
  enc: `enc is not ${ENC}.`,
  typ: 'typ is not the one for this kind of envelope.',
  crit: 'crit is not ["ctx"].',
  ctx: 'ctx does not name what the envelope is for.',
  kid: 'kid is not an RFC 7638 thumbprint (SHA-256, base64url).',
  p2c: `p2c is not between ${PBES2_ROUNDS.lowest} and ${PBES2_ROUNDS.highest}.`,
  p2s: 'p2s is not 32 bytes in base64url.',
  epk: 'epk is not a public key on P-256 with the members kty, crv, x and y.',
  'encrypted-key-size': 'The encrypted key does not have the size that its alg makes.',
  'iv-size': 'The initialization vector is not 12 bytes.',
  'ciphertext-size': 'The ciphertext does not have the size that this kind of envelope has.',
  'tag-size': 'The authentication tag is not 16 bytes.',
}

/** An envelope that keeps the rules of its kind, or why it does not. */
export type CheckedEnvelope = { ok: true; header: EnvelopeHeader } | { ok: false; fault: EnvelopeFault }

/** Holds an envelope against the rules of its kind and against the context that it must name. Opens nothing. */
export function checkEnvelope(kind: EnvelopeKind, envelope: string, ctx: string): CheckedEnvelope {
  const read = readEnvelope(kind, envelope)
  return read.ok && read.header.ctx !== ctx ? { ok: false, fault: 'ctx' } : read
}

/** The same for whoever compares the context by itself. */
export function readEnvelope(kind: EnvelopeKind, envelope: string): CheckedEnvelope {
  const parts = envelope.split('.')
  const [encodedHeader = '', ...rest] = parts
  if (encodedHeader.length > MAX_HEADER_LETTERS) return { ok: false, fault: 'header-size' }
  // Sizes alone: whoever opens it decodes the parts, and a page of records is many letters.
  const [encryptedKey = null, iv = null, ciphertext = null, tag = null] = rest.map(bytesInBase64url)
  const headerBytes = fromBase64url(encodedHeader)
  if (parts.length !== 5 || !headerBytes || encryptedKey === null || iv === null || ciphertext === null || tag === null)
    return { ok: false, fault: 'not-compact' }
  const members = parseHeader(headerBytes)
  if (!members) return { ok: false, fault: 'header-json' }

  const rule = RULES[kind]
  const fault =
    faultOfHeader(rule, members) ??
    (encryptedKey === rule.encryptedKeyBytes ? null : 'encrypted-key-size') ??
    (iv === IV_BYTES ? null : 'iv-size') ??
    (ciphertext === (rule.ciphertextBytes ?? ciphertext) ? null : 'ciphertext-size') ??
    (tag === TAG_BYTES ? null : 'tag-size')
  // Each member has just been held against its rule.
  return fault ? { ok: false, fault } : { ok: true, header: members as EnvelopeHeader }
}

/** A public key of an account (RFC 7517): P-256, and nothing private. */
export type PublicKeyJwk = { kty: 'EC'; crv: 'P-256'; x: string; y: string }

/** True for a JWK that has these four members and no other: a `d` beside them would be the private key. */
export function isPublicKeyJwk(value: unknown): value is PublicKeyJwk {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { kty, crv, x, y } = value as Record<string, unknown> // any object may be asked for its names
  const names = Object.keys(value).sort().join()
  return names === 'crv,kty,x,y' && kty === 'EC' && crv === 'P-256' && is32Bytes(x) && is32Bytes(y)
}

/** True for 32 bytes in base64url: a thumbprint, a salt, a verifier. */
export function is32Bytes(value: unknown): value is string {
  return typeof value === 'string' && value.length === 43 && bytesInBase64url(value) !== null
}

type Member = 'kid' | 'p2c' | 'p2s' | 'epk'

const COMMON = ['alg', 'enc', 'typ', 'crit', 'ctx']
const CHECKS: Readonly<Record<Member, (value: unknown) => boolean>> = {
  kid: is32Bytes,
  p2c: (value) =>
    Number.isInteger(value) && Number(value) >= PBES2_ROUNDS.lowest && Number(value) <= PBES2_ROUNDS.highest,
  p2s: is32Bytes,
  epk: isPublicKeyJwk,
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null
    return parsed as Record<string, unknown> // any object may be asked for its names
  } catch {
    return null
  }
}

function faultOfHeader(rule: Rule, header: Readonly<Record<string, unknown>>): EnvelopeFault | null {
  const { alg, enc, typ, crit, ctx } = header
  if (alg !== rule.alg) return 'alg'
  if (enc !== ENC) return 'enc'
  if (typ !== rule.typ) return 'typ'
  if (!Array.isArray(crit) || crit.length !== 1 || crit[0] !== 'ctx') return 'crit'
  if (typeof ctx !== 'string') return 'ctx'
  const wanted = COMMON.length + rule.members.length
  const hasAll = rule.members.every((member) => Object.hasOwn(header, member))
  if (!hasAll || Object.keys(header).length !== wanted) return 'header-members'
  return rule.members.find((member) => !CHECKS[member](header[member])) ?? null
}
