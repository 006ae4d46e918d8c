import type { PublicKeyJwk } from '../../shared/encryption/envelopes.ts'
import type { SlotKind } from '../../shared/encryption/contexts.ts'
import type { TwoAnswers } from './answers.ts'

/*
 * The vault holds an account's keys and does all that needs them. In a browser it lives in a Worker of its own, which
 * ends when it is locked; elsewhere in the same process. Whatever goes in and out can be cloned, ids of users, records
 * and slots are bare UUIDs, and no method gives a key away.
 */

/** A record, and the revision that an envelope in it is written at. */
export type Place = { record: string; revision: number }

/** The account's keys as the server keeps them: `encryptionKeys`. */
export type SealedKeys = {
  encryptedPrivateKey: string
  publicKey: unknown
  keySalt: string
  keyId: string
  ringRevision: number
  generation: number
  slots: readonly SealedSlot[]
}
export type SealedSlot = { id: string; kind: SlotKind; passkeyId: string | null; envelope: string }

/** A slot as the server takes it: `KeySlotInput`. */
export type NewSlot = { id: string; kind: SlotKind; envelope: string; passkeyId?: string; verifier?: string }

/** What opens a slot. `prf` is the 32 bytes that a passkey's PRF extension gave; they are filled with zeros after use. */
export type Opener =
  | { kind: 'PASSPHRASE'; passphrase: string }
  | { kind: 'PASSKEY'; prf: Uint8Array }
  | { kind: 'RECOVERY_CODE'; code: string }
  | ({ kind: 'SECURITY_QUESTIONS'; salt: string } & TwoAnswers)

/** How new the newest keys are that this device has seen: older ones are refused. */
export type HighWaterMark = { generation: number; ringRevision: number }

/** Keys that were made, to be sent to the server; and the eight codes, which are shown once and never sent. */
export type MadeKeys = {
  encryptedPrivateKey: string
  publicKey: PublicKeyJwk
  keySalt: string
  slots: NewSlot[]
  codes: string[]
}

/** The slots that two answers open, one for each two of the three, and the salt of them all, in base64url. */
export type SealedForQuestions = { salt: string; pairs: { first: number; second: number; slot: NewSlot }[] }

/** A passkey that is at hand while all is sealed anew. */
export type PasskeyAtHand = { passkeyId: string; prf: Uint8Array }

export type Opened =
  /** `verified` is false where it was made for the public key, by whoever. */
  { ok: true; value: unknown; verified: boolean } | { ok: false }

/** What is known of an unlocked vault. */
export type Unlocked = { keyId: string; generation: number; ringRevision: number }

export type Vault = {
  /**
   * Makes all keys of an account. They come into force once the server has them, and are unlocked like any others. That
   * the passphrase is strong enough was found out before, here as below: that takes large word lists, and no key.
   */
  make(input: {
    user: string
    email: string
    passphrase: string
    generation: number
    ringRevision: number
  }): Promise<MadeKeys>

  /** Opens the keys. Throws SECRET_WRONG, KEYS_REFUSED, KEYS_ROLLED_BACK. */
  unlock(input: { user: string; keys: SealedKeys; opener: Opener; seen: HighWaterMark | null }): Promise<Unlocked>
  /** Takes up keys that another device has rotated, by the master key at hand. Throws MASTER_KEY_CHANGED where that was rotated too. */
  follow(input: { keys: SealedKeys; seen: HighWaterMark | null }): Promise<Unlocked>
  lock(): Promise<void>
  /** Null while locked. */
  state(): Promise<Unlocked | null>

  /**
   * Encrypts values with the current record key, each for its place; with the public key where `verified` is false, so that
   * nobody vouches for what anybody may have written. Throws ENCRYPTION_LOCKED, TOO_LARGE.
   */
  encrypt(items: readonly (Place & { value: unknown; verified?: boolean })[]): Promise<string[]>
  /**
   * Opens envelopes, each for its place: the revision is the record's, and an envelope may be older, but not older than one
   * that was opened since the keys were unlocked. What does not open is marked.
   */
  decrypt(items: readonly (Place & { envelope: string })[]): Promise<Opened[]>
  /**
   * Opens each and encrypts it anew with the current key, for the next revision. What was made for the public key is made
   * for the current one again: a rotation vouches for nothing. Null for what does not open.
   */
  reencrypt(items: readonly (Place & { envelope: string })[]): Promise<(string | null)[]>

  /** A ring with a new record key and a new pair, under the same master key. */
  rotateRecordKey(input: { keys: SealedKeys }): Promise<{ encryptedPrivateKey: string; publicKey: PublicKeyJwk }>
  /**
   * The same under a new master key, with every slot sealed anew. Opens the old by the opener. PRF_UNRELIABLE where what a
   * passkey gave does not open the slot that it has.
   */
  rotateMasterKey(input: {
    keys: SealedKeys
    opener: Opener
    email: string
    passphrase: string
    passkeys: readonly PasskeyAtHand[]
  }): Promise<MadeKeys>

  /** A passphrase slot with another passphrase. */
  sealForPassphrase(input: {
    keys: SealedKeys
    opener: Opener
    email: string
    passphrase: string
  }): Promise<{ slot: NewSlot; keySalt: string }>
  /** A slot for a passkey, sealed with what the passkey gave first and opened with what it gave then. PRF_UNRELIABLE where they differ. */
  sealForPasskey(input: {
    keys: SealedKeys
    opener: Opener
    passkeyId: string
    prf: Uint8Array
    again: Uint8Array
  }): Promise<NewSlot>
  /** Eight new slots for codes, and the codes. */
  sealForCodes(input: { keys: SealedKeys; opener: Opener }): Promise<{ slots: NewSlot[]; codes: string[] }>
  /**
   * Slots for the three answers to three questions. BAD_INPUT for an answer of fewer than three letters and digits, and
   * where two are the same.
   */
  sealForQuestions(input: { keys: SealedKeys; opener: Opener; answers: readonly string[] }): Promise<SealedForQuestions>

  /** What has the slot of a recovery code released, and tells nothing of it. No key need be unlocked. BAD_INPUT for what is no code. */
  verifierOfCode(input: { user: string; code: string }): Promise<string>
  /** The same for the slot of two answers. BAD_INPUT for what no answer is. */
  verifierOfAnswers(input: { user: string; salt: string } & TwoAnswers): Promise<string>
}
