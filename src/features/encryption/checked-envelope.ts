import { AppError } from '../../errors.ts'
import { contextOf } from '../../shared/encryption/contexts.ts'
import { checkEnvelope, ENVELOPE_FAULTS, readEnvelope } from '../../shared/encryption/envelopes.ts'
import type { CheckedEnvelope, EnvelopeFault, EnvelopeHeader, EnvelopeKind } from '../../shared/encryption/envelopes.ts'

/** The header of an envelope that keeps the rules of its kind and names `ctx`. ENVELOPE_INVALID says what is wrong with any other. */
export function checkedEnvelope(kind: EnvelopeKind, envelope: string, ctx: string, field: string): EnvelopeHeader {
  const checked = checkEnvelope(kind, envelope, ctx)
  if (checked.ok) return checked.header
  throw envelopeInvalid(field, checked.fault, checked.fault === 'ctx' ? `Here it is "${ctx}".` : undefined)
}

/** The refusal of an envelope: `reason` is the fault's name, and the message says what would be right. */
export function envelopeInvalid(field: string, reason: EnvelopeFault, more = ''): AppError {
  const message = `${field}: ${ENVELOPE_FAULTS[reason]} ${more}`.trimEnd()
  return new AppError('ENVELOPE_INVALID', message, { field, reason })
}

/** Where a record's envelope is written: the record, and the revision that it has afterwards. */
export type RecordPlace = { userId: string; id: string; revision: number }

/** The kid of a record's envelope, and which of the account's two keys it must be. */
export type NamedKey = { kid: string; column: 'keyId' | 'publicKeyId' }

/** What the envelope of a record names, or the refusal of what is none for this place. */
export function keyNamedBy(envelope: string, { userId, id, revision }: RecordPlace): NamedKey | AppError {
  const ctx = contextOf.record(userId, id, revision)
  const { column, read } = readRecordEnvelope(envelope)
  if (!read.ok) return envelopeInvalid('encryptedData', read.fault)
  if (read.header.ctx !== ctx) return envelopeInvalid('encryptedData', 'ctx', `Here it is "${ctx}".`)
  const { kid } = read.header
  if (kid === undefined) throw new Error("A record's envelope passed its rules without a kid.")
  return { kid, column }
}

/** The refusal of an envelope under another key than the one in force. */
export function keyRotated(keyId: string): AppError {
  return new AppError(
    'KEY_ROTATED',
    `encryptedData: it is encrypted with a key that is not in force. Read encryptionKeys again, and encrypt with "${keyId}".`,
    { field: 'encryptedData', keyId },
  )
}

// Its alg says under which of the two rules an envelope falls.
function readRecordEnvelope(envelope: string): { column: NamedKey['column']; read: CheckedEnvelope } {
  const toPublicKey = readEnvelope('RECORD_TO_PUBLIC_KEY', envelope)
  return toPublicKey.ok || toPublicKey.fault !== 'alg'
    ? { column: 'publicKeyId', read: toPublicKey }
    : { column: 'keyId', read: readEnvelope('RECORD', envelope) }
}
