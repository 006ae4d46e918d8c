import { reasonOf } from '../reason-of.ts'

/** True when a write failed because a row with the same unique key is there already (Prisma's P2002). */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === 'P2002'
}

/** True when an operation on one row found no such row (Prisma's P2025). */
export function isNotFound(error: unknown): boolean {
  return codeOf(error) === 'P2025'
}

// P1xxx: cannot connect, timed out. P2024: no connection free in time. P2028: the transaction could not start in time.
const AWAY = /^(P1\d{3}|P2024|P2028|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|57P0[123]|53300|08\d{3})$/

/** True when the database could not be reached, or not in time: worth another try, and no fault of the query. */
export function isDatabaseAway(error: unknown): boolean {
  return AWAY.test(codeOf(error))
}

/** The database could not be reached when the server started. Its message holds no password. */
export class DatabaseUnreachableError extends Error {
  readonly mend =
    'See that DATABASE_URL is right and that the database can be reached. `npm run doctor` looks at all settings.'

  constructor(cause: unknown) {
    super(`PostgreSQL cannot be reached: ${reasonOf(cause)}`, { cause })
    this.name = 'DatabaseUnreachableError'
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''
}
