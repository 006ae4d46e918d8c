import { CompactEncrypt, compactDecrypt } from 'jose'
import type { CryptoKey } from 'jose'
import { checkEnvelope, ENC, PBES2_ROUNDS, RULES } from '../../shared/encryption/envelopes.ts'
import type { EnvelopeFault, EnvelopeHeader, EnvelopeKind } from '../../shared/encryption/envelopes.ts'
import { wipe } from './bytes.ts'

/** What an envelope's header names besides what its kind settles. */
type Named = { ctx: string; kid?: string; p2s?: Uint8Array }

/** `not-authentic` tells of a wrong key, or of an envelope that was changed: nobody can tell which. */
export type OpenedEnvelope =
  { ok: true; plaintext: Uint8Array; header: EnvelopeHeader } | { ok: false; fault: EnvelopeFault | 'not-authentic' }

// What the header marks as critical, each to be found in the protected header.
const CRIT = { ctx: true }

/** Encrypts under a key of the kind that the rules name. */
export async function sealEnvelope(
  kind: EnvelopeKind,
  plaintext: Uint8Array,
  key: CryptoKey,
  { ctx, kid, p2s }: Named,
): Promise<string> {
  const { alg, typ } = RULES[kind]
  const header = { alg, enc: ENC, typ, crit: ['ctx'], ctx, ...(kid !== undefined && { kid }) }
  const jwe = new CompactEncrypt(plaintext).setProtectedHeader(header)
  // Said always: jose's own number of rounds is 2,048.
  if (p2s) jwe.setKeyManagementParameters({ p2c: PBES2_ROUNDS.lowest, p2s })
  return jwe.encrypt(key, { crit: CRIT })
}

/**
 * The same for a master key or a ring, which is opened again before it is given out: one that does not open would be
 * found out on the day that it is needed, and then everything is lost.
 */
export async function sealAndTry(
  kind: EnvelopeKind,
  plaintext: Uint8Array,
  key: CryptoKey,
  named: Named,
): Promise<string> {
  const envelope = await sealEnvelope(kind, plaintext, key, named)
  const opened = await openEnvelope(kind, envelope, key, named.ctx)
  const isSame = opened.ok && isEqual(opened.plaintext, plaintext)
  if (opened.ok) wipe(opened.plaintext)
  if (!isSame) throw new Error(`A ${kind} envelope was made that does not open.`)
  return envelope
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])

/** Opens an envelope that keeps the rules of its kind and was made for this context; the rules are held first. */
export async function openEnvelope(
  kind: EnvelopeKind,
  envelope: string,
  key: CryptoKey,
  ctx: string,
): Promise<OpenedEnvelope> {
  const checked = checkEnvelope(kind, envelope, ctx)
  return checked.ok ? decrypt(kind, envelope, checked.header, key) : checked
}

/** Opens an envelope whose header has just been read and judged. */
export async function decrypt(
  kind: EnvelopeKind,
  envelope: string,
  header: EnvelopeHeader,
  key: CryptoKey,
): Promise<OpenedEnvelope> {
  try {
    const { plaintext } = await compactDecrypt(envelope, key, {
      keyManagementAlgorithms: [RULES[kind].alg],
      contentEncryptionAlgorithms: [ENC],
      maxPBES2Count: PBES2_ROUNDS.highest,
      maxDecompressedLength: 0,
      crit: CRIT,
    })
    return { ok: true, plaintext, header }
  } catch {
    return { ok: false, fault: 'not-authentic' } // jose's error names what failed, which helps nobody but a guesser
  }
}
