import { bareId } from '../../shared/encryption/contexts.ts'
import type { Ask } from '../ask.ts'
import { isLatchkeyError, LatchkeyError, type AnyLatchkeyError } from '../errors.ts'
import {
  CancelOpenRecoveryDocument,
  CancelRecoveryDocument,
  ChangePassphraseDocument,
  CompleteFreshStartDocument,
  DisableBiometricUnlockDocument,
  DisableEncryptionDocument,
  EnableBiometricUnlockDocument,
  EncryptionStatusDocument,
  MeDocument,
  RegenerateRecoveryCodesDocument,
  RemoveSecurityQuestionsDocument,
  RequestFreshStartDocument,
  SetSecurityQuestionsDocument,
  SetupEncryptionDocument,
  type PasskeyFieldsFragment,
  type SetupEncryptionInput,
} from '../generated/graphql.ts'
import type { NotUsed } from '../passkeys.ts'
import {
  readAccountKeys,
  toPasskeyId,
  toSlotInput,
  type AccountKeys,
  type EncryptionStatus,
  type KeyRotation,
} from './account-keys.ts'
import { readAnswers, refuseToldAnswers } from './answers.ts'
import * as appKeys from './app-keys.ts'
import { isAnswerLost, sendRing } from './lost-answers.ts'
import {
  isUnreliable,
  listPasskeys,
  makePasskeyWithPrf,
  noPrf,
  touchTwice,
  type NoPrf,
  type TwoOutputs,
} from './passkey-unlock.ts'
import { insistOnStrength } from './passphrase.ts'
import { proveWithPrf } from './prove-with-prf.ts'
import {
  KeyRecovery,
  type AnswersGiven,
  type KeysRecovered,
  type RecoverySteps,
  type RecoveryStatus,
  type RecoveryWaits,
  type StillLocked,
} from './recover-keys.ts'
import { reencryptRecords, type Reencrypted, type RotationOptions } from './reencrypt-records.ts'
import type { KeysRotated } from './renew-master-key.ts'
import { rotateMasterKey, rotateRecordKey, type RotateEverything } from './rotate-keys.ts'
import { choosePassphrase, confirmCodes, type CodeSteps, type SetupStep, type SetupSteps } from './setup.ts'
import { takeBackFormer, type SecretFound, type TakenBack, type TakingBack } from './take-back-former.ts'
import type { Vault } from './vault.ts'
import type { EncryptionState, VaultSession } from './vault-session.ts'

/** The keys are open. `rotation` is one that some device began and none has finished: `resumeRotation` does. */
export type KeysUnlocked = { kind: 'Unlocked'; rotation: KeyRotation | null }

export type UnlockInput = { passphrase: string } | { passkey: true; signal?: AbortSignal }

export type SetupResult = { kind: 'Enabled'; status: EncryptionStatus } | { kind: 'CalledOff'; at: SetupStep }

export type StoreBiometricKeyInput = {
  /** Asked for again, though the keys may be open: the master key itself must be opened for this. */
  passphrase: string
  /** A passkey of the account; a new one is made where it is left out. */
  passkeyId?: string
  /** What to call the new one. */
  name?: string
  signal?: AbortSignal
}
export type BiometricKeyStored = { kind: 'Stored'; passkey: PasskeyFieldsFragment }

export type SecurityQuestionsInput = {
  /** Opens the master key, for which the slots of the answers are made. */
  passphrase: string
  /** Three, in the person's own words. The server can read them. */
  questions: readonly string[]
  /** In the order of the questions. */
  answers: readonly string[]
}

/** A rotation that came to its end, as far as the records open. */
export type Rotated = Extract<KeysRotated, { kind: 'Rotated' }> & Reencrypted

/** The keys were recovered, are new, and unlocked; the records that open are encrypted with them. */
export type Recovered = Extract<KeysRecovered, { kind: 'Recovered' }> & Reencrypted
/** How far a recovery came that did not end so. */
export type NotRecovered = Exclude<KeysRecovered, { kind: 'Recovered' }>

/** A record that an envelope is in: its id, with or without prefix, and the revision that it has once the envelope is written. */
export type EnvelopePlace = { id: string; revision: number }

/**
 * End-to-end encryption for whoever is signed in: switching it on, opening and locking the keys, changing them. It keeps
 * state, the open keys; collections use them by themselves.
 */
export class EncryptionService {
  readonly #ask: Ask
  readonly #session: VaultSession
  readonly #recovery: KeyRecovery
  /** A vault beside the session's. */
  readonly #openAnother: () => Vault

  /** @internal */
  constructor(ask: Ask, session: VaultSession, openAnother: () => Vault) {
    this.#ask = ask
    this.#session = session
    this.#openAnother = openAnother
    this.#recovery = new KeyRecovery(ask, session)
  }

  /** Whether encryption is on, and what of it. Needs a session alone. */
  async status(): Promise<EncryptionStatus> {
    return (await this.#ask(EncryptionStatusDocument, {})).encryptionStatus
  }

  get state(): EncryptionState {
    return this.#session.state
  }

  get isUnlocked(): boolean {
    return this.state.kind === 'UNLOCKED'
  }

  /** Calls back with each change of `state`; what it gives ends that. */
  onChange(listener: (state: EncryptionState) => void): () => void {
    return this.#session.onChange(listener)
  }

  /**
   * Switches encryption on, by steps that a page shows. Nothing is switched on before two codes were typed back; then
   * the keys are unlocked by the passphrase, which proves that what the server keeps opens. Needs STRONG at the end.
   */
  async setup(steps: SetupSteps): Promise<SetupResult> {
    const [me, before] = [await this.#me(), await this.status()]
    if (before.enabled) throw new LatchkeyError('ENCRYPTION_ON', 'Encryption is switched on already.')
    return this.#makeKeys(steps, { me, before }, (input) => this.#ask(SetupEncryptionDocument, { input }))
  }

  /**
   * Opens the keys: by the passphrase, or by one touch of a passkey, which proves the session as well. SECRET_WRONG for a
   * passphrase that does not open them; a passkey that cannot is an answer, with its reason, for the page to offer the
   * passphrase.
   */
  unlock(input: { passphrase: string }): Promise<KeysUnlocked>
  unlock(input: { passkey: true; signal?: AbortSignal }): Promise<KeysUnlocked | NotUsed | NoPrf>
  async unlock(input: UnlockInput): Promise<KeysUnlocked | NotUsed | NoPrf> {
    if ('passkey' in input) return this.getBiometricKey({ ...(input.signal && { signal: input.signal }) })
    return unlockedBy(await this.#openBy(input.passphrase))
  }

  /** Forgets the keys: in a browser the worker that holds them is ended, and in the other tabs of this origin as well. */
  lock(): Promise<void> {
    return this.#session.lockEverywhere()
  }

  /**
   * Lets this device take keys that are older than those it has seen, which KEYS_ROLLED_BACK refuses, and locks. Only
   * after the person who runs the server says that a backup was restored: a server that lies would bring back keys that
   * somebody else has. A page that is open elsewhere must be loaded anew.
   */
  async acceptOlderKeys(): Promise<void> {
    const { id } = await this.#me()
    await this.lock()
    this.#session.forgetSeen(bareId(id))
  }

  /**
   * Another passphrase opens the keys from now on, and `current` no more. The keys stay the same, and are unlocked.
   * Needs STRONG.
   * PASSPHRASE_WEAK for one that is easy to guess.
   */
  async changePassphrase({ current, next }: { current: string; next: string }): Promise<EncryptionStatus> {
    for (let tries = 1; ; tries++) {
      const { keys, email } = await this.#openBy(current)
      await insistOnStrength(next, email)
      const opener = byPassphrase(current)
      const { slot, keySalt } = await this.#session.use((vault) =>
        vault.sealForPassphrase({ keys, opener, email, passphrase: next }),
      )
      const { ringRevision, slotsRevision } = keys
      const input = { slot: toSlotInput(slot), keySalt, ringRevision, slotsRevision }
      try {
        return (await this.#ask(ChangePassphraseDocument, { input })).changePassphrase
      } catch (error) {
        // The keys, or the ways to unlock, were changed meanwhile: the slot is made for what is in force now.
        if (!isChangedMeanwhile(error) || tries === 2) throw error
      }
    }
  }

  /**
   * Eight new recovery codes in the place of the old ones, which end. Needs STRONG. With `showCodes` they are shown before the old ones
   * end, and false leaves those as they are. ChangedElsewhere when another device has changed the keys or the ways to
   * unlock since the codes were made: what was shown is void. Where the answer is lost, as by NETWORK, nobody knows which
   * codes are in force: keep both, or make new ones.
   */
  async regenerateRecoveryCodes({
    passphrase,
    ...steps
  }: { passphrase: string } & Partial<CodeSteps>): Promise<
    | { kind: 'Replaced'; codes: readonly string[] }
    | { kind: 'ChangedElsewhere' }
    | { kind: 'CalledOff'; at: keyof CodeSteps }
  > {
    const { keys } = await this.#openBy(passphrase)
    const opener = byPassphrase(passphrase)
    const { codes, slots } = await this.#session.use((vault) => vault.sealForCodes({ keys, opener }))
    const { showCodes = () => true, ...others } = steps
    const calledOffAt = await confirmCodes({ showCodes, ...others }, codes)
    if (calledOffAt) return { kind: 'CalledOff', at: calledOffAt }
    try {
      const input = { slots: slots.map(toSlotInput), slotsRevision: keys.slotsRevision }
      await this.#ask(RegenerateRecoveryCodesDocument, { input })
      return { kind: 'Replaced', codes }
    } catch (error) {
      if (isLatchkeyError(error, 'CONFLICT')) return { kind: 'ChangedElsewhere' }
      throw isLatchkeyError(error) && isAnswerLost(error) ? codesUnknown(error) : error
    }
  }

  /** By what the keys can be recovered, and the recovery that is under way. Needs a session alone. */
  recoveryStatus(): Promise<RecoveryStatus> {
    return this.#recovery.status()
  }

  /**
   * Sets three questions, two answers of which recover the keys, in the place of those that there are. Needs STRONG. Answers count by
   * their letters and digits alone: three at the least (BAD_INPUT), each answer another, and none that stands in its question. They
   * never leave this device. A full rotation and a recovery take them away: `questionsLost` says so.
   */
  async setSecurityQuestions({ passphrase, questions, answers }: SecurityQuestionsInput): Promise<RecoveryStatus> {
    refuseToldAnswers(questions, readAnswers(answers)) // before anything is sent
    for (let tries = 1; ; tries++) {
      const { keys } = await this.#openBy(passphrase)
      const opener = byPassphrase(passphrase)
      const { salt, pairs } = await this.#session.use((vault) => vault.sealForQuestions({ keys, opener, answers }))
      const ofPairs = pairs.map(({ slot, ...pair }) => ({ ...pair, slot: toSlotInput(slot) }))
      const input = { questions: [...questions], pairs: ofPairs, salt, slotsRevision: keys.slotsRevision }
      try {
        return (await this.#ask(SetSecurityQuestionsDocument, { input })).setSecurityQuestions
      } catch (error) {
        // The keys, or the ways to unlock, were changed meanwhile: the slots are made for what is in force now.
        if (!isChangedMeanwhile(error) || tries === 2) throw error
      }
    }
  }

  /** Takes the security questions away: no answer opens anything any more. Needs STRONG. NOT_FOUND where none are set. */
  async removeSecurityQuestions(): Promise<RecoveryStatus> {
    return (await this.#ask(RemoveSecurityQuestionsDocument, {})).removeSecurityQuestions
  }

  /**
   * Opens the keys by a recovery code, which is used up by it, and puts everything anew in force: the master key, the
   * passphrase, eight new codes, which are shown before anything is changed. Every other session ends. Needs FRESH. A code
   * that cannot be one is told before anything is sent (BAD_INPUT); PROOF_INVALID for one that is wrong or used. Whoever
   * calls it off, or was cut off, gives the same code again within the day: as long as this page is open it is not used
   * up twice. Where the connection breaks once new keys are in force it throws NETWORK, as `rotate` does.
   */
  async recoverWithCode(input: { code: string } & RecoverySteps & RotationOptions): Promise<Recovered | NotRecovered> {
    return this.#finish(await this.#recovery.withCode(input), input)
  }

  /**
   * The same by two answers of the three. The right ones wait for 48 hours first, which is said by mail, so that whose
   * account it is can stop it: the outcome is `Waiting`, and nothing else was asked. Once `request.availableAt` has passed
   * the same answers open the keys. PROOF_INVALID where they are not right: the fifth time ends it for seven days.
   */
  async recoverWithQuestions(
    input: { answers: AnswersGiven } & RecoverySteps & RotationOptions,
  ): Promise<Recovered | NotRecovered | RecoveryWaits> {
    const outcome = await this.#recovery.withQuestions(input)
    return outcome.kind === 'Waiting' ? outcome : this.#finish(outcome, input)
  }

  /**
   * The same by one touch of a passkey that unlocks; the session must have proved the mail address of late, for which it
   * asks where that is missing. `StillLocked` for a passkey that does not unlock, with what would.
   */
  async recoverWithPasskey(
    input: RecoverySteps & RotationOptions,
  ): Promise<Recovered | NotRecovered | StillLocked | NotUsed> {
    const outcome = await this.#recovery.withPasskey(input)
    return outcome.kind === 'StillLocked' || outcome.kind === 'NotUsed' ? outcome : this.#finish(outcome, input)
  }

  /** Stops a recovery by the token in the link of its mails, and needs no session. LINK_INVALID for one that is over. */
  async cancelRecovery(token: string): Promise<boolean> {
    return (await this.#ask(CancelRecoveryDocument, { token })).cancelRecovery
  }

  /** Stops the recovery and the fresh start that are under way, from any session of the account. False when none is. */
  async cancelOpenRecovery(): Promise<boolean> {
    return (await this.#ask(CancelOpenRecoveryDocument, {})).cancelOpenRecovery
  }

  /**
   * For whoever has lost every way in: asks to give the keys up, and all that they encrypted, and to begin anew. It waits
   * for seven days, in which the owner can stop it. `confirmation` is the account's mail address, typed. Needs FRESH.
   */
  async requestFreshStart(confirmation: string): Promise<RecoveryStatus> {
    return (await this.#ask(RequestFreshStartDocument, { confirmation })).requestFreshStart
  }

  /**
   * Begins anew once the seven days have passed, by the steps of `setup`. What the old keys encrypted does not open any
   * more, and is removed after 30 days. Needs FRESH.
   */
  async completeFreshStart(steps: SetupSteps): Promise<SetupResult> {
    const [me, before, { freshStart }] = [await this.#me(), await this.status(), await this.recoveryStatus()]
    if (!freshStart)
      throw new LatchkeyError('RECOVERY_NOT_OPEN', 'No fresh start was asked for. Begin with requestFreshStart.')
    return this.#makeKeys(steps, { me, before }, (input) => this.#ask(CompleteFreshStartDocument, { input }))
  }

  /**
   * After a fresh start, when an old passphrase or recovery code was found again: opens the keys that were given up, of
   * every fresh start whose keys it opens, and encrypts what they open with the new ones, which must be unlocked. Needs
   * FRESH. For 30 days; null where none are kept. SECRET_WRONG for what opens none of them, BAD_INPUT for what cannot be
   * a code. Interrupted, call it again.
   */
  takeBackFormer({ signal, onProgress, ...found }: SecretFound & TakingBack): Promise<TakenBack | null> {
    const former = this.#openAnother()
    return takeBackFormer({ ask: this.#ask, session: this.#session, former, found, signal, onProgress })
  }

  /** Switches encryption off. Needs STRONG. RECORDS_ENCRYPTED while any record still holds encrypted fields. */
  async disable(): Promise<EncryptionStatus> {
    const { disableEncryption } = await this.#ask(DisableEncryptionDocument, {})
    await this.lock()
    return disableEncryption
  }

  /**
   * Puts new keys in force, and encrypts every record anew. Of the record key where nothing else is asked for: no
   * secret is, and every way to unlock stays. Needs STRONG. With `everything` the master key too: new codes are shown before anything
   * is sent, and passkeys that are not touched lose their way in. RotatedElsewhere when another device was first: its keys
   * were taken up, and codes that were shown here are void. Where the connection breaks once new keys are in force it
   * throws NETWORK, and `resumeRotation` does the rest, on any device.
   */
  async rotate({ everything, ...options }: RotationOptions & { everything?: RotateEverything } = {}): Promise<
    Rotated | Exclude<KeysRotated, { kind: 'Rotated' }>
  > {
    const changed = everything
      ? await rotateMasterKey(this.#ask, this.#session, everything)
      : await rotateRecordKey(this.#ask, this.#session)
    if (changed.kind !== 'Rotated') return changed
    return { ...changed, ...(await this.#reencryptAll(options)) }
  }

  /** Goes on with a rotation that was interrupted, on whatever device. Null when none is open. */
  async resumeRotation(options: RotationOptions = {}): Promise<Reencrypted | null> {
    const { rotation } = await this.status()
    if (!rotation) return null
    if (rotation.finishedAt !== null) return { rotation, unreadable: [] }
    await this.#session.use(async (_vault, { keyId }) => {
      if (keyId !== rotation.toKeyId) await this.#session.follow()
    })
    return reencryptRecords({ ...options, ask: this.#ask, session: this.#session, total: rotation.recordsLeft })
  }

  /** Encrypts any JSON value, for one revision of one record: the one that it has once this is written. */
  encryptRecord(value: unknown, { id, revision }: EnvelopePlace): Promise<string> {
    return this.#session.encrypt({ record: bareId(id), revision }, value)
  }

  /**
   * Opens a record's `encryptedData`; `revision` is the record's. `verified` is false where it was made with the public
   * key, by whoever. CIPHERTEXT_REFUSED for what does not open.
   */
  async decryptRecord(
    envelope: string,
    { id, revision }: EnvelopePlace,
  ): Promise<{ value: unknown; verified: boolean }> {
    const [opened] = await this.#session.decrypt([{ record: bareId(id), revision, envelope }])
    if (!opened?.ok) throw appKeys.ciphertextRefused()
    return { value: opened.value, verified: opened.verified }
  }

  /** A new pair on P-256: the public half as a JWK, the private one as a key that can be used and not read. */
  readonly generateKeys = appKeys.generateKeys
  /** The key that a passphrase makes for a slot, by PBKDF2, and the salt to make it again with. */
  readonly deriveKey = appKeys.deriveKey
  /** Encrypts for a public key, so that somebody else can write into an account what only its owner can read. */
  readonly encryptData = appKeys.encryptData
  /** Opens what `encryptData` made, by a private key of your own; the account's own key opens it in `decryptRecord`. */
  readonly decryptData = appKeys.decryptData

  /**
   * Lets a passkey unlock: makes one, or takes the one that is named, and has it give its secret twice; only a slot that
   * the second opens is saved. No key is stored but the sealed master key, and that
   * on the server. Needs STRONG, and a recovery code that is left.
   */
  async storeBiometricKey({
    passphrase,
    passkeyId,
    name,
    signal,
  }: StoreBiometricKeyInput): Promise<BiometricKeyStored | NotUsed | NoPrf> {
    // A wrong passphrase is found out before a passkey is made.
    await this.#openBy(passphrase)
    const outputs =
      passkeyId === undefined
        ? await makePasskeyWithPrf(this.#ask, { name, signal })
        : await this.#touchTwice(toPasskeyId(passkeyId), signal)
    if (outputs.kind !== 'Both') return outputs
    return this.#enrol(passphrase, outputs)
  }

  /**
   * Unlocks by a passkey. It gives no key away: the vault keeps it. One touch proves
   * the session and opens the keys.
   */
  async getBiometricKey({ signal }: { signal?: AbortSignal } = {}): Promise<KeysUnlocked | NotUsed | NoPrf> {
    const touched = await proveWithPrf(this.#ask, { signal })
    if (touched.kind === 'NotUsed') return touched
    return this.unlockByOutput(this.#ask, touched)
  }

  /** Takes the way to unlock from a passkey, which goes on signing in. Needs STRONG. */
  async removeBiometricKey(passkeyId: string): Promise<EncryptionStatus> {
    const variables = { passkeyId: toPasskeyId(passkeyId) }
    return (await this.#ask(DisableBiometricUnlockDocument, variables)).disableBiometricUnlock
  }

  /**
   * Unlocks by what a passkey gave in a ceremony that has just been completed, and fills it with zeros.
   * @internal
   */
  async unlockByOutput(
    ask: Ask,
    { output, credentialId }: { output: Uint8Array | null; credentialId: string },
  ): Promise<KeysUnlocked | NoPrf> {
    if (!output) return noPrf()
    try {
      const account = await readAccountKeys(ask)
      const isEnrolled = await this.#unlockWith(account, output, () => isEnrolledIn(ask, account, credentialId))
      return isEnrolled ? unlockedBy(account) : { kind: 'NoPrf', reason: 'NOT_ENROLLED' }
    } finally {
      output.fill(0)
    }
  }

  /** False for a passkey that has no slot. */
  async #unlockWith(account: AccountKeys, prf: Uint8Array, isEnrolled: () => Promise<boolean>): Promise<boolean> {
    try {
      await this.#session.unlock(account, { kind: 'PASSKEY', prf })
      return true
    } catch (error) {
      if (!isLatchkeyError(error, 'SECRET_WRONG') || (await isEnrolled())) throw error
      return false
    }
  }

  async #finish(outcome: KeysRecovered, options: RotationOptions): Promise<Recovered | NotRecovered> {
    return outcome.kind === 'Recovered' ? { ...outcome, ...(await this.#reencryptAll(options)) } : outcome
  }

  async #reencryptAll(options: RotationOptions): Promise<Reencrypted> {
    const finished = await this.resumeRotation(options)
    if (!finished) throw new Error('Keys were rotated, and the server knows of no rotation.')
    return finished
  }

  async #touchTwice(id: string, signal: AbortSignal | undefined): Promise<TwoOutputs | NotUsed | NoPrf> {
    const passkey = (await listPasskeys(this.#ask)).find((one) => one.id === id)
    if (!passkey) throw new LatchkeyError('NOT_FOUND', 'There is no such passkey.', { field: 'passkeyId' })
    return touchTwice(this.#ask, passkey, { signal })
  }

  async #enrol(passphrase: string, { passkey, prf, again }: TwoOutputs): Promise<BiometricKeyStored | NoPrf> {
    try {
      for (let tries = 1; ; tries++) {
        try {
          await this.#enrolOnce(passphrase, { passkeyId: bareId(passkey.id), prf, again })
          return { kind: 'Stored', passkey }
        } catch (error) {
          // The keys, or the ways to unlock, were changed meanwhile: the slot is made for what is in force now.
          if (!isChangedMeanwhile(error) || tries === 2) throw error
        }
      }
    } catch (error) {
      if (!isUnreliable(error)) throw error
      return { kind: 'NoPrf', reason: 'UNRELIABLE' }
    } finally {
      prf.fill(0)
      again.fill(0)
    }
  }

  async #enrolOnce(
    passphrase: string,
    { passkeyId, ...given }: Pick<TwoOutputs, 'prf' | 'again'> & { passkeyId: string },
  ): Promise<void> {
    // Copies, for the vault fills with zeros what it is given.
    const outputs = { prf: given.prf.slice(), again: given.again.slice() }
    try {
      // Read anew: the person may have taken their time.
      const { keys } = await readAccountKeys(this.#ask)
      const sealing = { keys, opener: byPassphrase(passphrase), passkeyId, ...outputs }
      const slot = toSlotInput(await this.#session.use((vault) => vault.sealForPasskey(sealing)))
      await this.#ask(EnableBiometricUnlockDocument, { input: { slot, slotsRevision: keys.slotsRevision } })
    } finally {
      outputs.prf.fill(0)
      outputs.again.fill(0)
    }
  }

  /** Makes all keys anew by the steps of a setup, has the server put them in force, and unlocks them. */
  async #makeKeys(
    steps: SetupSteps,
    { me, before }: { me: { id: string; email: string }; before: EncryptionStatus },
    send: (input: SetupEncryptionInput) => Promise<unknown>,
  ): Promise<SetupResult> {
    const chosen = await choosePassphrase(steps, me.email)
    if ('calledOffAt' in chosen) return { kind: 'CalledOff', at: chosen.calledOffAt }

    const { codes, slots, ...made } = await this.#session.vault.make({
      user: bareId(me.id),
      email: me.email,
      passphrase: chosen.passphrase,
      generation: before.generation + 1,
      ringRevision: before.ringRevision + 1,
    })
    const calledOffAt = await confirmCodes(steps, codes)
    if (calledOffAt) return { kind: 'CalledOff', at: calledOffAt }

    const input = { ...made, slots: slots.map(toSlotInput) }
    await sendRing(this.#ask, made.encryptedPrivateKey, () => send(input))
    const account = await readAccountKeys(this.#ask)
    await this.#session.unlock(account, byPassphrase(chosen.passphrase))
    return { kind: 'Enabled', status: account.status }
  }

  async #openBy(passphrase: string): Promise<AccountKeys> {
    const account = await readAccountKeys(this.#ask)
    await this.#session.unlock(account, byPassphrase(passphrase))
    return account
  }

  async #me() {
    const { me } = await this.#ask(MeDocument, {})
    if (!me) throw new LatchkeyError('UNAUTHENTICATED', 'Nobody is signed in.')
    return me
  }
}

/** Whether a change was refused because it was made from keys or slots that are not in force any more. */
const isChangedMeanwhile = (error: unknown): boolean => isLatchkeyError(error, 'CONFLICT')

const byPassphrase = (passphrase: string) => ({ kind: 'PASSPHRASE', passphrase }) as const

/** Neither the old codes nor the new ones may be thrown away. */
const codesUnknown = (cause: AnyLatchkeyError) =>
  new LatchkeyError(
    cause.code,
    'No answer came to the new recovery codes: they may be in force, or the old ones. Keep both, or make new ones.',
    { status: cause.status, extensions: cause.extensions, cause },
  )

function unlockedBy({ status: { rotation } }: AccountKeys): KeysUnlocked {
  return { kind: 'Unlocked', rotation: rotation?.finishedAt === null ? rotation : null }
}

async function isEnrolledIn(ask: Ask, { keys }: AccountKeys, credentialId: string): Promise<boolean> {
  const ids = new Set(keys.slots.map(({ passkeyId }) => passkeyId))
  const passkeys = await listPasskeys(ask)
  return passkeys.some((passkey) => passkey.credentialId === credentialId && ids.has(bareId(passkey.id)))
}
