import { GraphQLError } from 'graphql'
import type { ErrorCode } from './shared/error-codes.ts'

/** What a refusal says besides its code. No secret, ever: all of this reaches the caller. */
export type RefusalDetails = {
  /** The argument that was refused. */
  field?: string
  /** RATE_LIMITED: whole seconds until the next call may pass. */
  retryAfter?: number
  /** REAUTHENTICATION_REQUIRED: the level that is needed, and the methods that would reach it. */
  level?: string
  methods?: readonly string[]
  /** CONFLICT: the revision in force. */
  currentRevision?: number
  /** ENVELOPE_INVALID: one of the faults of shared/encryption/envelopes.ts. RECOVERY_UNAVAILABLE: why. */
  reason?: string
  /** RECOVERY_UNAVAILABLE: from when on it can be tried, as an ISO 8601 instant. */
  availableAt?: string
  /** KEY_ROTATED: the key in force. */
  keyId?: string
  /** TOO_LARGE, QUOTA_EXCEEDED: the most that is allowed. */
  limit?: number
}

/**
 * A refusal that a caller can cause: a stable code and a message that says what was wrong and what would be right.
 * Anything else that is thrown is a bug, and reaches the caller as INTERNAL with an id.
 */
export class AppError extends GraphQLError {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, details: RefusalDetails = {}) {
    super(message, { extensions: { ...details, code } })
    this.code = code
    this.name = 'AppError'
  }
}

/** The refusal of what only somebody who is signed in may do. */
export function sessionNeeded(): AppError {
  return new AppError('UNAUTHENTICATED', 'This needs a live session. Sign in, then ask again.')
}
