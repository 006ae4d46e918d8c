import { AppError } from '../../errors.ts'
import { seal, unseal } from '../../platform/crypto/seal.ts'
import type { Keyring } from '../../platform/crypto/keyring.ts'
import { keyIdOf } from './encrypted-data.ts'
import { searchForm } from './search-form.ts'

/** The largest values that a record takes, in bytes of UTF-8; for JSON, of its text. */
export const MAX_BYTES = {
  collection: 64,
  title: 1_000,
  data: 64 * 1024,
  secret: 16 * 1024,
  encryptedData: 96 * 1024,
} as const

/** What a caller may write into a record. Left out means untouched; null clears. */
export type RecordFields = {
  title?: string | null | undefined
  data?: unknown
  secret?: unknown
  encryptedData?: string | null | undefined
}

export type RecordColumns = {
  title?: string | null
  titleSearch?: string | null
  data?: string | null
  secretSealed?: string | null
  encryptedData?: string | null
  keyId?: string | null
}

/** Checks the fields that were given and turns them into columns. Nothing is written when one of them is refused. */
export function columnsOf(keys: Keyring, owner: { userId: string; id: string }, fields: RecordFields): RecordColumns {
  const columns: RecordColumns = {}
  if (fields.title !== undefined) {
    columns.title = fields.title === null ? null : checkedTitle(fields.title)
    columns.titleSearch = columns.title === null ? null : searchForm(columns.title)
  }
  if (fields.data !== undefined) columns.data = fields.data === null ? null : checkedJsonText('data', fields.data)
  if (fields.secret !== undefined) {
    columns.secretSealed =
      fields.secret === null
        ? null
        : seal(keys, 'seal-records', checkedJsonText('secret', fields.secret), boundTo(owner))
  }
  if (fields.encryptedData !== undefined) {
    if (fields.encryptedData !== null) checkEncryptedSize(fields.encryptedData)
    columns.encryptedData = fields.encryptedData
    columns.keyId = fields.encryptedData === null ? null : keyIdOf(fields.encryptedData)
  }
  return columns
}

/** Opens a record's secret. Throws when the sealed text was damaged, or belongs to another record or user. */
export function openSecret(keys: Keyring, owner: { userId: string; id: string }, sealed: string): unknown {
  return JSON.parse(unseal(keys, 'seal-records', sealed, boundTo(owner)))
}

/** The app's own name for a kind of record: 1 to 64 letters, digits and `_ - . : /`, a letter first. */
export function checkedCollection(text: string): string {
  if (/^[A-Za-z][A-Za-z0-9_.:/-]{0,63}$/.test(text)) return text
  throw new AppError('BAD_INPUT', 'collection: 1 to 64 letters, digits and _ - . : /, beginning with a letter.', {
    field: 'collection',
  })
}

/** Plain text for people: well-formed Unicode without control characters. */
export function checkedText(field: string, text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text)) return text
  throw new AppError('BAD_INPUT', `${field}: one line of text, without control characters.`, { field })
}

function checkedTitle(text: string): string {
  checkSize('title', text)
  return checkedText('title', text)
}

function checkedJsonText(field: 'data' | 'secret', value: unknown): string {
  const text = JSON.stringify(value)
  checkSize(field, text)
  return text
}

/** TOO_LARGE for encryptedData past its limit. */
export function checkEncryptedSize(envelope: string): void {
  checkSize('encryptedData', envelope)
}

function checkSize(field: keyof typeof MAX_BYTES, text: string): void {
  const limit = MAX_BYTES[field]
  const size = Buffer.byteLength(text)
  if (size <= limit) return
  throw new AppError('TOO_LARGE', `${field}: ${size} bytes, where at most ${limit} are allowed.`, { field, limit })
}

function boundTo({ userId, id }: { userId: string; id: string }): string[] {
  return [userId, id, 'secret']
}
