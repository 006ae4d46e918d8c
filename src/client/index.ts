/** `latchkey/client`: the typed client of a Latchkey server, for browsers and for Node. It depends on one small package, for passkeys. */
export * from './client.ts'
export { gql, type OperationText } from './document.ts'
export {
  CLIENT_ERROR_CODES,
  isLatchkeyError,
  LatchkeyError,
  readErrors,
  type AnyLatchkeyError,
  type LatchkeyErrorCode,
  type LatchkeyErrorDetails,
  type LatchkeyErrorOf,
} from './errors.ts'
export { fetchWithCookies, type CookieFetchOptions } from './fetch-with-cookies.ts'
// The documents and their types, for use with another GraphQL client.
export * from './generated/graphql.ts'
export type { AlertOptions } from './on-security-alert.ts'
export { isAutofillSupported, isPasskeySupported, type NotUsed, type NotUsedReason } from './passkeys.ts'
export type { NeededProof } from './prove-again.ts'
export type { Answer, Transport } from './send.ts'
export { ERROR_CODES, type ErrorCode } from '../shared/error-codes.ts'
