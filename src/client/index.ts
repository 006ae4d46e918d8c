/** `latchkey/client`: the typed client of a Latchkey server, for browsers and for Node. It depends on small packages alone, for passkeys, envelopes and ids. */
export * from './client.ts'
export { gql, type OperationText } from './document.ts'
export type { EncryptionStatus, KeyRotation } from './encryption/account-keys.ts'
export type { KeyPair, RecordPlace } from './encryption/app-keys.ts'
export { ENCRYPTION_BENEFITS, type EncryptionBenefits } from './encryption/benefits.ts'
export {
  ItemConflict,
  type Changes,
  type Collection,
  type CollectionFields,
  type Item,
  type ItemPage,
  type KeyState,
  type PageOptions,
} from './encryption/collection.ts'
export {
  EncryptionService,
  type BiometricKeyStored,
  type EnvelopePlace,
  type KeysUnlocked,
  type NotRecovered,
  type Recovered,
  type Rotated,
  type SecurityQuestionsInput,
  type SetupResult,
  type StoreBiometricKeyInput,
  type UnlockInput,
} from './encryption/encryption-service.ts'
export type { EncryptionStorage } from './encryption/high-water-mark.ts'
export { isPasskeyUnlockSupported, type NoPrf, type NoPrfReason } from './encryption/passkey-unlock.ts'
export { estimatePassphrase, proposePassphrase, type PassphraseStrength } from './encryption/passphrase.ts'
export type {
  AnswersGiven,
  RecoveryRequest,
  RecoveryStatus,
  RecoverySteps,
  RecoveryWaits,
  StillLocked,
} from './encryption/recover-keys.ts'
export type { Reencrypted, RotationOptions, RotationProgress } from './encryption/reencrypt-records.ts'
export type { KeysRotated, RenewalSteps } from './encryption/renew-master-key.ts'
export type { RotateEverything } from './encryption/rotate-keys.ts'
export type { CodeSteps, PassphraseChoice, SetupStep, SetupSteps } from './encryption/setup.ts'
export type { SecretFound, TakenBack, TakingBack } from './encryption/take-back-former.ts'
export type { UnlockReason } from './encryption/unlock-prompt.ts'
export type { EncryptionState } from './encryption/vault-session.ts'
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
