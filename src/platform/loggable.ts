import { isNativeError } from 'node:util/types'

/** Stands where a secret stood. */
export const STRUCK_OUT = '[struck out]'

const LONGEST_TEXT = 4_000
// Read beyond the cut, so that a secret that stands across it is struck before it is cut in two.
const MARGIN = 1_000
const LONGEST_KEY = 80
const MOST_ENTRIES = 50
const DEEPEST = 6
const MOST_VALUES = 500
const MOST_CHARACTERS = 32_000
const MOST_STACK_LINES = 20

// A key says "secret" by one of these in its name, unless its last word says that it only speaks about one.
const SECRET_PARTS =
  /token|password|passwd|passphrase|secret|cookie|authorization|credential|apikey|privatekey|masterkey/
const SECRET_WORDS = new Set(['key', 'keys', 'pin', 'otp', 'prf', 'jwt', 'jwe', 'challenge', 'code', 'codes'])
const HARMLESS_ENDINGS = new Set([
  'id',
  'ids',
  'count',
  'name',
  'names',
  'type',
  'kind',
  'length',
  'size',
  'limit',
  'ms',
  'version',
])
// What people wrote or keep: mails, variables, records.
const PRIVATE_KEYS = new Set(['html', 'text', 'body', 'variables', 'data', 'encrypteddata', 'ciphertext', 'plaintext'])

const SECRETS_IN_TEXT: readonly (readonly [RegExp, string | ((match: string) => string)])[] = [
  // scheme://user:password@host
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s"'<>]{0,500}@/gi, `$1${STRUCK_OUT}@`],
  [/\b(Bearer|Basic)\s+[^\s"',]+/gi, `$1 ${STRUCK_OUT}`],
  [/\b((?:set-)?cookie|authorization)(["']?\s{0,3}[:=]\s{0,3})[^\n]+/gi, `$1$2${STRUCK_OUT}`],
  [
    /(token|password|passwd|passphrase|secret|api[-_]?key)(["'\\]{0,3}\s{0,3}[:=]\s{0,3}["'\\]{0,3})[^\s"'\\,;&)}\]]+/gi,
    `$1$2${STRUCK_OUT}`,
  ],
  [/(code["'\\]{0,3}\s{0,3}[:=]\s{0,3}["'\\]{0,3})\d[\d -]{4,8}\d/gi, `$1${STRUCK_OUT}`],
  [/#[A-Za-z0-9_-]{16,}/g, `#${STRUCK_OUT}`],
  [/\beyJ[\w-]*(?:\.[\w-]*){1,4}/g, STRUCK_OUT],
  [/[A-Za-z0-9_-]{43,}/g, (run) => (isReadable(run) ? run : STRUCK_OUT)],
]

// Breaks, escapes, and what turns the order of writing around: none may reach a terminal or split a line.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * A plain, small copy of what is to be logged: secrets struck out by key and by form, control characters made visible,
 * long, deep and circular things cut. Never throws, whatever a getter or a proxy does.
 */
export function loggable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copied = copy(fields, '', { values: MOST_VALUES, characters: MOST_CHARACTERS, above: [] })
  // An object is copied to an object, and a proxy that cannot be read to a text.
  return typeof copied === 'object' && copied !== null ? (copied as Record<string, unknown>) : { unreadable: true }
}

/** A text fit for one line of a log: secrets of a known form struck out, control characters visible, cut at `longest`. */
export function loggableText(text: string, longest = LONGEST_TEXT): string {
  const isCut = text.length > longest + MARGIN
  let struck = isCut ? text.slice(0, longest + MARGIN) : text
  for (const [pattern, replacement] of SECRETS_IN_TEXT) {
    // Each overload of replace takes one of the two.
    struck =
      typeof replacement === 'string' ? struck.replace(pattern, replacement) : struck.replace(pattern, replacement)
  }
  // The last run may be the front half of a secret.
  if (isCut) struck = struck.replace(/\S{1,1000}$/, '')
  const visible = struck.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return isCut || visible.length > longest ? `${visible.slice(0, longest)}... (${text.length} characters)` : visible
}

type Budget = { values: number; characters: number; above: readonly object[] }

function copy(value: unknown, key: string, budget: Budget): unknown {
  try {
    budget.values -= 1
    if (budget.values < 0 || budget.characters < 0) return '[left out]'
    if (key !== '' && isStruck(key, value)) return STRUCK_OUT
    if (typeof value === 'object' && value !== null) return copyObject(value, key, budget)
    return copyScalar(value, budget)
  } catch {
    return '[unreadable]'
  }
}

function copyScalar(value: unknown, budget: Budget): unknown {
  switch (typeof value) {
    case 'string': {
      const text = loggableText(value)
      budget.characters -= text.length
      return text
    }
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return loggableText(String(value), 100)
    case 'function':
    case 'symbol':
      return `[${typeof value}]`
    default:
      return value
  }
}

function copyObject(value: object, key: string, budget: Budget): unknown {
  if (budget.above.includes(value)) return '[circular]'
  if (budget.above.length >= DEEPEST) return '[deeper]'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof URL) return copyScalar(value.href, budget)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`

  budget.above = [...budget.above, value]
  try {
    if (isNativeError(value) || value instanceof Error) return copyError(value, budget)
    if (Array.isArray(value)) return copyArray(value, key, budget)
    return copyEntries(value instanceof Headers ? Object.fromEntries(value) : value, budget)
  } finally {
    budget.above = budget.above.slice(0, -1)
  }
}

function copyArray(values: readonly unknown[], key: string, budget: Budget): unknown[] {
  const kept = values.slice(0, MOST_ENTRIES).map((entry) => copy(entry, key, budget))
  return values.length > MOST_ENTRIES ? [...kept, `[${values.length - MOST_ENTRIES} more]`] : kept
}

function copyEntries(value: object, budget: Budget): Record<string, unknown> {
  const keys = Object.keys(value)
  const kept = keys
    .slice(0, MOST_ENTRIES)
    .map((key): [string, unknown] => [loggableText(key, LONGEST_KEY), copyProperty(value, key, budget)])
  if (keys.length > MOST_ENTRIES) kept.push(['left out', keys.length - MOST_ENTRIES])
  return Object.fromEntries(kept)
}

function copyProperty(value: object, key: string, budget: Budget): unknown {
  try {
    return copy(Reflect.get(value, key), key, budget)
  } catch {
    return '[unreadable]'
  }
}

function copyError(error: Error, budget: Budget): Record<string, unknown> {
  const copied: Record<string, unknown> = {
    name: copyProperty(error, 'name', budget),
    message: copyProperty(error, 'message', budget),
  }
  if ('code' in error) copied['code'] = copyProperty(error, 'code', budget)
  const stack = Reflect.get(error, 'stack')
  if (typeof stack === 'string') copied['stack'] = linesOf(stack)
  if (error.cause !== undefined) copied['cause'] = copyProperty(error, 'cause', budget)
  if (error instanceof AggregateError) copied['errors'] = copyProperty(error, 'errors', budget)
  return copied
}

// The places alone: the message stands by itself, and what it holds must not look like lines of ours.
function linesOf(stack: string): string {
  const places = stack.slice(0, 20_000).match(/^ {4}at .*$/gm) ?? []
  return places
    .slice(0, MOST_STACK_LINES)
    .map((line) => loggableText(line.trim(), 300))
    .join('\n')
}

function isStruck(key: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return false
  const words = key.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase())
  const joined = words.join('')
  if (PRIVATE_KEYS.has(joined)) return true
  if (!SECRET_PARTS.test(joined) && !words.some((word) => SECRET_WORDS.has(word))) return false
  const last = words.at(-1) ?? ''
  if (HARMLESS_ENDINGS.has(last)) return false
  if (last === 'code' || last === 'codes') return !isErrorCode(value)
  return true
}

// RATE_LIMITED, ECONNREFUSED, P2002, 42501, or a status: not six digits.
function isErrorCode(value: unknown): boolean {
  if (Array.isArray(value)) return true // each of its entries is asked in its turn, under the same key
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 && value < 1_000
  return typeof value === 'string' && /^(?:[A-Z][A-Z0-9_]{1,60}|[0-9A-Z]{5}|[0-9]{1,3})$/.test(value)
}

// 'session_<uuid>' and words joined by dashes are long without being secret; a token without a capital is one in 10^10.
function isReadable(run: string): boolean {
  return (
    /^[A-Za-z]+_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(run) ||
    /^[a-z]{1,20}(?:[-_][a-z0-9]{1,20})+$/.test(run)
  )
}
