import { ERROR_CODES, type ErrorCode } from '../shared/error-codes.ts'
import type { AuthLevel, AuthMethod } from './generated/graphql.ts'

/** What the client itself can run into, besides the server's own codes. */
export const CLIENT_ERROR_CODES = {
  NETWORK: 'No answer came: no connection, or the browser withheld it because the origin is not allowed.',
  UNEXPECTED_ANSWER:
    'Something answered, but not with GraphQL: the URL is not that of /graphql, or a proxy stands between.',
  UNKNOWN: 'The server refused with a code that this version of the client does not know. `extensions.code` names it.',
  ENCRYPTION_LOCKED: 'The keys are locked, or were locked while this was under way. Unlock, then ask again.',
  SECRET_WRONG:
    'The passphrase, passkey or code does not open the keys. It is wrong, or what it should open was changed: nobody can tell which.',
  PASSPHRASE_WEAK: 'The passphrase is too easy to guess. `extensions` holds score, warning and suggestions.',
  PRF_UNRELIABLE: 'The passkey did not give the same secret twice, so it cannot unlock. Nothing was saved.',
  KEYS_REFUSED:
    'The keys that the server gave are not as this client would have made them, and were not used. The message says what is wrong.',
  KEYS_ROLLED_BACK: 'The server gave older keys than this device has seen before. They were not used.',
  MASTER_KEY_CHANGED: 'Another device has changed the master key since. Unlock again.',
  CIPHERTEXT_REFUSED:
    'An encrypted value does not open: it was changed, belongs elsewhere, or is older than one seen before.',
} as const

export type LatchkeyErrorCode = ErrorCode | keyof typeof CLIENT_ERROR_CODES

/** What an error says besides its code and message. `undefined` where it does not apply. */
export type LatchkeyErrorDetails = {
  /** The argument that was refused. */
  field?: string | undefined
  /** RATE_LIMITED: whole seconds until the next call may pass. */
  retryAfter?: number | undefined
  /** REAUTHENTICATION_REQUIRED: the level that is needed, and the methods that would reach it. */
  level?: AuthLevel | undefined
  methods?: readonly AuthMethod[] | undefined
  /** CONFLICT: the revision in force. */
  currentRevision?: number | undefined
  /** TOO_LARGE, QUOTA_EXCEEDED: the most that is allowed. */
  limit?: number | undefined
  /** INTERNAL: finds the error in the server's log. */
  errorId?: string | undefined
  /** Where in the answer a field is missing: `['record', 'secret']`. */
  path?: readonly (string | number)[] | undefined
  /** The status of the HTTP answer; undefined when there was none. */
  status?: number | undefined
  /** `extensions` as they came. */
  extensions?: Readonly<Record<string, unknown>>
  /** What did come, beside the errors: the answer's `data`, with null at each refused field. */
  data?: unknown
  cause?: unknown
}

/** A refusal by the server, or the lack of an answer. `code` says which; show a text of your own for it, or `message`. */
export class LatchkeyError extends Error {
  readonly code: LatchkeyErrorCode
  readonly field: string | undefined
  readonly retryAfter: number | undefined
  readonly level: AuthLevel | undefined
  readonly methods: readonly AuthMethod[] | undefined
  readonly currentRevision: number | undefined
  readonly limit: number | undefined
  readonly errorId: string | undefined
  readonly path: readonly (string | number)[] | undefined
  readonly status: number | undefined
  readonly extensions: Readonly<Record<string, unknown>>
  readonly data: unknown
  /** Every error of the same answer, this one among them, in the server's order. */
  readonly all: readonly LatchkeyError[]

  constructor(
    code: LatchkeyErrorCode,
    message: string,
    details: LatchkeyErrorDetails = {},
    all?: readonly LatchkeyError[],
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'LatchkeyError'
    this.code = code
    this.field = details.field
    this.retryAfter = details.retryAfter
    this.level = details.level
    this.methods = details.methods
    this.currentRevision = details.currentRevision
    this.limit = details.limit
    this.errorId = details.errorId
    this.path = details.path
    this.status = details.status
    this.extensions = details.extensions ?? {}
    this.data = details.data
    this.all = all ?? [this]
  }
}

/** A `LatchkeyError` of one code, with the details that the server always sends with it. */
export type LatchkeyErrorOf<TCode extends LatchkeyErrorCode> = LatchkeyError & {
  readonly code: TCode
} & (TCode extends keyof DetailsOf ? DetailsOf[TCode] : unknown)

/** Any `LatchkeyError`, such that a `switch` over `code` knows the details of each case. */
export type AnyLatchkeyError = { [TCode in LatchkeyErrorCode]: LatchkeyErrorOf<TCode> }[LatchkeyErrorCode]

type DetailsOf = {
  RATE_LIMITED: { readonly retryAfter: number }
  REAUTHENTICATION_REQUIRED: { readonly level: AuthLevel; readonly methods: readonly AuthMethod[] }
  CONFLICT: { readonly currentRevision: number }
  INTERNAL: { readonly errorId: string }
}

/** True for an error of this client, and of this code when one is named: `isLatchkeyError(error, 'CONFLICT')`. */
export function isLatchkeyError(error: unknown): error is AnyLatchkeyError
export function isLatchkeyError<TCode extends LatchkeyErrorCode>(
  error: unknown,
  code: TCode,
): error is LatchkeyErrorOf<TCode>
export function isLatchkeyError(error: unknown, code?: LatchkeyErrorCode): boolean {
  return error instanceof LatchkeyError && (code === undefined || error.code === code)
}

/** Reads the `errors` of a GraphQL answer, whatever client fetched them. Each error knows all of them. */
export function readErrors(
  errors: readonly unknown[],
  data: unknown = null,
  status?: number,
): readonly LatchkeyError[] {
  const all: LatchkeyError[] = []
  for (const error of errors) all.push(readError(error, { data, status }, all))
  return all
}

function readError(
  error: unknown,
  answer: Pick<LatchkeyErrorDetails, 'data' | 'status'>,
  all: readonly LatchkeyError[],
): LatchkeyError {
  const { message, path, extensions: given } = asObject(error)
  const extensions = asObject(given)
  return new LatchkeyError(
    isErrorCode(extensions.code) ? extensions.code : 'UNKNOWN',
    asString(message) ?? 'The server refused without saying why.',
    {
      ...answer,
      field: asString(extensions.field),
      retryAfter: asNumber(extensions.retryAfter),
      // The server is the one who names levels and methods; a newer one may know more than these types do.
      level: asString(extensions.level) as AuthLevel | undefined,
      methods: asStrings(extensions.methods) as readonly AuthMethod[] | undefined,
      currentRevision: asNumber(extensions.currentRevision),
      limit: asNumber(extensions.limit),
      errorId: asString(extensions.errorId),
      path: Array.isArray(path) ? path.filter(isPathKey) : undefined,
      extensions,
    },
    all,
  )
}

// `hasOwn`, so that a code named `constructor` is not taken for one of ours.
const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(ERROR_CODES, value)
const isPathKey = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'
const asString = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const asStrings = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  // Any object may be read by name; what its names hold is checked one by one.
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
