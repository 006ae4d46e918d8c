/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { OperationText as DocumentNode } from '../document.ts';
import { gql } from '../document.ts';
/**
 * What a caller must have proved for a field. The levels are ordered: SESSION < FRESH < STRONG.
 * An account that has no passkey and no authenticator app yet satisfies STRONG with a FRESH proof.
 */
export type AuthLevel =
  /** A live session that proved any factor in the last 15 minutes. */
  | 'FRESH'
  /** A live session. */
  | 'SESSION'
  /** A live session that proved a passkey or an authenticator app in the last 15 minutes. */
  | 'STRONG';

/** A way to prove who you are. */
export type AuthMethod =
  /** A link or a code sent by mail. */
  | 'MAGIC_LINK'
  /** A passkey (WebAuthn): a fingerprint, a face, a security key. */
  | 'PASSKEY';

/** Who wants to sign in, where that is known. */
export type BeginPasskeyLoginInput = {
  /** The mail address; the passkey must then be of its account. Left out for a discoverable passkey (autofill). */
  email?: string | null | undefined;
};

/** Another passphrase. */
export type ChangePassphraseInput = {
  /** A new salt: 32 bytes in base64url. */
  keySalt: string;
  /** The revision of the keys that were unlocked; CONFLICT when it is no longer in force. */
  ringRevision: number;
  /** The PASSPHRASE slot that takes its place. */
  slot: KeySlotInput;
  /** The revision of the slots that the change was prepared from; CONFLICT when it is no longer in force. Nothing is compared where it is left out. */
  slotsRevision?: number | null | undefined;
};

/** What navigator.credentials.get gave. */
export type CompletePasskeyLoginInput = {
  /** Of the challenge that the ceremony began with. */
  challengeId: string;
  /** Where the sign-in page sends the browser afterwards: a path of this site, or a URL of an allowed origin; REDIRECT_NOT_ALLOWED otherwise, and the challenge stays good. */
  redirectTo?: string | null | undefined;
  /** Keep this device signed in for 30 days instead of 24 hours. */
  rememberDevice?: boolean | null | undefined;
  /** AuthenticationResponseJSON. A result of the PRF extension must be deleted from it first. */
  response: unknown;
};

/** What navigator.credentials.get gave. */
export type CompletePasskeyReauthenticationInput = {
  /** Of the challenge that the ceremony began with. */
  challengeId: string;
  /** AuthenticationResponseJSON. A result of the PRF extension must be deleted from it first. */
  response: unknown;
};

/** What navigator.credentials.get gave. */
export type CompletePasskeyRecoveryInput = {
  /** Of the challenge that the ceremony began with. */
  challengeId: string;
  /** AuthenticationResponseJSON. A result of the PRF extension must be deleted from it first. */
  response: unknown;
};

/** What navigator.credentials.create gave. */
export type CompletePasskeyRegistrationInput = {
  /** Of the challenge that the ceremony began with. */
  challengeId: string;
  /** What to call it, in 1 to 64 characters; a sensible name is found where it is left out. */
  name?: string | null | undefined;
  /** RegistrationResponseJSON. A result of the PRF extension must be deleted from it first. */
  response: unknown;
};

/** The new keys. */
export type CompleteRecoveryInput = {
  /** The new key ring, for ringRevision + 1 and generation + 1: its kid is a record key that was never in force before. At most 98,304 bytes. */
  encryptedPrivateKey: string;
  /** A new salt: 32 bytes in base64url. */
  keySalt: string;
  /** A public JWK on P-256: the same, or a new one. */
  publicKey: unknown;
  /** The revision that was recovered; CONFLICT when it is no longer in force. */
  ringRevision: number;
  /** A new PASSPHRASE and eight new RECOVERY_CODE slots, and any of PASSKEY. All that there were are gone, and so are the security questions. */
  slots: Array<KeySlotInput>;
};

/** A new record. */
export type CreateRecordInput = {
  /** 1 to 64 letters, digits and `_ - . : /`, a letter first. */
  collection: string;
  /** Plain. At most 65,536 bytes. */
  data?: unknown;
  /** A compact JWE, kept as it is. At most 98,304 bytes. With encryption on, ENVELOPE_INVALID and KEY_ROTATED refuse what is not made for this record, its next revision and the key in force; while it is off, ENCRYPTION_OFF what is made as for it. */
  encryptedData?: string | null | undefined;
  /** Made by the client (UUIDv7 in lower case, with or without `record_`) when the ciphertext must be bound to it; else by the server. */
  id?: string | null | undefined;
  /** Encrypted at rest by the server. At most 16,384 bytes. */
  secret?: unknown;
  /** Plain, one line. At most 1,000 bytes. */
  title?: string | null | undefined;
};

/** Which record to delete. */
export type DeleteRecordInput = {
  /** The record to delete. */
  id: string;
  /** When given, the record is deleted only at this revision. */
  revision?: number | null | undefined;
};

/** The passkey that shall open the keys. */
export type EnableBiometricUnlockInput = {
  /** A PASSKEY slot of an own passkey. */
  slot: KeySlotInput;
  /** The revision of the slots that the change was prepared from; CONFLICT when it is no longer in force. Nothing is compared where it is left out. */
  slotsRevision?: number | null | undefined;
};

/** How to recover. */
export type InitiateRecoveryInput = {
  /** By what. */
  method: RecoveryMethod;
};

/** A new way to open the master key. */
export type KeySlotInput = {
  /** A compact JWE of the master key: ENVELOPE_INVALID says what is wrong with any other. */
  envelope: string;
  /** Made by the client: a UUIDv7 in lower case, with or without `keyslot_`. The envelope names it. */
  id: string;
  /** By what it is opened. */
  kind: KeySlotKind;
  /** PASSKEY, and no other kind: the passkey that opens it. */
  passkeyId?: string | null | undefined;
  /** RECOVERY_CODE and SECURITY_QUESTIONS, and no other kind: what the client will show to have the slot released (base64url, 32 bytes, derived from the secret). */
  verifier?: string | null | undefined;
};

/** By what a slot is opened. */
export type KeySlotKind =
  /** The PRF extension of a passkey: a fingerprint, a face, a security key. */
  | 'PASSKEY'
  /** A passphrase (PBES2). Every account whose encryption is on has one. */
  | 'PASSPHRASE'
  /** One of eight codes that the user keeps on paper. */
  | 'RECOVERY_CODE'
  /** Two answers of three: setSecurityQuestions makes them, recovery alone releases them. */
  | 'SECURITY_QUESTIONS';

/** Whether a passkey may leave the authenticator that made it. */
export type PasskeyDeviceType =
  /** Synced between devices by its provider. */
  | 'MULTI_DEVICE'
  /** Bound to one authenticator. */
  | 'SINGLE_DEVICE';

/** By what the keys of end-to-end encryption are recovered. */
export type RecoveryMethod =
  /** A passkey that opens the keys, beside a proof by mail. */
  | 'PASSKEY'
  /** One of the eight codes that the user keeps on paper. It opens at once, and once. */
  | 'RECOVERY_CODE'
  /** Two answers of three, and a wait of 48 hours after they were given. */
  | 'SECURITY_QUESTIONS';

/** How a recovery stands. */
export type RecoveryState =
  /** It was stopped, or ended by too many wrong answers. The method is locked for seven days. */
  | 'CANCELLED'
  /** The keys were recovered, and then changed. */
  | 'COMPLETED'
  /** Its time is over, or another recovery or a change of the keys took its place. */
  | 'EXPIRED'
  /** The slot can be released now, to whoever shows what the method asks for. */
  | 'READY'
  /** Two answers have not been given yet, or their 48 hours have not passed. */
  | 'WAITING';

/** A record, encrypted anew. */
export type ReencryptRecordInput = {
  /** The envelope under the key in force, made for the next revision. */
  encryptedData: string;
  /** The id of the record. */
  id: string;
  /** The revision that it was read at. */
  revision: number;
};

/** New recovery codes. */
export type RegenerateRecoveryCodesInput = {
  /** Eight. */
  slots: Array<KeySlotInput>;
  /** The revision of the slots that the change was prepared from; CONFLICT when it is no longer in force. Nothing is compared where it is left out. */
  slotsRevision?: number | null | undefined;
};

/** Another name for a passkey. */
export type RenameDeviceInput = {
  /** The id of the passkey. */
  id: string;
  /** Its new name: 1 to 64 characters. */
  name: string;
};

/** Who wants to sign in, for how long, and where to go afterwards. */
export type RequestMagicLinkInput = {
  /** The mail address. EMAIL_INVALID says what is odd about one that is refused. */
  email: string;
  /** Where the sign-in page sends the browser afterwards: a path of this site, or a URL of an allowed origin; REDIRECT_NOT_ALLOWED otherwise. */
  redirectTo?: string | null | undefined;
  /** Keep this device signed in for 30 days instead of 24 hours. */
  rememberDevice?: boolean | null | undefined;
};

/** New keys. */
export type RotateKeysInput = {
  /** The new key ring: its kid is a record key that was never in force before. At most 98,304 bytes. */
  encryptedPrivateKey: string;
  /** With slots, and not without: a new salt, 32 bytes in base64url. The salt stays where it is left out. */
  keySalt?: string | null | undefined;
  /** A public JWK on P-256: the same, or a new one. */
  publicKey: unknown;
  /** The revision that the change was made from; CONFLICT when it is no longer in force. */
  ringRevision: number;
  /** Given when the master key changes too: every slot, sealed anew. Slots left out are gone, and so are the security questions; a recovery or a fresh start that is open is over. */
  slots?: Array<KeySlotInput> | null | undefined;
  /** The revision of the slots that the change was prepared from; CONFLICT when it is no longer in force. Nothing is compared where it is left out. */
  slotsRevision?: number | null | undefined;
};

/** Two of the three questions, and the slot that their answers open. */
export type SecurityQuestionPairInput = {
  /** The index (0 or 1) of the first question of the pair. */
  first: number;
  /** The index of the second, which is greater. */
  second: number;
  /** A SECURITY_QUESTIONS slot. Its verifier is derived from both answers, never from one of them. */
  slot: KeySlotInput;
};

/** Three questions, and what two answers of them open. No answer is in it. */
export type SetSecurityQuestionsInput = {
  /** One slot for each of the three pairs: 0 and 1, 0 and 2, 1 and 2. */
  pairs: Array<SecurityQuestionPairInput>;
  /** Three different questions in the user's own words: one line each, from 1 to 200 characters. */
  questions: Array<string>;
  /** What the answers are stretched with: 32 random bytes in base64url. recoveryStatus gives it back as questionsSalt. */
  salt?: string | null | undefined;
  /** The revision of the slots that the change was prepared from; CONFLICT when it is no longer in force. Nothing is compared where it is left out. */
  slotsRevision?: number | null | undefined;
};

/** The first keys of an account, or those with which it begins anew. The client makes them. */
export type SetupEncryptionInput = {
  /** The key ring: a compact JWE under the master key, whose kid is the record key in force. At most 98,304 bytes. */
  encryptedPrivateKey: string;
  /** 32 bytes in base64url. */
  keySalt: string;
  /** A public JWK on P-256. */
  publicKey: unknown;
  /** One PASSPHRASE and eight RECOVERY_CODE slots. */
  slots: Array<KeySlotInput>;
};

/** A change of a record. A field that is left out stays as it is; null clears it. */
export type UpdateRecordInput = {
  /** Plain. At most 65,536 bytes. */
  data?: unknown;
  /** A compact JWE, kept as it is. At most 98,304 bytes. With encryption on, ENVELOPE_INVALID and KEY_ROTATED refuse what is not made for this record, its next revision and the key in force; while it is off, ENCRYPTION_OFF what is made as for it. */
  encryptedData?: string | null | undefined;
  /** The record to change. */
  id: string;
  /** The revision that the change was made from; CONFLICT when it is no longer in force. */
  revision: number;
  /** Encrypted at rest by the server. At most 16,384 bytes. */
  secret?: unknown;
  /** Plain, one line. At most 1,000 bytes. */
  title?: string | null | undefined;
};

/** The code of a mail. */
export type VerifyMagicCodeInput = {
  /** The code from the same mail: six digits; spaces are ignored. It works only in the browser that asked for it. */
  code: string;
};

/** The token of a link. */
export type VerifyMagicLinkInput = {
  /** Sign in here although another browser asked for the link. The user pressed a button; no script sets it. */
  confirm?: boolean | null | undefined;
  /** What stands behind the # of the link: 43 characters. */
  token: string;
};

/** A code, or two answers: what the client derived from them. */
export type VerifyRecoveryInput = {
  /** SECURITY_QUESTIONS: the index (0 to 2) of the first question that was answered. */
  first?: number | null | undefined;
  /** SECURITY_QUESTIONS: the index of the second, which is greater. */
  second?: number | null | undefined;
  /** The verifier derived from the code, or from the pair of answers: 32 bytes in base64url. */
  verifier: string;
};

export type SecurityAlertsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type SecurityAlertsQuery = { securityAlerts: { edges: Array<{ cursor: string, node: { __typename: 'SecurityAlert', id: string, kind: string, message: string, ipAddress: string | null, deviceName: string | null, createdAt: string, acknowledgedAt: string | null } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type AcknowledgeAlertMutationVariables = Exact<{
  id: string;
}>;


export type AcknowledgeAlertMutation = { acknowledgeAlert: { __typename: 'SecurityAlert', id: string, kind: string, message: string, ipAddress: string | null, deviceName: string | null, createdAt: string, acknowledgedAt: string | null } };

export type DisownAlertMutationVariables = Exact<{
  token: string;
}>;


export type DisownAlertMutation = { disownAlert: boolean };

export type SecurityAlertSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type SecurityAlertSubscription = { securityAlert: { __typename: 'SecurityAlert', id: string, kind: string, message: string, ipAddress: string | null, deviceName: string | null, createdAt: string, acknowledgedAt: string | null } };

export type SecurityAuditQueryVariables = Exact<{
  action?: string | null | undefined;
  actions?: Array<string> | null | undefined;
  except?: Array<string> | null | undefined;
  success?: boolean | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type SecurityAuditQuery = { securityAudit: { edges: Array<{ cursor: string, node: { __typename: 'AuditEntry', id: string, action: string, tableName: string | null, recordId: string | null, success: boolean, ipAddress: string | null, userAgent: string | null, deviceName: string | null, details: unknown, timestamp: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type EncryptionStatusQueryVariables = Exact<{ [key: string]: never; }>;


export type EncryptionStatusQuery = { encryptionStatus: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type EncryptionKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type EncryptionKeysQuery = { me: { id: string, email: string } | null, encryptionKeys: { encryptedPrivateKey: string, publicKey: unknown, keySalt: string, keyId: string, ringRevision: number, generation: number, slotsRevision: number, slots: Array<{ __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string }> } | null, encryptionStatus: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type RecordsToReencryptQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RecordsToReencryptQuery = { recordsToReencrypt: Array<{ id: string, revision: number, encryptedData: string }> };

export type SetupEncryptionMutationVariables = Exact<{
  input: SetupEncryptionInput;
}>;


export type SetupEncryptionMutation = { setupEncryption: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type EnableBiometricUnlockMutationVariables = Exact<{
  input: EnableBiometricUnlockInput;
}>;


export type EnableBiometricUnlockMutation = { enableBiometricUnlock: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type DisableBiometricUnlockMutationVariables = Exact<{
  passkeyId: string;
}>;


export type DisableBiometricUnlockMutation = { disableBiometricUnlock: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type ChangePassphraseMutationVariables = Exact<{
  input: ChangePassphraseInput;
}>;


export type ChangePassphraseMutation = { changePassphrase: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type RotateKeysMutationVariables = Exact<{
  input: RotateKeysInput;
}>;


export type RotateKeysMutation = { rotateKeys: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type ReencryptRecordsMutationVariables = Exact<{
  input: Array<ReencryptRecordInput>;
}>;


export type ReencryptRecordsMutation = { reencryptRecords: { conflicts: Array<string>, records: Array<{ id: string, revision: number }>, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } } };

export type RegenerateRecoveryCodesMutationVariables = Exact<{
  input: RegenerateRecoveryCodesInput;
}>;


export type RegenerateRecoveryCodesMutation = { regenerateRecoveryCodes: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type DisableEncryptionMutationVariables = Exact<{ [key: string]: never; }>;


export type DisableEncryptionMutation = { disableEncryption: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type EncryptionKeysFieldsFragment = { encryptedPrivateKey: string, publicKey: unknown, keySalt: string, keyId: string, ringRevision: number, generation: number, slotsRevision: number, slots: Array<{ __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string }> };

export type KeySlotFieldsFragment = { __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string };

export type KeyRotationFieldsFragment = { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null };

export type EncryptionStatusFieldsFragment = { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null };

export type UserFieldsFragment = { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null };

export type SessionFieldsFragment = { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string };

export type RecordFieldsFragment = { __typename: 'Record', id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string };

export type PasskeyFieldsFragment = { __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null };

export type SecurityAlertFieldsFragment = { __typename: 'SecurityAlert', id: string, kind: string, message: string, ipAddress: string | null, deviceName: string | null, createdAt: string, acknowledgedAt: string | null };

export type AuditEntryFieldsFragment = { __typename: 'AuditEntry', id: string, action: string, tableName: string | null, recordId: string | null, success: boolean, ipAddress: string | null, userAgent: string | null, deviceName: string | null, details: unknown, timestamp: string };

export type PageFieldsFragment = { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null };

export type NodeQueryVariables = Exact<{
  id: string;
}>;


export type NodeQuery = { node:
    | { __typename: 'AuditEntry', action: string, tableName: string | null, recordId: string | null, success: boolean, ipAddress: string | null, userAgent: string | null, details: unknown, timestamp: string, id: string }
    | { __typename: 'KeySlot', id: string }
    | { __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null }
    | { __typename: 'Record', id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string }
    | { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null }
    | { __typename: 'SecurityAlert', kind: string, message: string, ipAddress: string | null, createdAt: string, acknowledgedAt: string | null, id: string }
    | { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string }
    | { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null }
   | null };

export type NodesQueryVariables = Exact<{
  ids: Array<string>;
}>;


export type NodesQuery = { nodes: Array<
    | { __typename: 'AuditEntry', action: string, tableName: string | null, recordId: string | null, success: boolean, ipAddress: string | null, userAgent: string | null, details: unknown, timestamp: string, id: string }
    | { __typename: 'KeySlot', id: string }
    | { __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null }
    | { __typename: 'Record', id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string }
    | { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null }
    | { __typename: 'SecurityAlert', kind: string, message: string, ipAddress: string | null, createdAt: string, acknowledgedAt: string | null, id: string }
    | { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string }
    | { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null }
   | null> };

type NodeFields_AuditEntry_Fragment = { __typename: 'AuditEntry', action: string, tableName: string | null, recordId: string | null, success: boolean, ipAddress: string | null, userAgent: string | null, details: unknown, timestamp: string, id: string };

type NodeFields_KeySlot_Fragment = { __typename: 'KeySlot', id: string };

type NodeFields_Passkey_Fragment = { __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null };

type NodeFields_Record_Fragment = { __typename: 'Record', id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string };

type NodeFields_RecoveryRequest_Fragment = { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null };

type NodeFields_SecurityAlert_Fragment = { __typename: 'SecurityAlert', kind: string, message: string, ipAddress: string | null, createdAt: string, acknowledgedAt: string | null, id: string };

type NodeFields_Session_Fragment = { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string };

type NodeFields_User_Fragment = { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null };

export type NodeFieldsFragment =
  | NodeFields_AuditEntry_Fragment
  | NodeFields_KeySlot_Fragment
  | NodeFields_Passkey_Fragment
  | NodeFields_Record_Fragment
  | NodeFields_RecoveryRequest_Fragment
  | NodeFields_SecurityAlert_Fragment
  | NodeFields_Session_Fragment
  | NodeFields_User_Fragment
;

export type SignInOptionsQueryVariables = Exact<{
  email: string;
}>;


export type SignInOptionsQuery = { signInOptions: { methods: Array<AuthMethod> } };

export type DevicesQueryVariables = Exact<{ [key: string]: never; }>;


export type DevicesQuery = { devices: Array<{ __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null }> };

export type SecurityDevicesQueryVariables = Exact<{ [key: string]: never; }>;


export type SecurityDevicesQuery = { securityDevices: { passkeysLeft: number, passkeys: Array<{ __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null }>, sessions: Array<{ __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string }> } };

export type BeginPasskeyRegistrationMutationVariables = Exact<{ [key: string]: never; }>;


export type BeginPasskeyRegistrationMutation = { beginPasskeyRegistration: { challengeId: string, options: unknown, expiresAt: string } };

export type CompletePasskeyRegistrationMutationVariables = Exact<{
  input: CompletePasskeyRegistrationInput;
}>;


export type CompletePasskeyRegistrationMutation = { completePasskeyRegistration: { __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null } };

export type BeginPasskeyLoginMutationVariables = Exact<{
  input?: BeginPasskeyLoginInput | null | undefined;
}>;


export type BeginPasskeyLoginMutation = { beginPasskeyLogin: { challengeId: string, options: unknown, expiresAt: string } };

export type CompletePasskeyLoginMutationVariables = Exact<{
  input: CompletePasskeyLoginInput;
}>;


export type CompletePasskeyLoginMutation = { completePasskeyLogin:
    | { __typename: 'ConfirmationRequired', email: string, requestedAt: string, deviceName: string, ipAddress: string | null }
    | { __typename: 'SignedIn', redirectTo: string | null, user: { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null }, session: { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string } }
   };

export type RenameDeviceMutationVariables = Exact<{
  input: RenameDeviceInput;
}>;


export type RenameDeviceMutation = { renameDevice: { __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null } };

export type RemoveDeviceMutationVariables = Exact<{
  id: string;
}>;


export type RemoveDeviceMutation = { removeDevice: { __typename: 'Passkey', id: string, credentialId: string, name: string, deviceType: PasskeyDeviceType, backedUp: boolean, transports: Array<string>, createdAt: string, lastUsedAt: string | null } };

export type PasskeyChallengeFieldsFragment = { challengeId: string, options: unknown, expiresAt: string };

export type RequestReauthenticationCodeMutationVariables = Exact<{ [key: string]: never; }>;


export type RequestReauthenticationCodeMutation = { requestReauthenticationCode: { message: string, expiresAt: string } };

export type ReauthenticateWithCodeMutationVariables = Exact<{
  input: VerifyMagicCodeInput;
}>;


export type ReauthenticateWithCodeMutation = { reauthenticateWithCode: { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string } };

export type BeginPasskeyReauthenticationMutationVariables = Exact<{ [key: string]: never; }>;


export type BeginPasskeyReauthenticationMutation = { beginPasskeyReauthentication: { challengeId: string, options: unknown, expiresAt: string } };

export type CompletePasskeyReauthenticationMutationVariables = Exact<{
  input: CompletePasskeyReauthenticationInput;
}>;


export type CompletePasskeyReauthenticationMutation = { completePasskeyReauthentication: { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string } };

export type RecordsQueryVariables = Exact<{
  collection?: string | null | undefined;
  titleContains?: string | null | undefined;
  updatedSince?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type RecordsQuery = { records: { totalCount: number, edges: Array<{ cursor: string, node: { __typename: 'Record', id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type RecordQueryVariables = Exact<{
  id: string;
}>;


export type RecordQuery = { record: { __typename: 'Record', id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string } | null };

export type RecordWithSecretQueryVariables = Exact<{
  id: string;
}>;


export type RecordWithSecretQuery = { record: { __typename: 'Record', secret: unknown, id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string } | null };

export type CreateRecordMutationVariables = Exact<{
  input: CreateRecordInput;
}>;


export type CreateRecordMutation = { createRecord: { __typename: 'Record', id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string } };

export type UpdateRecordMutationVariables = Exact<{
  input: UpdateRecordInput;
}>;


export type UpdateRecordMutation = { updateRecord: { __typename: 'Record', id: string, collection: string, title: string | null, data: unknown, encryptedData: string | null, keyId: string | null, revision: number, createdAt: string, updatedAt: string } };

export type DeleteRecordMutationVariables = Exact<{
  input: DeleteRecordInput;
}>;


export type DeleteRecordMutation = { deleteRecord: { deletedId: string } };

export type RecoveryStatusQueryVariables = Exact<{ [key: string]: never; }>;


export type RecoveryStatusQuery = { me: { id: string, email: string } | null, recoveryStatus: { methods: Array<RecoveryMethod>, recoveryCodesLeft: number, questions: Array<string>, takesQuestions: boolean, questionsSalt: string | null, formerKeysUntil: string | null, request: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null, freshStart: { createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null } };

export type InitiateRecoveryMutationVariables = Exact<{
  input: InitiateRecoveryInput;
}>;


export type InitiateRecoveryMutation = { initiateRecovery: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } };

export type VerifyRecoveryMutationVariables = Exact<{
  input: VerifyRecoveryInput;
}>;


export type VerifyRecoveryMutation = { verifyRecovery: { request: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null }, slot: { __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string } | null, keys: { encryptedPrivateKey: string, publicKey: unknown, keySalt: string, keyId: string, ringRevision: number, generation: number, slotsRevision: number, slots: Array<{ __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string }> } | null } };

export type BeginPasskeyRecoveryMutationVariables = Exact<{ [key: string]: never; }>;


export type BeginPasskeyRecoveryMutation = { beginPasskeyRecovery: { challengeId: string, options: unknown, expiresAt: string } };

export type CompletePasskeyRecoveryMutationVariables = Exact<{
  input: CompletePasskeyRecoveryInput;
}>;


export type CompletePasskeyRecoveryMutation = { completePasskeyRecovery: { request: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null }, slot: { __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string } | null, keys: { encryptedPrivateKey: string, publicKey: unknown, keySalt: string, keyId: string, ringRevision: number, generation: number, slotsRevision: number, slots: Array<{ __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string }> } | null } };

export type CompleteRecoveryMutationVariables = Exact<{
  input: CompleteRecoveryInput;
}>;


export type CompleteRecoveryMutation = { completeRecovery: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type CancelRecoveryMutationVariables = Exact<{
  token: string;
}>;


export type CancelRecoveryMutation = { cancelRecovery: boolean };

export type CancelOpenRecoveryMutationVariables = Exact<{ [key: string]: never; }>;


export type CancelOpenRecoveryMutation = { cancelOpenRecovery: boolean };

export type SetSecurityQuestionsMutationVariables = Exact<{
  input: SetSecurityQuestionsInput;
}>;


export type SetSecurityQuestionsMutation = { setSecurityQuestions: { methods: Array<RecoveryMethod>, recoveryCodesLeft: number, questions: Array<string>, takesQuestions: boolean, questionsSalt: string | null, formerKeysUntil: string | null, request: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null, freshStart: { createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null } };

export type RemoveSecurityQuestionsMutationVariables = Exact<{ [key: string]: never; }>;


export type RemoveSecurityQuestionsMutation = { removeSecurityQuestions: { methods: Array<RecoveryMethod>, recoveryCodesLeft: number, questions: Array<string>, takesQuestions: boolean, questionsSalt: string | null, formerKeysUntil: string | null, request: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null, freshStart: { createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null } };

export type RequestFreshStartMutationVariables = Exact<{
  confirmation: string;
}>;


export type RequestFreshStartMutation = { requestFreshStart: { methods: Array<RecoveryMethod>, recoveryCodesLeft: number, questions: Array<string>, takesQuestions: boolean, questionsSalt: string | null, formerKeysUntil: string | null, request: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null, freshStart: { createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null } };

export type CompleteFreshStartMutationVariables = Exact<{
  input: SetupEncryptionInput;
}>;


export type CompleteFreshStartMutation = { completeFreshStart: { enabled: boolean, biometricAvailable: boolean, recoveryCodesLeft: number, securityQuestionsSet: boolean, createdAt: string | null, generation: number, ringRevision: number, rotation: { fromKeyId: string, toKeyId: string, recordsLeft: number, startedAt: string, finishedAt: string | null } | null } };

export type FormerKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type FormerKeysQuery = { me: { id: string, email: string } | null, formerKeys: Array<{ encryptedPrivateKey: string, publicKey: unknown, keySalt: string, keyId: string, ringRevision: number, generation: number, slotsRevision: number, slots: Array<{ __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string }> }> };

export type RecoveryRequestFieldsFragment = { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null };

export type RecoveryStatusFieldsFragment = { methods: Array<RecoveryMethod>, recoveryCodesLeft: number, questions: Array<string>, takesQuestions: boolean, questionsSalt: string | null, formerKeysUntil: string | null, request: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null, freshStart: { createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null } | null };

export type RecoveryPayloadFieldsFragment = { request: { __typename: 'RecoveryRequest', id: string, method: RecoveryMethod, state: RecoveryState, createdAt: string, availableAt: string, expiresAt: string, deviceName: string, ipAddress: string | null }, slot: { __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string } | null, keys: { encryptedPrivateKey: string, publicKey: unknown, keySalt: string, keyId: string, ringRevision: number, generation: number, slotsRevision: number, slots: Array<{ __typename: 'KeySlot', id: string, kind: KeySlotKind, passkeyId: string | null, envelope: string, createdAt: string }> } | null };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null } | null };

export type SessionQueryVariables = Exact<{ [key: string]: never; }>;


export type SessionQuery = { session: { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string } | null };

export type SessionsQueryVariables = Exact<{ [key: string]: never; }>;


export type SessionsQuery = { sessions: Array<{ __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string }> };

export type RevokeSessionMutationVariables = Exact<{
  id: string;
}>;


export type RevokeSessionMutation = { revokeSession: { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string } };

export type RevokeOtherSessionsMutationVariables = Exact<{ [key: string]: never; }>;


export type RevokeOtherSessionsMutation = { revokeOtherSessions: Array<{ __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string }> };

export type RequestMagicLinkMutationVariables = Exact<{
  input: RequestMagicLinkInput;
}>;


export type RequestMagicLinkMutation = { requestMagicLink: { message: string, expiresAt: string } };

export type VerifyMagicLinkMutationVariables = Exact<{
  input: VerifyMagicLinkInput;
}>;


export type VerifyMagicLinkMutation = { verifyMagicLink:
    | { __typename: 'ConfirmationRequired', email: string, requestedAt: string, deviceName: string, ipAddress: string | null }
    | { __typename: 'SignedIn', redirectTo: string | null, user: { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null }, session: { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string } }
   };

export type VerifyMagicCodeMutationVariables = Exact<{
  input: VerifyMagicCodeInput;
}>;


export type VerifyMagicCodeMutation = { verifyMagicCode:
    | { __typename: 'ConfirmationRequired', email: string, requestedAt: string, deviceName: string, ipAddress: string | null }
    | { __typename: 'SignedIn', redirectTo: string | null, user: { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null }, session: { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string } }
   };

export type LogoutMutationVariables = Exact<{ [key: string]: never; }>;


export type LogoutMutation = { logout: boolean };

type SignInResultFields_ConfirmationRequired_Fragment = { __typename: 'ConfirmationRequired', email: string, requestedAt: string, deviceName: string, ipAddress: string | null };

type SignInResultFields_SignedIn_Fragment = { __typename: 'SignedIn', redirectTo: string | null, user: { __typename: 'User', id: string, email: string, displayName: string | null, createdAt: string, lastLoginAt: string | null }, session: { __typename: 'Session', id: string, current: boolean, deviceName: string, authMethod: AuthMethod, level: AuthLevel, remembered: boolean, encryptionEnabled: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastActivityAt: string, expiresAt: string } };

export type SignInResultFieldsFragment =
  | SignInResultFields_ConfirmationRequired_Fragment
  | SignInResultFields_SignedIn_Fragment
;

export const KeyRotationFieldsFragmentDoc = gql`
    fragment KeyRotationFields on KeyRotation {
  fromKeyId
  toKeyId
  recordsLeft
  startedAt
  finishedAt
}
    ` as unknown as DocumentNode<KeyRotationFieldsFragment, unknown>;
export const EncryptionStatusFieldsFragmentDoc = gql`
    fragment EncryptionStatusFields on EncryptionStatus {
  enabled
  biometricAvailable
  recoveryCodesLeft
  securityQuestionsSet
  createdAt
  generation
  ringRevision
  rotation {
    ...KeyRotationFields
  }
}
    ` as unknown as DocumentNode<EncryptionStatusFieldsFragment, unknown>;
export const SecurityAlertFieldsFragmentDoc = gql`
    fragment SecurityAlertFields on SecurityAlert {
  __typename
  id
  kind
  message
  ipAddress
  deviceName
  createdAt
  acknowledgedAt
}
    ` as unknown as DocumentNode<SecurityAlertFieldsFragment, unknown>;
export const AuditEntryFieldsFragmentDoc = gql`
    fragment AuditEntryFields on AuditEntry {
  __typename
  id
  action
  tableName
  recordId
  success
  ipAddress
  userAgent
  deviceName
  details
  timestamp
}
    ` as unknown as DocumentNode<AuditEntryFieldsFragment, unknown>;
export const PageFieldsFragmentDoc = gql`
    fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}
    ` as unknown as DocumentNode<PageFieldsFragment, unknown>;
export const UserFieldsFragmentDoc = gql`
    fragment UserFields on User {
  __typename
  id
  email
  displayName
  createdAt
  lastLoginAt
}
    ` as unknown as DocumentNode<UserFieldsFragment, unknown>;
export const SessionFieldsFragmentDoc = gql`
    fragment SessionFields on Session {
  __typename
  id
  current
  deviceName
  authMethod
  level
  remembered
  encryptionEnabled
  ipAddress
  userAgent
  createdAt
  lastActivityAt
  expiresAt
}
    ` as unknown as DocumentNode<SessionFieldsFragment, unknown>;
export const RecordFieldsFragmentDoc = gql`
    fragment RecordFields on Record {
  __typename
  id
  collection
  title
  data
  encryptedData
  keyId
  revision
  createdAt
  updatedAt
}
    ` as unknown as DocumentNode<RecordFieldsFragment, unknown>;
export const PasskeyFieldsFragmentDoc = gql`
    fragment PasskeyFields on Passkey {
  __typename
  id
  credentialId
  name
  deviceType
  backedUp
  transports
  createdAt
  lastUsedAt
}
    ` as unknown as DocumentNode<PasskeyFieldsFragment, unknown>;
export const RecoveryRequestFieldsFragmentDoc = gql`
    fragment RecoveryRequestFields on RecoveryRequest {
  __typename
  id
  method
  state
  createdAt
  availableAt
  expiresAt
  deviceName
  ipAddress
}
    ` as unknown as DocumentNode<RecoveryRequestFieldsFragment, unknown>;
export const NodeFieldsFragmentDoc = gql`
    fragment NodeFields on Node {
  __typename
  id
  ...UserFields
  ...SessionFields
  ...RecordFields
  ...PasskeyFields
  ...RecoveryRequestFields
  ... on SecurityAlert {
    kind
    message
    ipAddress
    createdAt
    acknowledgedAt
  }
  ... on AuditEntry {
    action
    tableName
    recordId
    success
    ipAddress
    userAgent
    details
    timestamp
  }
}
    ` as unknown as DocumentNode<NodeFieldsFragment, unknown>;
export const PasskeyChallengeFieldsFragmentDoc = gql`
    fragment PasskeyChallengeFields on PasskeyChallenge {
  challengeId
  options
  expiresAt
}
    ` as unknown as DocumentNode<PasskeyChallengeFieldsFragment, unknown>;
export const RecoveryStatusFieldsFragmentDoc = gql`
    fragment RecoveryStatusFields on RecoveryStatus {
  methods
  recoveryCodesLeft
  questions
  takesQuestions
  questionsSalt
  request {
    ...RecoveryRequestFields
  }
  freshStart {
    createdAt
    availableAt
    expiresAt
    deviceName
    ipAddress
  }
  formerKeysUntil
}
    ` as unknown as DocumentNode<RecoveryStatusFieldsFragment, unknown>;
export const KeySlotFieldsFragmentDoc = gql`
    fragment KeySlotFields on KeySlot {
  __typename
  id
  kind
  passkeyId
  envelope
  createdAt
}
    ` as unknown as DocumentNode<KeySlotFieldsFragment, unknown>;
export const EncryptionKeysFieldsFragmentDoc = gql`
    fragment EncryptionKeysFields on EncryptionKeys {
  encryptedPrivateKey
  publicKey
  keySalt
  keyId
  ringRevision
  generation
  slotsRevision
  slots {
    ...KeySlotFields
  }
}
    ` as unknown as DocumentNode<EncryptionKeysFieldsFragment, unknown>;
export const RecoveryPayloadFieldsFragmentDoc = gql`
    fragment RecoveryPayloadFields on RecoveryPayload {
  request {
    ...RecoveryRequestFields
  }
  slot {
    ...KeySlotFields
  }
  keys {
    ...EncryptionKeysFields
  }
}
    ` as unknown as DocumentNode<RecoveryPayloadFieldsFragment, unknown>;
export const SignInResultFieldsFragmentDoc = gql`
    fragment SignInResultFields on SignInResult {
  __typename
  ... on SignedIn {
    user {
      ...UserFields
    }
    session {
      ...SessionFields
    }
    redirectTo
  }
  ... on ConfirmationRequired {
    email
    requestedAt
    deviceName
    ipAddress
  }
}
    ` as unknown as DocumentNode<SignInResultFieldsFragment, unknown>;
export const SecurityAlertsDocument = gql`
    query SecurityAlerts($first: Int, $after: String, $last: Int, $before: String) {
  securityAlerts(first: $first, after: $after, last: $last, before: $before) {
    edges {
      cursor
      node {
        ...SecurityAlertFields
      }
    }
    pageInfo {
      ...PageFields
    }
  }
}
    ${SecurityAlertFieldsFragmentDoc}
${PageFieldsFragmentDoc}` as unknown as DocumentNode<SecurityAlertsQuery, SecurityAlertsQueryVariables>;
export const AcknowledgeAlertDocument = gql`
    mutation AcknowledgeAlert($id: ID!) {
  acknowledgeAlert(id: $id) {
    ...SecurityAlertFields
  }
}
    ${SecurityAlertFieldsFragmentDoc}` as unknown as DocumentNode<AcknowledgeAlertMutation, AcknowledgeAlertMutationVariables>;
export const DisownAlertDocument = gql`
    mutation DisownAlert($token: String!) {
  disownAlert(token: $token)
}
    ` as unknown as DocumentNode<DisownAlertMutation, DisownAlertMutationVariables>;
export const SecurityAlertDocument = gql`
    subscription SecurityAlert {
  securityAlert {
    ...SecurityAlertFields
  }
}
    ${SecurityAlertFieldsFragmentDoc}` as unknown as DocumentNode<SecurityAlertSubscription, SecurityAlertSubscriptionVariables>;
export const SecurityAuditDocument = gql`
    query SecurityAudit($action: String, $actions: [String!], $except: [String!], $success: Boolean, $first: Int, $after: String, $last: Int, $before: String) {
  securityAudit(
    action: $action
    actions: $actions
    except: $except
    success: $success
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    edges {
      cursor
      node {
        ...AuditEntryFields
      }
    }
    pageInfo {
      ...PageFields
    }
  }
}
    ${AuditEntryFieldsFragmentDoc}
${PageFieldsFragmentDoc}` as unknown as DocumentNode<SecurityAuditQuery, SecurityAuditQueryVariables>;
export const EncryptionStatusDocument = gql`
    query EncryptionStatus {
  encryptionStatus {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<EncryptionStatusQuery, EncryptionStatusQueryVariables>;
export const EncryptionKeysDocument = gql`
    query EncryptionKeys {
  me {
    id
    email
  }
  encryptionKeys {
    ...EncryptionKeysFields
  }
  encryptionStatus {
    ...EncryptionStatusFields
  }
}
    ${EncryptionKeysFieldsFragmentDoc}
${KeySlotFieldsFragmentDoc}
${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<EncryptionKeysQuery, EncryptionKeysQueryVariables>;
export const RecordsToReencryptDocument = gql`
    query RecordsToReencrypt($first: Int, $after: ID) {
  recordsToReencrypt(first: $first, after: $after) {
    id
    revision
    encryptedData
  }
}
    ` as unknown as DocumentNode<RecordsToReencryptQuery, RecordsToReencryptQueryVariables>;
export const SetupEncryptionDocument = gql`
    mutation SetupEncryption($input: SetupEncryptionInput!) {
  setupEncryption(input: $input) {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<SetupEncryptionMutation, SetupEncryptionMutationVariables>;
export const EnableBiometricUnlockDocument = gql`
    mutation EnableBiometricUnlock($input: EnableBiometricUnlockInput!) {
  enableBiometricUnlock(input: $input) {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<EnableBiometricUnlockMutation, EnableBiometricUnlockMutationVariables>;
export const DisableBiometricUnlockDocument = gql`
    mutation DisableBiometricUnlock($passkeyId: ID!) {
  disableBiometricUnlock(passkeyId: $passkeyId) {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<DisableBiometricUnlockMutation, DisableBiometricUnlockMutationVariables>;
export const ChangePassphraseDocument = gql`
    mutation ChangePassphrase($input: ChangePassphraseInput!) {
  changePassphrase(input: $input) {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<ChangePassphraseMutation, ChangePassphraseMutationVariables>;
export const RotateKeysDocument = gql`
    mutation RotateKeys($input: RotateKeysInput!) {
  rotateKeys(input: $input) {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<RotateKeysMutation, RotateKeysMutationVariables>;
export const ReencryptRecordsDocument = gql`
    mutation ReencryptRecords($input: [ReencryptRecordInput!]!) {
  reencryptRecords(input: $input) {
    records {
      id
      revision
    }
    conflicts
    rotation {
      ...KeyRotationFields
    }
  }
}
    ${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<ReencryptRecordsMutation, ReencryptRecordsMutationVariables>;
export const RegenerateRecoveryCodesDocument = gql`
    mutation RegenerateRecoveryCodes($input: RegenerateRecoveryCodesInput!) {
  regenerateRecoveryCodes(input: $input) {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<RegenerateRecoveryCodesMutation, RegenerateRecoveryCodesMutationVariables>;
export const DisableEncryptionDocument = gql`
    mutation DisableEncryption {
  disableEncryption {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<DisableEncryptionMutation, DisableEncryptionMutationVariables>;
export const NodeDocument = gql`
    query Node($id: ID!) {
  node(id: $id) {
    ...NodeFields
  }
}
    ${NodeFieldsFragmentDoc}
${UserFieldsFragmentDoc}
${SessionFieldsFragmentDoc}
${RecordFieldsFragmentDoc}
${PasskeyFieldsFragmentDoc}
${RecoveryRequestFieldsFragmentDoc}` as unknown as DocumentNode<NodeQuery, NodeQueryVariables>;
export const NodesDocument = gql`
    query Nodes($ids: [ID!]!) {
  nodes(ids: $ids) {
    ...NodeFields
  }
}
    ${NodeFieldsFragmentDoc}
${UserFieldsFragmentDoc}
${SessionFieldsFragmentDoc}
${RecordFieldsFragmentDoc}
${PasskeyFieldsFragmentDoc}
${RecoveryRequestFieldsFragmentDoc}` as unknown as DocumentNode<NodesQuery, NodesQueryVariables>;
export const SignInOptionsDocument = gql`
    query SignInOptions($email: String!) {
  signInOptions(email: $email) {
    methods
  }
}
    ` as unknown as DocumentNode<SignInOptionsQuery, SignInOptionsQueryVariables>;
export const DevicesDocument = gql`
    query Devices {
  devices {
    ...PasskeyFields
  }
}
    ${PasskeyFieldsFragmentDoc}` as unknown as DocumentNode<DevicesQuery, DevicesQueryVariables>;
export const SecurityDevicesDocument = gql`
    query SecurityDevices {
  securityDevices {
    passkeys {
      ...PasskeyFields
    }
    sessions {
      ...SessionFields
    }
    passkeysLeft
  }
}
    ${PasskeyFieldsFragmentDoc}
${SessionFieldsFragmentDoc}` as unknown as DocumentNode<SecurityDevicesQuery, SecurityDevicesQueryVariables>;
export const BeginPasskeyRegistrationDocument = gql`
    mutation BeginPasskeyRegistration {
  beginPasskeyRegistration {
    ...PasskeyChallengeFields
  }
}
    ${PasskeyChallengeFieldsFragmentDoc}` as unknown as DocumentNode<BeginPasskeyRegistrationMutation, BeginPasskeyRegistrationMutationVariables>;
export const CompletePasskeyRegistrationDocument = gql`
    mutation CompletePasskeyRegistration($input: CompletePasskeyRegistrationInput!) {
  completePasskeyRegistration(input: $input) {
    ...PasskeyFields
  }
}
    ${PasskeyFieldsFragmentDoc}` as unknown as DocumentNode<CompletePasskeyRegistrationMutation, CompletePasskeyRegistrationMutationVariables>;
export const BeginPasskeyLoginDocument = gql`
    mutation BeginPasskeyLogin($input: BeginPasskeyLoginInput) {
  beginPasskeyLogin(input: $input) {
    ...PasskeyChallengeFields
  }
}
    ${PasskeyChallengeFieldsFragmentDoc}` as unknown as DocumentNode<BeginPasskeyLoginMutation, BeginPasskeyLoginMutationVariables>;
export const CompletePasskeyLoginDocument = gql`
    mutation CompletePasskeyLogin($input: CompletePasskeyLoginInput!) {
  completePasskeyLogin(input: $input) {
    ...SignInResultFields
  }
}
    ${SignInResultFieldsFragmentDoc}
${UserFieldsFragmentDoc}
${SessionFieldsFragmentDoc}` as unknown as DocumentNode<CompletePasskeyLoginMutation, CompletePasskeyLoginMutationVariables>;
export const RenameDeviceDocument = gql`
    mutation RenameDevice($input: RenameDeviceInput!) {
  renameDevice(input: $input) {
    ...PasskeyFields
  }
}
    ${PasskeyFieldsFragmentDoc}` as unknown as DocumentNode<RenameDeviceMutation, RenameDeviceMutationVariables>;
export const RemoveDeviceDocument = gql`
    mutation RemoveDevice($id: ID!) {
  removeDevice(id: $id) {
    ...PasskeyFields
  }
}
    ${PasskeyFieldsFragmentDoc}` as unknown as DocumentNode<RemoveDeviceMutation, RemoveDeviceMutationVariables>;
export const RequestReauthenticationCodeDocument = gql`
    mutation RequestReauthenticationCode {
  requestReauthenticationCode {
    message
    expiresAt
  }
}
    ` as unknown as DocumentNode<RequestReauthenticationCodeMutation, RequestReauthenticationCodeMutationVariables>;
export const ReauthenticateWithCodeDocument = gql`
    mutation ReauthenticateWithCode($input: VerifyMagicCodeInput!) {
  reauthenticateWithCode(input: $input) {
    ...SessionFields
  }
}
    ${SessionFieldsFragmentDoc}` as unknown as DocumentNode<ReauthenticateWithCodeMutation, ReauthenticateWithCodeMutationVariables>;
export const BeginPasskeyReauthenticationDocument = gql`
    mutation BeginPasskeyReauthentication {
  beginPasskeyReauthentication {
    ...PasskeyChallengeFields
  }
}
    ${PasskeyChallengeFieldsFragmentDoc}` as unknown as DocumentNode<BeginPasskeyReauthenticationMutation, BeginPasskeyReauthenticationMutationVariables>;
export const CompletePasskeyReauthenticationDocument = gql`
    mutation CompletePasskeyReauthentication($input: CompletePasskeyReauthenticationInput!) {
  completePasskeyReauthentication(input: $input) {
    ...SessionFields
  }
}
    ${SessionFieldsFragmentDoc}` as unknown as DocumentNode<CompletePasskeyReauthenticationMutation, CompletePasskeyReauthenticationMutationVariables>;
export const RecordsDocument = gql`
    query Records($collection: String, $titleContains: String, $updatedSince: DateTime, $first: Int, $after: String, $last: Int, $before: String) {
  records(
    collection: $collection
    titleContains: $titleContains
    updatedSince: $updatedSince
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    edges {
      cursor
      node {
        ...RecordFields
      }
    }
    pageInfo {
      ...PageFields
    }
    totalCount
  }
}
    ${RecordFieldsFragmentDoc}
${PageFieldsFragmentDoc}` as unknown as DocumentNode<RecordsQuery, RecordsQueryVariables>;
export const RecordDocument = gql`
    query Record($id: ID!) {
  record(id: $id) {
    ...RecordFields
  }
}
    ${RecordFieldsFragmentDoc}` as unknown as DocumentNode<RecordQuery, RecordQueryVariables>;
export const RecordWithSecretDocument = gql`
    query RecordWithSecret($id: ID!) {
  record(id: $id) {
    ...RecordFields
    secret
  }
}
    ${RecordFieldsFragmentDoc}` as unknown as DocumentNode<RecordWithSecretQuery, RecordWithSecretQueryVariables>;
export const CreateRecordDocument = gql`
    mutation CreateRecord($input: CreateRecordInput!) {
  createRecord(input: $input) {
    ...RecordFields
  }
}
    ${RecordFieldsFragmentDoc}` as unknown as DocumentNode<CreateRecordMutation, CreateRecordMutationVariables>;
export const UpdateRecordDocument = gql`
    mutation UpdateRecord($input: UpdateRecordInput!) {
  updateRecord(input: $input) {
    ...RecordFields
  }
}
    ${RecordFieldsFragmentDoc}` as unknown as DocumentNode<UpdateRecordMutation, UpdateRecordMutationVariables>;
export const DeleteRecordDocument = gql`
    mutation DeleteRecord($input: DeleteRecordInput!) {
  deleteRecord(input: $input) {
    deletedId
  }
}
    ` as unknown as DocumentNode<DeleteRecordMutation, DeleteRecordMutationVariables>;
export const RecoveryStatusDocument = gql`
    query RecoveryStatus {
  me {
    id
    email
  }
  recoveryStatus {
    ...RecoveryStatusFields
  }
}
    ${RecoveryStatusFieldsFragmentDoc}
${RecoveryRequestFieldsFragmentDoc}` as unknown as DocumentNode<RecoveryStatusQuery, RecoveryStatusQueryVariables>;
export const InitiateRecoveryDocument = gql`
    mutation InitiateRecovery($input: InitiateRecoveryInput!) {
  initiateRecovery(input: $input) {
    ...RecoveryRequestFields
  }
}
    ${RecoveryRequestFieldsFragmentDoc}` as unknown as DocumentNode<InitiateRecoveryMutation, InitiateRecoveryMutationVariables>;
export const VerifyRecoveryDocument = gql`
    mutation VerifyRecovery($input: VerifyRecoveryInput!) {
  verifyRecovery(input: $input) {
    ...RecoveryPayloadFields
  }
}
    ${RecoveryPayloadFieldsFragmentDoc}
${RecoveryRequestFieldsFragmentDoc}
${KeySlotFieldsFragmentDoc}
${EncryptionKeysFieldsFragmentDoc}` as unknown as DocumentNode<VerifyRecoveryMutation, VerifyRecoveryMutationVariables>;
export const BeginPasskeyRecoveryDocument = gql`
    mutation BeginPasskeyRecovery {
  beginPasskeyRecovery {
    ...PasskeyChallengeFields
  }
}
    ${PasskeyChallengeFieldsFragmentDoc}` as unknown as DocumentNode<BeginPasskeyRecoveryMutation, BeginPasskeyRecoveryMutationVariables>;
export const CompletePasskeyRecoveryDocument = gql`
    mutation CompletePasskeyRecovery($input: CompletePasskeyRecoveryInput!) {
  completePasskeyRecovery(input: $input) {
    ...RecoveryPayloadFields
  }
}
    ${RecoveryPayloadFieldsFragmentDoc}
${RecoveryRequestFieldsFragmentDoc}
${KeySlotFieldsFragmentDoc}
${EncryptionKeysFieldsFragmentDoc}` as unknown as DocumentNode<CompletePasskeyRecoveryMutation, CompletePasskeyRecoveryMutationVariables>;
export const CompleteRecoveryDocument = gql`
    mutation CompleteRecovery($input: CompleteRecoveryInput!) {
  completeRecovery(input: $input) {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<CompleteRecoveryMutation, CompleteRecoveryMutationVariables>;
export const CancelRecoveryDocument = gql`
    mutation CancelRecovery($token: String!) {
  cancelRecovery(token: $token)
}
    ` as unknown as DocumentNode<CancelRecoveryMutation, CancelRecoveryMutationVariables>;
export const CancelOpenRecoveryDocument = gql`
    mutation CancelOpenRecovery {
  cancelOpenRecovery
}
    ` as unknown as DocumentNode<CancelOpenRecoveryMutation, CancelOpenRecoveryMutationVariables>;
export const SetSecurityQuestionsDocument = gql`
    mutation SetSecurityQuestions($input: SetSecurityQuestionsInput!) {
  setSecurityQuestions(input: $input) {
    ...RecoveryStatusFields
  }
}
    ${RecoveryStatusFieldsFragmentDoc}
${RecoveryRequestFieldsFragmentDoc}` as unknown as DocumentNode<SetSecurityQuestionsMutation, SetSecurityQuestionsMutationVariables>;
export const RemoveSecurityQuestionsDocument = gql`
    mutation RemoveSecurityQuestions {
  removeSecurityQuestions {
    ...RecoveryStatusFields
  }
}
    ${RecoveryStatusFieldsFragmentDoc}
${RecoveryRequestFieldsFragmentDoc}` as unknown as DocumentNode<RemoveSecurityQuestionsMutation, RemoveSecurityQuestionsMutationVariables>;
export const RequestFreshStartDocument = gql`
    mutation RequestFreshStart($confirmation: String!) {
  requestFreshStart(confirmation: $confirmation) {
    ...RecoveryStatusFields
  }
}
    ${RecoveryStatusFieldsFragmentDoc}
${RecoveryRequestFieldsFragmentDoc}` as unknown as DocumentNode<RequestFreshStartMutation, RequestFreshStartMutationVariables>;
export const CompleteFreshStartDocument = gql`
    mutation CompleteFreshStart($input: SetupEncryptionInput!) {
  completeFreshStart(input: $input) {
    ...EncryptionStatusFields
  }
}
    ${EncryptionStatusFieldsFragmentDoc}
${KeyRotationFieldsFragmentDoc}` as unknown as DocumentNode<CompleteFreshStartMutation, CompleteFreshStartMutationVariables>;
export const FormerKeysDocument = gql`
    query FormerKeys {
  me {
    id
    email
  }
  formerKeys {
    ...EncryptionKeysFields
  }
}
    ${EncryptionKeysFieldsFragmentDoc}
${KeySlotFieldsFragmentDoc}` as unknown as DocumentNode<FormerKeysQuery, FormerKeysQueryVariables>;
export const MeDocument = gql`
    query Me {
  me {
    ...UserFields
  }
}
    ${UserFieldsFragmentDoc}` as unknown as DocumentNode<MeQuery, MeQueryVariables>;
export const SessionDocument = gql`
    query Session {
  session {
    ...SessionFields
  }
}
    ${SessionFieldsFragmentDoc}` as unknown as DocumentNode<SessionQuery, SessionQueryVariables>;
export const SessionsDocument = gql`
    query Sessions {
  sessions {
    ...SessionFields
  }
}
    ${SessionFieldsFragmentDoc}` as unknown as DocumentNode<SessionsQuery, SessionsQueryVariables>;
export const RevokeSessionDocument = gql`
    mutation RevokeSession($id: ID!) {
  revokeSession(id: $id) {
    ...SessionFields
  }
}
    ${SessionFieldsFragmentDoc}` as unknown as DocumentNode<RevokeSessionMutation, RevokeSessionMutationVariables>;
export const RevokeOtherSessionsDocument = gql`
    mutation RevokeOtherSessions {
  revokeOtherSessions {
    ...SessionFields
  }
}
    ${SessionFieldsFragmentDoc}` as unknown as DocumentNode<RevokeOtherSessionsMutation, RevokeOtherSessionsMutationVariables>;
export const RequestMagicLinkDocument = gql`
    mutation RequestMagicLink($input: RequestMagicLinkInput!) {
  requestMagicLink(input: $input) {
    message
    expiresAt
  }
}
    ` as unknown as DocumentNode<RequestMagicLinkMutation, RequestMagicLinkMutationVariables>;
export const VerifyMagicLinkDocument = gql`
    mutation VerifyMagicLink($input: VerifyMagicLinkInput!) {
  verifyMagicLink(input: $input) {
    ...SignInResultFields
  }
}
    ${SignInResultFieldsFragmentDoc}
${UserFieldsFragmentDoc}
${SessionFieldsFragmentDoc}` as unknown as DocumentNode<VerifyMagicLinkMutation, VerifyMagicLinkMutationVariables>;
export const VerifyMagicCodeDocument = gql`
    mutation VerifyMagicCode($input: VerifyMagicCodeInput!) {
  verifyMagicCode(input: $input) {
    ...SignInResultFields
  }
}
    ${SignInResultFieldsFragmentDoc}
${UserFieldsFragmentDoc}
${SessionFieldsFragmentDoc}` as unknown as DocumentNode<VerifyMagicCodeMutation, VerifyMagicCodeMutationVariables>;
export const LogoutDocument = gql`
    mutation Logout {
  logout
}
    ` as unknown as DocumentNode<LogoutMutation, LogoutMutationVariables>;