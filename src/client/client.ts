import type { OperationText } from './document.ts'
import type { LatchkeyError } from './errors.ts'
import * as documents from './generated/graphql.ts'
import { send, type Answer, type Transport } from './send.ts'

export type ClientOptions = Transport & {
  /** Called with each UNAUTHENTICATED answer before it is thrown: the place to lead people to the sign-in page. */
  onUnauthenticated?: (error: LatchkeyError) => void
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

export type LatchkeyClient = ReturnType<typeof createClient>

// The most records that one page of `allRecords` asks for.
const PAGE_SIZE = 50

/**
 * Makes a client of one Latchkey server: a method for each operation, which gives all that was asked for or throws a
 * `LatchkeyError`. It keeps no state; the session is a cookie that the browser holds. Instants are ISO 8601 texts in UTC.
 */
export function createClient(options: ClientOptions) {
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
    const answer = await send(options, document, variables, signal)
    const unauthenticated = answer.errors.find(({ code }) => code === 'UNAUTHENTICATED')
    if (unauthenticated) options.onUnauthenticated?.(unauthenticated)
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

  return {
    request,
    tryRequest,
    allRecords,

    /** Sends a mail with a link and a code. The answer is the same whether or not the address has an account. */
    requestMagicLink: async (input: documents.RequestMagicLinkInput) =>
      (await request(documents.RequestMagicLinkDocument, { input })).requestMagicLink,

    /** Signs in with a link's token, or says that another browser asked for it: then show that, and ask. */
    verifyMagicLink: async (input: documents.VerifyMagicLinkInput) =>
      (await request(documents.VerifyMagicLinkDocument, { input })).verifyMagicLink,

    /** Signs in with the six digits from the mail, in the browser that asked for it. */
    verifyMagicCode: async (input: documents.VerifyMagicCodeInput) =>
      (await request(documents.VerifyMagicCodeDocument, { input })).verifyMagicCode,

    /** Ends the session. */
    logout: async () => (await request(documents.LogoutDocument)).logout,

    /** Who is signed in, or null. */
    me: async () => (await request(documents.MeDocument)).me,

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
