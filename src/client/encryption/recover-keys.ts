import { bareId } from '../../shared/encryption/contexts.ts'
import type { Ask } from '../ask.ts'
import { isLatchkeyError, LatchkeyError, type AnyLatchkeyError } from '../errors.ts'
import {
  BeginPasskeyRecoveryDocument,
  CompletePasskeyRecoveryDocument,
  CompleteRecoveryDocument,
  InitiateRecoveryDocument,
  RecoveryStatusDocument,
  VerifyRecoveryDocument,
  type PasskeyFieldsFragment,
  type RecoveryMethod,
  type RecoveryPayloadFieldsFragment,
  type RecoveryRequestFieldsFragment,
  type RecoveryStatusFieldsFragment,
  type VerifyRecoveryInput,
} from '../generated/graphql.ts'
import { usePasskey, type NotUsed } from '../passkeys.ts'
import { readAccountKeys, toSealedKeys, toSealedSlot, type CountedKeys } from './account-keys.ts'
import { joinTwo, PAIRS, type TwoAnswers } from './answers.ts'
import { wipe } from './bytes.ts'
import { isAnswerLost } from './lost-answers.ts'
import { isUnreliable, listPasskeys, noPrf, type NoPrfReason } from './passkey-unlock.ts'
import { insistOnStrength } from './passphrase.ts'
import { readRecoveryCode } from './recovery-codes.ts'
import { renewMasterKey, type KeysRotated, type RenewalSteps } from './renew-master-key.ts'
import { askForPassphrase, type CodeSteps, type SetupSteps } from './setup.ts'
import type { Opener, PasskeyAtHand, SealedSlot } from './vault.ts'
import type { VaultSession } from './vault-session.ts'

export type RecoveryStatus = RecoveryStatusFieldsFragment
export type RecoveryRequest = RecoveryRequestFieldsFragment

/** What a recovery asks of the person, whichever way it takes: afterwards everything is new. */
export type RecoverySteps = RenewalSteps &
  (
    | {
        /** The passphrase from now on. PASSPHRASE_WEAK for one that is easy to guess, before anything is sent. */
        newPassphrase: string
      }
    | Pick<SetupSteps, 'choosePassphrase'>
  )

/** Two of the three answers, by the index of their question: `{ 0: 'Rosa', 2: 'Little Rock' }`. */
export type AnswersGiven = Readonly<Partial<Record<0 | 1 | 2, string>>>

/** The keys are open, under a new master key; or how far it came. */
export type KeysRecovered =
  | {
      kind: 'Recovered'
      /** The passkeys that were there before: whoever recovers should keep or remove each, for one may be lost. */
      passkeys: PasskeyFieldsFragment[]
      /** The ids of those that unlock no more; signing in by them goes on. */
      passkeysLost: string[]
      /** Whether there were security questions. They went with the old master key, and must be set anew. */
      questionsLost: boolean
    }
  | Exclude<KeysRotated, { kind: 'Rotated' | 'CalledOff' }>
  | { kind: 'CalledOff'; at: keyof CodeSteps | 'choosePassphrase' }

/** The answers are right, and open the keys from `request.availableAt` on: then give them again. */
export type RecoveryWaits = { kind: 'Waiting'; request: RecoveryRequest }

/** The passkey is right, and does not open the keys. These do, beside the passphrase. */
export type StillLocked = {
  kind: 'StillLocked'
  reason: NoPrfReason
  methods: RecoveryMethod[]
  /** Other passkeys, which unlock. */
  passkeys: PasskeyFieldsFragment[]
}

/** Who recovers, and what there is to recover by. */
type Account = { user: string; email: string; status: RecoveryStatus }
type Payload = RecoveryPayloadFieldsFragment
/** What a recovery has released, and what opens it. */
type Released = { keys: CountedKeys; opener: () => Opener; touched?: PasskeyAtHand }

/** The signed-in user's ways back to keys that they cannot open any more. */
export class KeyRecovery {
  readonly #ask: Ask
  readonly #session: VaultSession
  /** A code's slot, which the server gave once: whoever called it off later need not use up another code. */
  #slotOfCode: { request: string; verifier: string; slot: SealedSlot } | null = null

  constructor(ask: Ask, session: VaultSession) {
    this.#ask = ask
    this.#session = session
  }

  async status(): Promise<RecoveryStatus> {
    return (await this.#account()).status
  }

  async withCode({ code, ...steps }: RecoverySteps & { code: string }): Promise<KeysRecovered> {
    wipe(readRecoveryCode(code)) // a slip is told before anything is sent
    const account = await this.#account()
    await judge(steps, account)
    const request = await this.#initiate('RECOVERY_CODE')
    const passphrase = await passphraseOf(steps, account)
    if (passphrase === null) return { kind: 'CalledOff', at: 'choosePassphrase' }
    const keys = await this.#releaseByCode(account, request, code)
    const opener = () => ({ kind: 'RECOVERY_CODE', code }) as const
    return this.#renew(account, { keys, opener }, passphrase, steps)
  }

  async withQuestions({
    answers,
    ...steps
  }: RecoverySteps & { answers: AnswersGiven }): Promise<KeysRecovered | RecoveryWaits> {
    const two = readTwo(answers) // a slip is told before anything is sent
    const account = await this.#account()
    await judge(steps, account)
    await this.#initiate('SECURITY_QUESTIONS')
    const { questionsSalt: salt } = account.status
    if (salt === null) throw refused('gave no salt for the answers to the security questions')
    const verifier = await this.#session.vault.verifierOfAnswers({ user: account.user, salt, ...two })
    const payload = await this.#verify({ verifier, first: two.first, second: two.second })
    if (!payload.slot) return { kind: 'Waiting', request: payload.request }
    const passphrase = await passphraseOf(steps, account)
    if (passphrase === null) return { kind: 'CalledOff', at: 'choosePassphrase' }
    const opener = () => ({ kind: 'SECURITY_QUESTIONS', salt, ...two }) as const
    return this.#renew(account, { keys: keysIn(payload), opener }, passphrase, steps)
  }

  async withPasskey({
    signal,
    ...steps
  }: RecoverySteps & { signal?: AbortSignal }): Promise<KeysRecovered | StillLocked | NotUsed> {
    const account = await this.#account()
    await judge(steps, account)
    await this.#initiate('PASSKEY')
    const begin = async () => (await this.#ask(BeginPasskeyRecoveryDocument, {}, { signal })).beginPasskeyRecovery
    const used = await usePasskey(begin, { signal, prf: true })
    if (used.kind === 'NotUsed') return used
    const { challengeId, response, prf } = used
    try {
      const input = { challengeId, response }
      const { completePasskeyRecovery: payload } = await this.#ask(
        CompletePasskeyRecoveryDocument,
        { input },
        { signal },
      )
      if (!payload.slot) return await this.#stillLocked(account, payload, 'NOT_ENROLLED')
      if (!prf.output) return await this.#stillLocked(account, payload, (await noPrf()).reason)
      return await this.#renewByPasskey(account, payload, prf.output, steps)
    } finally {
      prf.output?.fill(0)
    }
  }

  async #renewByPasskey(
    account: Account,
    payload: Payload,
    output: Uint8Array,
    steps: RecoverySteps,
  ): Promise<KeysRecovered | StillLocked> {
    const keys = keysIn(payload)
    // Copies, for the vault fills with zeros what it is given.
    const opener = () => ({ kind: 'PASSKEY', prf: output.slice() }) as const
    try {
      // Found out before anything is asked of the person.
      await this.#session.unlock({ user: account.user, keys }, opener())
    } catch (error) {
      if (!isUnreliable(error) && !isLatchkeyError(error, 'SECRET_WRONG')) throw error
      return this.#stillLocked(account, payload, 'UNRELIABLE')
    }
    const passphrase = await passphraseOf(steps, account)
    if (passphrase === null) return { kind: 'CalledOff', at: 'choosePassphrase' }
    const passkeyId = payload.slot?.passkeyId
    const touched = passkeyId == null ? null : { passkeyId: bareId(passkeyId), prf: output.slice() }
    return this.#renew(account, { keys, opener, ...(touched && { touched }) }, passphrase, steps)
  }

  async #account(): Promise<Account> {
    const { me, recoveryStatus: status } = await this.#ask(RecoveryStatusDocument, {})
    if (!me) throw new LatchkeyError('UNAUTHENTICATED', 'Nobody is signed in.')
    return { user: bareId(me.id), email: me.email, status }
  }

  async #initiate(method: RecoveryMethod): Promise<RecoveryRequest> {
    return (await this.#ask(InitiateRecoveryDocument, { input: { method } })).initiateRecovery
  }

  async #verify(input: VerifyRecoveryInput): Promise<Payload> {
    return (await this.#ask(VerifyRecoveryDocument, { input })).verifyRecovery
  }

  /** The keys in force, with the slot of a code, which is used up by it. */
  async #releaseByCode({ user }: Account, request: RecoveryRequest, code: string): Promise<CountedKeys> {
    const verifier = await this.#session.vault.verifierOfCode({ user, code })
    const held = this.#slotOfCode
    if (held?.request === request.id && held.verifier === verifier) {
      return withSlot((await readAccountKeys(this.#ask)).keys, held.slot)
    }
    try {
      const payload = await this.#verify({ verifier })
      if (!payload.slot) throw refused('took a recovery code, and gave nothing for it')
      this.#slotOfCode = { request: payload.request.id, verifier, slot: toSealedSlot(payload.slot) }
      return keysIn(payload)
    } catch (error) {
      throw isLatchkeyError(error) && isAnswerLost(error) ? codeMaybeUsed(error) : error
    }
  }

  async #renew(
    { user, email, status }: Account,
    { keys, opener, touched }: Released,
    passphrase: string,
    steps: RecoverySteps,
  ): Promise<KeysRecovered> {
    await this.#session.unlock({ user, keys }, opener())
    const passkeys = await listPasskeys(this.#ask)
    const renewed = await renewMasterKey(this.#ask, this.#session, {
      account: { user, email, keys },
      opener,
      passphrase,
      passkeys,
      touched,
      hasQuestions: status.questions.length > 0,
      steps,
      send: ({ slotsRevision: _, ...input }) => this.#ask(CompleteRecoveryDocument, { input }),
    }).catch((error: unknown) => {
      // It was released to a session that is over, or the recovery is: the code is shown again, or another one.
      if (isLatchkeyError(error, 'RECOVERY_UNPROVEN') || isLatchkeyError(error, 'RECOVERY_NOT_OPEN')) {
        this.#slotOfCode = null
      }
      throw isLatchkeyError(error) && isAnswerLost(error) ? keysMaybeInForce(error) : error
    })
    if (renewed.kind !== 'Rotated') return renewed
    this.#slotOfCode = null
    const { passkeysLost, questionsLost } = renewed
    return { kind: 'Recovered', passkeys, passkeysLost, questionsLost }
  }

  async #stillLocked({ status }: Account, { slot, keys }: Payload, reason: NoPrfReason): Promise<StillLocked> {
    const unlocking = new Set(keys?.slots.map(({ passkeyId }) => passkeyId))
    unlocking.delete(slot?.passkeyId ?? null)
    const passkeys = (await listPasskeys(this.#ask)).filter(({ id }) => unlocking.has(id))
    const methods = status.methods.filter((method) => method !== 'PASSKEY')
    return { kind: 'StillLocked', reason, methods, passkeys }
  }
}

/** BAD_INPUT unless there are two answers to two of the questions. */
function readTwo(given: AnswersGiven): TwoAnswers {
  const indexes = Object.keys(given).filter((index) => Reflect.get(given, index) !== undefined)
  const pair = PAIRS.find(({ first, second }) => indexes.length === 2 && given[first] != null && given[second] != null)
  if (!pair) {
    throw new LatchkeyError('BAD_INPUT', 'answers: two are asked for, by the indexes of their questions.', {
      field: 'answers',
    })
  }
  const { first, second } = pair
  const two: TwoAnswers = { first, second, answers: [given[first] ?? '', given[second] ?? ''] }
  joinTwo(two)
  return two
}

async function judge(steps: RecoverySteps, { email }: Account): Promise<void> {
  if ('newPassphrase' in steps) await insistOnStrength(steps.newPassphrase, email)
}

const passphraseOf = async (steps: RecoverySteps, { email }: Account): Promise<string | null> =>
  'newPassphrase' in steps ? steps.newPassphrase : askForPassphrase(steps, email)

function keysIn({ keys, slot }: Payload): CountedKeys {
  if (!keys || !slot) throw refused('released a slot without the keys that it opens')
  return withSlot(toSealedKeys(keys), toSealedSlot(slot))
}

const withSlot = (keys: CountedKeys, slot: SealedSlot): CountedKeys => ({
  ...keys,
  slots: [...keys.slots.filter(({ id }) => id !== slot.id), slot],
})

const refused = (what: string) => new LatchkeyError('KEYS_REFUSED', `The server ${what}.`)

const codeMaybeUsed = (cause: AnyLatchkeyError) =>
  sameButSaying(cause, 'No answer came to the code. Wait ten seconds, and give the same one again.')

const keysMaybeInForce = (cause: AnyLatchkeyError) =>
  sameButSaying(
    cause,
    'No answer came to the new keys: they may be in force, or the old ones. Keep the old codes and the new ones, and unlock by the new passphrase; if it does not open the keys, recover again.',
  )

const sameButSaying = (cause: AnyLatchkeyError, message: string) =>
  new LatchkeyError(cause.code, message, { status: cause.status, extensions: cause.extensions, cause })
