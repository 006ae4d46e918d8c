import type { CryptoKey } from 'jose'
import { v7 as uuidv7 } from 'uuid'
import { fromBase64url, toBase64url } from '../../shared/encryption/base64url.ts'
import { contextOf } from '../../shared/encryption/contexts.ts'
import { ENVELOPE_FAULTS, is32Bytes } from '../../shared/encryption/envelopes.ts'
import type { EnvelopeKind } from '../../shared/encryption/envelopes.ts'
import { isLatchkeyError, LatchkeyError } from '../errors.ts'
import { joinAnswers, joinTwo, PAIRS, readAnswers, type TwoAnswers } from './answers.ts'
import { randomBytes, wipe } from './bytes.ts'
import { importPassphrase, keyOfAnswers, keyOfCode, keyOfPrf, p2sOf, stretchAnswers } from './derive.ts'
import { verifierOf, verifierOfAnswers } from './derive.ts'
import { makeRecoveryCode, readRecoveryCode } from './recovery-codes.ts'
import { openEnvelope, sealAndTry } from './sealed-envelopes.ts'
import type { NewSlot, Opener, PasskeyAtHand, SealedForQuestions, SealedKeys, SealedSlot } from './vault.ts'

/** Whose master key a slot holds, and which of them: they are counted. */
export type Owner = { user: string; generation: number }

export const CODES = 8
const PRF_BYTES = 32
const SALT_BYTES = 32
// A server that hands out many slots could keep a client deriving keys for minutes.
const MOST_TRIED: Readonly<Record<Opener['kind'], number>> = {
  PASSPHRASE: 1,
  PASSKEY: 64,
  RECOVERY_CODE: CODES,
  SECURITY_QUESTIONS: PAIRS.length,
}

/**
 * The master key, by whichever of the slots the secret opens. The caller wipes it. KEYS_REFUSED for a slot that no
 * client of ours has made, without a try of the secret on it; SECRET_WRONG where none opens.
 */
export async function openSlots(
  keys: Pick<SealedKeys, 'slots' | 'generation'>,
  user: string,
  opener: Opener,
): Promise<Uint8Array> {
  const slots = keys.slots.filter(({ kind }) => kind === opener.kind)
  if (slots.length > MOST_TRIED[opener.kind]) {
    throw new LatchkeyError('KEYS_REFUSED', `The server gave ${slots.length} slots of the kind ${opener.kind}.`)
  }
  const use = await readOpener(opener)
  let refused: string | null = null
  try {
    for (const slot of slots) {
      const key = await use.keyFor(user, slot.id)
      const ctx = contextOf.slot(user, slot.id, slot.kind, keys.generation)
      const opened = await openEnvelope(formOf(slot), slot.envelope, key, ctx)
      if (opened.ok) return opened.plaintext
      if (opened.fault !== 'not-authentic')
        refused ??= `A ${slot.kind} slot is refused: ${ENVELOPE_FAULTS[opened.fault]}`
    }
  } finally {
    use.end()
  }
  if (refused) throw new LatchkeyError('KEYS_REFUSED', refused)
  throw new LatchkeyError('SECRET_WRONG', 'This does not open the keys.')
}

/** A passphrase slot. Whoever calls has found the passphrase strong enough. */
export async function sealForPassphrase(
  master: Uint8Array,
  { user, generation }: Owner,
  { email, passphrase, keySalt }: { email: string; passphrase: string; keySalt: string },
): Promise<NewSlot> {
  const id = uuidv7()
  const ctx = contextOf.slot(user, id, 'PASSPHRASE', generation)
  const p2s = await p2sOf(email, keySalt)
  const envelope = await sealAndTry('PASSPHRASE_SLOT', master, await importPassphrase(passphrase), { ctx, p2s })
  return { id, kind: 'PASSPHRASE', envelope }
}

/**
 * A passkey slot, which is opened again with what the passkey gave the second time before anybody relies on it.
 * PRF_UNRELIABLE where that fails.
 */
export async function sealForPasskey(
  master: Uint8Array,
  { user, generation }: Owner,
  { passkeyId, prf, again }: { passkeyId: string; prf: Uint8Array; again: Uint8Array },
): Promise<NewSlot> {
  insistOnPrf(prf)
  insistOnPrf(again)
  const id = uuidv7()
  const ctx = contextOf.slot(user, id, 'PASSKEY', generation)
  const envelope = await sealAndTry('SLOT', master, await keyOfPrf(prf, user, id), { ctx })
  const opened = await openEnvelope('SLOT', envelope, await keyOfPrf(again, user, id), ctx)
  if (!opened.ok) throw unreliable()
  wipe(opened.plaintext)
  return { id, kind: 'PASSKEY', envelope, passkeyId }
}

/**
 * Insists that what a passkey gave opens the slot that it has: one touch proves it as well as two. PRF_UNRELIABLE where
 * it does not, for a new slot would not open either.
 */
export async function provePasskey(
  keys: Pick<SealedKeys, 'slots' | 'generation'>,
  user: string,
  { passkeyId, prf }: PasskeyAtHand,
): Promise<void> {
  const slots = keys.slots.filter((slot) => slot.passkeyId === passkeyId)
  try {
    wipe(await openSlots({ ...keys, slots }, user, { kind: 'PASSKEY', prf }))
  } catch (error) {
    throw isLatchkeyError(error, 'SECRET_WRONG') ? unreliable() : error
  }
}

/** Eight slots for recovery codes, with the codes in the same order. */
export async function sealForCodes(master: Uint8Array, owner: Owner): Promise<{ slots: NewSlot[]; codes: string[] }> {
  const made = await Promise.all(Array.from({ length: CODES }, () => sealForCode(master, owner)))
  return { slots: made.map(({ slot }) => slot), codes: made.map(({ code }) => code) }
}

async function sealForCode(master: Uint8Array, { user, generation }: Owner): Promise<{ slot: NewSlot; code: string }> {
  const { code, secret } = makeRecoveryCode()
  try {
    const id = uuidv7()
    const ctx = contextOf.slot(user, id, 'RECOVERY_CODE', generation)
    const envelope = await sealAndTry('SLOT', master, await keyOfCode(secret, user, id), { ctx })
    const verifier = toBase64url(await verifierOf(secret, user))
    return { slot: { id, kind: 'RECOVERY_CODE', envelope, verifier }, code }
  } finally {
    wipe(secret)
  }
}

/** What shows the server that somebody holds a code, in base64url. BAD_INPUT for what is no code. */
export async function verifierOfCodeIn(text: string, user: string): Promise<string> {
  const secret = readRecoveryCode(text)
  try {
    return toBase64url(await verifierOf(secret, user))
  } finally {
    wipe(secret)
  }
}

/** Three slots, one for each two of the three answers, and the salt that all of them are stretched with. */
export async function sealForQuestions(
  master: Uint8Array,
  owner: Owner,
  texts: readonly string[],
): Promise<SealedForQuestions> {
  const answers = readAnswers(texts)
  const salt = randomBytes(SALT_BYTES)
  const pairs = []
  for (const pair of PAIRS) {
    const joined = joinAnswers(answers[pair.first] ?? '', answers[pair.second] ?? '')
    const stretched = await stretchAnswers(joined, salt)
    try {
      pairs.push({ ...pair, slot: await sealForAnswers(master, owner, pair, stretched) })
    } finally {
      wipe(stretched)
    }
  }
  return { salt: toBase64url(salt), pairs }
}

async function sealForAnswers(
  master: Uint8Array,
  { user, generation }: Owner,
  pair: { first: number; second: number },
  stretched: Uint8Array,
): Promise<NewSlot> {
  const id = uuidv7()
  const ctx = contextOf.slot(user, id, 'SECURITY_QUESTIONS', generation)
  const envelope = await sealAndTry('SLOT', master, await keyOfAnswers(stretched, user, id), { ctx })
  const verifier = toBase64url(await verifierOfAnswers(stretched, user, pair))
  return { id, kind: 'SECURITY_QUESTIONS', envelope, verifier }
}

/** What shows the server that somebody knows two answers, in base64url. BAD_INPUT for what no answer is. */
export async function verifierOfTwo(two: TwoAnswers & { salt: string }, user: string): Promise<string> {
  const stretched = await stretchTwo(two)
  try {
    return toBase64url(await verifierOfAnswers(stretched, user, two))
  } finally {
    wipe(stretched)
  }
}

async function stretchTwo({ salt, ...two }: TwoAnswers & { salt: string }): Promise<Uint8Array> {
  const joined = joinTwo(two)
  const bytes = is32Bytes(salt) ? fromBase64url(salt) : null
  if (!bytes)
    throw new LatchkeyError('KEYS_REFUSED', 'The salt of the security questions is not 32 bytes in base64url.')
  return stretchAnswers(joined, bytes)
}

/** How a secret becomes the key of a slot. */
type Use = { keyFor(user: string, slot: string): Promise<CryptoKey>; end(): void }

async function readOpener(opener: Opener): Promise<Use> {
  switch (opener.kind) {
    case 'PASSPHRASE': {
      const key = await importPassphrase(opener.passphrase)
      return { keyFor: async () => key, end: () => {} }
    }
    case 'PASSKEY': {
      insistOnPrf(opener.prf)
      return { keyFor: (user, slot) => keyOfPrf(opener.prf, user, slot), end: () => {} } // the caller's, who wipes it
    }
    case 'RECOVERY_CODE': {
      const secret = readRecoveryCode(opener.code)
      return { keyFor: (user, slot) => keyOfCode(secret, user, slot), end: () => wipe(secret) }
    }
    case 'SECURITY_QUESTIONS': {
      const stretched = await stretchTwo(opener)
      return { keyFor: (user, slot) => keyOfAnswers(stretched, user, slot), end: () => wipe(stretched) }
    }
  }
}

// Zeros are what a buffer holds that was wiped after an earlier use: a slot sealed with them would be open to anybody.
function insistOnPrf(prf: Uint8Array): void {
  if (prf.length !== PRF_BYTES || prf.every((byte) => byte === 0)) throw unreliable()
}

const unreliable = () =>
  new LatchkeyError('PRF_UNRELIABLE', 'The passkey did not give the same 32 bytes twice, so it cannot unlock.')

const formOf = ({ kind }: SealedSlot): EnvelopeKind => (kind === 'PASSPHRASE' ? 'PASSPHRASE_SLOT' : 'SLOT')
