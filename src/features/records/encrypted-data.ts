import { AppError } from '../../errors.ts'

const MAX_HEADER_BYTES = 1024

/**
 * The `kid` in the protected header of a compact JWE (RFC 7516, section 7.1), or null when it names none. The server
 * reads the header and opens nothing. BAD_INPUT for what is not a compact JWE.
 */
export function keyIdOf(jwe: string): string | null {
  const parts = jwe.split('.')
  const [header = '', ...rest] = parts
  const [, iv, ciphertext, tag] = rest
  const wellFormed =
    parts.length === 5 && parts.every((part) => /^[A-Za-z0-9_-]*$/.test(part)) && iv && ciphertext && tag
  if (!wellFormed || header.length > MAX_HEADER_BYTES) throw malformed()
  const { alg, enc, kid } = parseHeader(header)
  if (typeof alg !== 'string' || typeof enc !== 'string') throw malformed()
  if (kid === undefined) return null
  // It is kept in a column of its own, and NUL or half a character fits into none of PostgreSQL's.
  if (typeof kid === 'string' && kid.length > 0 && kid.length <= 128 && !/[\p{Cc}\p{Cs}]/u.test(kid)) return kid
  throw malformed()
}

function parseHeader(header: string): { alg?: unknown; enc?: unknown; kid?: unknown } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    throw malformed()
  }
}

function malformed(): AppError {
  return new AppError(
    'BAD_INPUT',
    'encryptedData: a compact JWE, five parts in base64url with dots between, whose header names alg and enc.',
    { field: 'encryptedData' },
  )
}
