import { askOver } from './ask.ts'
import type { OperationText } from './document.ts'
import { openCollection, type Collection, type CollectionFields } from './encryption/collection.ts'
import { EncryptionService, type KeysUnlocked } from './encryption/encryption-service.ts'
import { keepHighWaterMarks, type EncryptionStorage } from './encryption/high-water-mark.ts'
import { openVault, type VaultOptions } from './encryption/open-vault.ts'
import type { NoPrf } from './encryption/passkey-unlock.ts'
import { proveWithPrf } from './encryption/prove-with-prf.ts'
import { shareUnlockPrompt, type UnlockReason } from './encryption/unlock-prompt.ts'
import { VaultSession } from './encryption/vault-session.ts'
import { isLatchkeyError, type LatchkeyError } from './errors.ts'
import * as documents from './generated/graphql.ts'
import { listenForAlerts, type AlertOptions } from './on-security-alert.ts'
import { createPasskey, usePasskey, type NotUsed } from './passkeys.ts'
import { isRepeatable, provingAgain, type NeededProof } from './prove-again.ts'
import { followRenewals, type Renewals } from './renewals.ts'
import { send, type Answer, type Sender, type Transport } from './send.ts'

type PlainOptions = Transport & {
  /** Called with each UNAUTHENTICATED answer before it is thrown: the place to lead people to the sign-in page. */
  onUnauthenticated?: (error: LatchkeyError) => void
}

export type ClientOptions = PlainOptions & {
  /**
   * Called when an operation is refused with REAUTHENTICATION_REQUIRED: the one place to ask people to prove who they
   * are. True once they did: the operation is sent once more. False: it is refused, as it is without this. Operations
   * that are refused at the same time wait for one call. What it throws is thrown by each of them.
   */
  onReauthenticationRequired?: (needed: Reauthentication) => boolean | Promise<boolean>
  /** End-to-end encryption, for apps that use it. */
  encryption?: EncryptionOptions
}

export type EncryptionOptions = Pick<VaultOptions, 'worker'> & {
  /**
   * Called when encrypted fields are read or written and the keys are locked, or were changed by another device: the one
   * place to ask for the passphrase. True once `service.unlock` was called: what waited goes on. False: what is read is
   * marked, what is written is refused with ENCRYPTION_LOCKED. What needs it at the same time waits for one call, so that
   * it must not itself read or write encrypted fields.
   */
  onUnlockRequired?: (needed: UnlockRequired) => boolean | Promise<boolean>
  /** Where it is kept how new the newest keys are that this device has seen; `localStorage` where there is one, else nowhere. */
  storage?: EncryptionStorage
  /** After how many minutes without use the keys are locked. 15 unless set; 0 never. */
  idleLockMinutes?: number
}

/** Why the keys are needed, and the means to unlock them. */
export type UnlockRequired = { reason: UnlockReason; service: EncryptionService }

/** What a refused operation needs, and the means to give it. */
export type Reauthentication = NeededProof & {
  /** To prove it by: as the client that asks, but it never asks itself, so that nothing waits for its own end. */
  client: ApiClient
}

export type RequestOptions = { signal?: AbortSignal }

/** What follows the document: its variables, which may be left out where none is required, and options. */
type Rest<TVariables> =
  Record<string, never> extends TVariables
    ? [variables?: TVariables, options?: RequestOptions]
    : [variables: TVariables, options?: RequestOptions]

export type User = documents.UserFieldsFragment
export type Session = documents.SessionFieldsFragment
/** A record without its `secret`. Named so because `Record` is a type of TypeScript's own. */
export type PrivateRecord = documents.RecordFieldsFragment
export type PrivateRecordWithSecret = PrivateRecord & { secret: unknown }
export type RecordPage = documents.RecordsQuery['records']
export type RecordFilter = Pick<documents.RecordsQueryVariables, 'collection' | 'titleContains' | 'updatedSince'>
export type AuditEntry = documents.AuditEntryFieldsFragment
export type AuditPage = documents.SecurityAuditQuery['securityAudit']
export type SignInResult = documents.SignInResultFieldsFragment
export type SignedIn = Extract<SignInResult, { __typename: 'SignedIn' }>
export type ConfirmationRequired = Extract<SignInResult, { __typename: 'ConfirmationRequired' }>
export type AnyNode = documents.NodeFieldsFragment
export type Passkey = documents.PasskeyFieldsFragment
export type SecurityDevices = documents.SecurityDevicesQuery['securityDevices']
export type SecurityAlert = documents.SecurityAlertFieldsFragment
export type SecurityAlertPage = documents.SecurityAlertsQuery['securityAlerts']

export type RegisterPasskeyInput = RequestOptions & {
  /** What to call it; a sensible name is found where it is left out. */
  name?: string
}
export type SignInWithPasskeyInput = RequestOptions &
  UnlockInOneTouch & {
    /** Who, where that is known: the passkey must then be of that account. */
    email?: string
    /** Keep this device signed in for 30 days instead of 24 hours; a function is asked once a passkey was chosen. */
    rememberDevice?: boolean | (() => boolean)
    /** Where to go afterwards: a path of the server's site, or a URL of an allowed origin. It comes back as `redirectTo`. */
    redirectTo?: string
    /** Offer passkeys in the list under a field with `autocomplete="username webauthn"`, and wait, for as long as it takes. */
    autofill?: boolean
  }
/** `canUnlock`: the passkey was made such that `encryption.storeBiometricKey` can let it unlock. */
export type RegisteredPasskey = { kind: 'Registered'; passkey: Passkey; canUnlock: boolean }
export type SignedInWithPasskey = {
  kind: 'SignedIn'
  user: User
  session: Session
  redirectTo: string | null
  /** Where `unlock` was asked for: what came of it. The sign-in stands whatever it is. */
  unlock?: UnlockedOrNot
}
export type ProvedByPasskey = { kind: 'Proved'; session: Session; unlock?: UnlockedOrNot }
export type UnlockedOrNot = KeysUnlocked | NoPrf | { kind: 'Failed'; error: unknown }
export type UnlockInOneTouch = {
  /** Whether the same touch opens the keys of end-to-end encryption. */
  unlock?: boolean
}

/** The operations of the API. */
export type ApiClient = ReturnType<typeof methodsOver>

export type LatchkeyClient = ApiClient & {
  encryption: EncryptionService
  /**
   * The records of a collection as plain values: `title` is the record's title, the declared fields are encrypted or
   * sealed, all others are its `data`. `latchkey.collection<Note>('notes', { encrypted: ['body'] })`.
   */
  collection<T extends object>(name: string, fields?: CollectionFields<T>): Collection<T>
}

// The most records that one page of `allRecords` asks for.
const PAGE_SIZE = 50

/**
 * Makes a client of one Latchkey server: a method for each operation, which gives all that was asked for or throws a
 * `LatchkeyError`. The session is a cookie that the browser holds; the only state here is the keys of end-to-end
 * encryption, while they are unlocked. Instants are ISO 8601 texts in UTC.
 */
export function createClient(options: ClientOptions): LatchkeyClient {
  const { onReauthenticationRequired, encryption: { onUnlockRequired, storage, worker, idleLockMinutes } = {} } =
    options
  const heard: PlainOptions = {
    ...options,
    onUnauthenticated: (error) => {
      void session.lock()
      options.onUnauthenticated?.(error)
    },
  }
  const renewals = followRenewals()
  const plain = senderOf(heard, renewals)
  const sender = onReauthenticationRequired
    ? provingAgain(plain, (needed) =>
        onReauthenticationRequired({ ...needed, client: methodsOver(plain, heard, keys) }),
      )
    : plain
  const ask = askOver(sender)
  const session: VaultSession = new VaultSession({
    ask,
    vault: openVault({ worker }),
    marks: keepHighWaterMarks(storage),
    prompt: shareUnlockPrompt(onUnlockRequired && ((reason) => onUnlockRequired({ reason, service }))),
    idleLockMinutes: idleLockMinutes ?? IDLE_LOCK_MINUTES,
  })
  const service: EncryptionService = new EncryptionService(ask, session, () => openVault({ worker }))
  const keys: Keys = { session, service, signIns: 0, renewals }
  return {
    ...methodsOver(sender, heard, keys),
    encryption: service,
    collection: <T extends object>(name: string, fields?: CollectionFields<T>) =>
      openCollection<T>(ask, session, name, fields),
  }
}

const IDLE_LOCK_MINUTES = 15

/** The keys of whoever is signed in, for the methods that sign in and out. */
type Keys = { session: VaultSession; service: EncryptionService; signIns: number; renewals: Renewals }

function senderOf(options: PlainOptions, renewals: Renewals): Sender {
  return async (query, variables, signal) => {
    const before = renewals.count
    let answer = await renewals.follow(query, send(options, query, variables, signal))
    if (isUnauthenticated(answer)) await renewals.settled()
    // The session's cookie changed while this was on its way with the old one.
    const isLate = renewals.count !== before && isUnauthenticated(answer) && isRepeatable(query, answer)
    if (isLate) answer = await send(options, query, variables, signal)
    const unauthenticated = isUnauthenticated(answer)
    if (unauthenticated) options.onUnauthenticated?.(unauthenticated)
    return answer
  }
}

const isUnauthenticated = ({ errors }: Answer<unknown>) => errors.find(({ code }) => code === 'UNAUTHENTICATED')

function methodsOver(sender: Sender, options: PlainOptions, keys: Keys) {
  const ask = askOver(sender)

  /** Sends a document of your own. If any part was refused it throws; the error's `data` holds the part that came. */
  async function request<TResult = unknown, TVariables = Record<string, unknown>>(
    document: OperationText<TResult, TVariables>,
    ...rest: Rest<TVariables>
  ): Promise<TResult> {
    const { data, errors } = await tryRequest(document, ...rest)
    if (errors[0]) throw errors[0]
    return data as TResult // `send` gives no answer that has neither data nor errors
  }

  /** Sends a document, and gives the data that came together with the refusals. It throws only when no answer came. */
  async function tryRequest<TResult = unknown, TVariables = Record<string, unknown>>(
    document: OperationText<TResult, TVariables>,
    ...[variables, { signal } = {}]: Rest<TVariables>
  ): Promise<Answer<TResult>> {
    const answer = await sender(document, variables, signal)
    return answer as Answer<TResult> // the document's type was made from the schema that the server answers by
  }

  /** Every record that fits, in the order of `records`, fetched a page at a time as they are read. */
  async function* allRecords(filter: RecordFilter = {}): AsyncGenerator<PrivateRecord, void, undefined> {
    let after: string | null = null
    do {
      const variables: documents.RecordsQueryVariables = { ...filter, first: PAGE_SIZE, after }
      const { edges, pageInfo }: RecordPage = (await request(documents.RecordsDocument, variables)).records
      for (const { node } of edges) yield node
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null
    } while (after !== null)
  }

  /** Whoever signs in finds no keys of somebody else's. */
  async function belongingTo<TResult extends SignInResult>(result: TResult): Promise<TResult> {
    if (result.__typename !== 'SignedIn') return result
    keys.signIns += 1
    await keys.session.belongTo(result.user.id)
    return result
  }

  /** Unlocks by what a passkey gave in a ceremony that has succeeded: whatever comes of it, that stands. */
  async function unlockBy(touched: { output: Uint8Array | null; credentialId: string }): Promise<UnlockedOrNot> {
    try {
      return await keys.service.unlockByOutput(ask, touched)
    } catch (error) {
      return { kind: 'Failed', error }
    }
  }

  return {
    request,
    tryRequest,
    allRecords,

    /** Sends a mail with a link and a code. The answer is the same whether or not the address has an account. */
    requestMagicLink: async (input: documents.RequestMagicLinkInput) =>
      (await request(documents.RequestMagicLinkDocument, { input })).requestMagicLink,

    /** Signs in with a link's token, or says that another browser asked for it: then show that, and ask. */
    verifyMagicLink: async (input: documents.VerifyMagicLinkInput) =>
      belongingTo((await request(documents.VerifyMagicLinkDocument, { input })).verifyMagicLink),

    /** Signs in with the six digits from the mail, in the browser that asked for it. */
    verifyMagicCode: async (input: documents.VerifyMagicCodeInput) =>
      belongingTo((await request(documents.VerifyMagicCodeDocument, { input })).verifyMagicCode),

    /** How a sign-in with this address should start. The same for every address that this browser has not signed in with. */
    signInOptions: async (email: string) => (await request(documents.SignInOptionsDocument, { email })).signInOptions,

    /** Signs in by a passkey; `NotUsed` when none was used. It throws what the server refuses it for. */
    signInWithPasskey: async (input: SignInWithPasskeyInput = {}): Promise<SignedInWithPasskey | NotUsed> => {
      const { email, rememberDevice = false, redirectTo: place, autofill, unlock = false, signal } = input
      const begin = async () =>
        (await request(documents.BeginPasskeyLoginDocument, email === undefined ? {} : { input: { email } }))
          .beginPasskeyLogin
      const used = await usePasskey(begin, { signal, autofill, prf: unlock })
      if (used.kind === 'NotUsed') return used
      const { challengeId, response, credentialId, prf } = used
      try {
        const { completePasskeyLogin: signedIn } = await request(documents.CompletePasskeyLoginDocument, {
          input: {
            challengeId,
            response,
            rememberDevice: typeof rememberDevice === 'function' ? rememberDevice() : rememberDevice,
            ...(place !== undefined && { redirectTo: place }),
          },
        })
        if (signedIn.__typename !== 'SignedIn')
          throw new Error('A passkey needs no confirmation, but one was asked for.')
        const { user, session, redirectTo } = await belongingTo(signedIn)
        const unlocked = unlock && { unlock: await unlockBy({ output: prf.output, credentialId }) }
        return { kind: 'SignedIn', user, session, redirectTo, ...unlocked }
      } finally {
        prf.output?.fill(0)
      }
    },

    /** Adds a passkey of this device to the account, which needs a STRONG proof; `NotUsed` when none was made. */
    registerPasskey: async ({ name, signal }: RegisterPasskeyInput = {}): Promise<RegisteredPasskey | NotUsed> => {
      const begin = async () => (await request(documents.BeginPasskeyRegistrationDocument)).beginPasskeyRegistration
      const made = await createPasskey(begin, { signal })
      if (made.kind === 'NotUsed') return made
      const { challengeId, response, prf } = made
      prf.output?.fill(0)
      const { completePasskeyRegistration: passkey } = await request(documents.CompletePasskeyRegistrationDocument, {
        input: { challengeId, response, ...(name !== undefined && { name }) },
      })
      return { kind: 'Registered', passkey, canUnlock: prf.enabled || prf.output !== null }
    },

    /** Raises this session to STRONG by a passkey; `NotUsed` when none was used. */
    reauthenticateWithPasskey: async ({ signal, unlock }: RequestOptions & UnlockInOneTouch = {}): Promise<
      ProvedByPasskey | NotUsed
    > => {
      const touched = await proveWithPrf(ask, { signal, prf: unlock === true })
      if (touched.kind === 'NotUsed') return touched
      const unlocked = unlock && { unlock: await unlockBy(touched) }
      return { kind: 'Proved', session: touched.session, ...unlocked }
    },

    /** Mails six digits to the signed-in user, for `reauthenticateWithCode` in this session. */
    requestReauthenticationCode: async () =>
      (await request(documents.RequestReauthenticationCodeDocument)).requestReauthenticationCode,

    /** Raises this session to FRESH by the six digits from the mail. */
    reauthenticateWithCode: async (input: documents.VerifyMagicCodeInput) =>
      (await request(documents.ReauthenticateWithCodeDocument, { input })).reauthenticateWithCode,

    /** The user's passkeys. */
    devices: async () => (await request(documents.DevicesDocument)).devices,

    /** Every way into the account: passkeys, sessions, and how many passkeys it may still add. */
    securityDevices: async () => (await request(documents.SecurityDevicesDocument)).securityDevices,

    /** Gives a passkey another name. */
    renameDevice: async (input: documents.RenameDeviceInput) =>
      (await request(documents.RenameDeviceDocument, { input })).renameDevice,

    /** Removes a passkey. Signing in by mail goes on working. */
    removeDevice: async (id: string) => (await request(documents.RemoveDeviceDocument, { id })).removeDevice,

    /** One page of the warnings about the account, newest first. */
    securityAlerts: async (variables: documents.SecurityAlertsQueryVariables = {}) =>
      (await request(documents.SecurityAlertsDocument, variables)).securityAlerts,

    /** Marks a warning as seen. */
    acknowledgeAlert: async (id: string) =>
      (await request(documents.AcknowledgeAlertDocument, { id })).acknowledgeAlert,

    /** "This was not me": by the token in the link of a warning's mail, ends the account's sessions. LINK_INVALID for an old one. */
    disownAlert: async (token: string) => (await request(documents.DisownAlertDocument, { token })).disownAlert,

    /**
     * Calls back with each warning as it happens, and connects again when the connection breaks. It resolves once
     * `signal` calls it off, and throws when the server refuses: UNAUTHENTICATED when the session has ended.
     */
    onSecurityAlert: (callback: (alert: SecurityAlert) => void, alertOptions: AlertOptions = {}): Promise<void> =>
      listenForAlerts({ ...options, ready: keys.renewals.settled }, callback, alertOptions).catch((error: unknown) => {
        if (isLatchkeyError(error, 'UNAUTHENTICATED')) options.onUnauthenticated?.(error)
        throw error
      }),

    /** Ends the session, and locks the keys of end-to-end encryption, in the other tabs of this origin too, whatever comes of the first. */
    logout: async () => {
      let ended: boolean
      try {
        await keys.session.lockEverywhere()
      } finally {
        ended = (await request(documents.LogoutDocument)).logout
      }
      return ended
    },

    /** Who is signed in, or null. Keys of somebody else's are locked: another may have signed in in another tab. */
    me: async () => {
      const before = keys.signIns
      const { me } = await request(documents.MeDocument)
      if (before !== keys.signIns) return me // it tells of nobody who is there now
      if (me) await keys.session.belongTo(me.id)
      else await keys.session.lock()
      return me
    },

    /** The session that asks, or null. */
    session: async () => (await request(documents.SessionDocument)).session,

    /** Every live session of the signed-in user. */
    sessions: async () => (await request(documents.SessionsDocument)).sessions,

    /** Ends one of the user's sessions. */
    revokeSession: async (id: string) => (await request(documents.RevokeSessionDocument, { id })).revokeSession,

    /** Ends every session but this one, and gives those that it ended. */
    revokeOtherSessions: async () => (await request(documents.RevokeOtherSessionsDocument)).revokeOtherSessions,

    /** One page of records. The next: `{ after: page.pageInfo.endCursor }` while `page.pageInfo.hasNextPage`. */
    records: async (variables: documents.RecordsQueryVariables = {}) =>
      (await request(documents.RecordsDocument, variables)).records,

    /** One record without its secret, or null when there is none of this id. */
    record: async (id: string) => (await request(documents.RecordDocument, { id })).record,

    /** One record with its secret. Refused with REAUTHENTICATION_REQUIRED unless the session is FRESH. */
    recordWithSecret: async (id: string) => (await request(documents.RecordWithSecretDocument, { id })).record,

    /** Keeps a new record, at revision 1. */
    createRecord: async (input: documents.CreateRecordInput) =>
      (await request(documents.CreateRecordDocument, { input })).createRecord,

    /** Changes the fields that are named, at the revision that was read. Refused with CONFLICT if it has moved on. */
    updateRecord: async (input: documents.UpdateRecordInput) =>
      (await request(documents.UpdateRecordDocument, { input })).updateRecord,

    /** Deletes a record; with `revision`, only if it is still at that one. */
    deleteRecord: async (input: documents.DeleteRecordInput) =>
      (await request(documents.DeleteRecordDocument, { input })).deleteRecord,

    /** Anything of the user's own by its id; `__typename` says what it is. */
    node: async (id: string) => (await request(documents.NodeDocument, { id })).node,

    /** As `node`, for several ids: null at the place of each that is not there. */
    nodes: async (ids: string[]) => (await request(documents.NodesDocument, { ids })).nodes,

    /** One page of the user's own security log, newest first. */
    securityAudit: async (variables: documents.SecurityAuditQueryVariables = {}) =>
      (await request(documents.SecurityAuditDocument, variables)).securityAudit,
  }
}
