import { v7 as uuidv7 } from 'uuid'
import type { TestApp } from '../../support/app.ts'
import type { Answer, Visitor } from '../../support/browser-like.ts'
import { signIn } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'

const FIELDS = 'id collection title data secret encryptedData keyId revision createdAt updatedAt'

export const CREATE = /* GraphQL */ `mutation ($input: CreateRecordInput!) { createRecord(input: $input) { ${FIELDS} } }`
export const UPDATE = /* GraphQL */ `mutation ($input: UpdateRecordInput!) { updateRecord(input: $input) { ${FIELDS} } }`
export const DELETE = /* GraphQL */ `
  mutation ($input: DeleteRecordInput!) {
    deleteRecord(input: $input) {
      deletedId
    }
  }
`
export const READ = /* GraphQL */ `query ($id: ID!) { record(id: $id) { ${FIELDS} } }`
export const LIST = /* GraphQL */ `
  query (
    $first: Int
    $after: String
    $last: Int
    $before: String
    $collection: String
    $titleContains: String
    $updatedSince: DateTime
  ) {
    records(
      first: $first
      after: $after
      last: $last
      before: $before
      collection: $collection
      titleContains: $titleContains
      updatedSince: $updatedSince
    ) {
      totalCount
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      edges {
        cursor
        node {
          id
          title
        }
      }
    }
  }
`

/** A record as an answer holds it. */
export type RecordNode = {
  id: string
  collection: string
  title: string | null
  data: unknown
  secret: unknown
  encryptedData: string | null
  keyId: string | null
  revision: number
  createdAt: string
  updatedAt: string
}

export type RecordsPage = {
  totalCount: number
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  edges: { cursor: string; node: { id: string; title: string | null } }[]
}

type Input = Record<string, unknown>

export const create = (browser: Visitor, input: Input = {}): Promise<Answer<{ createRecord: RecordNode }>> =>
  browser.graphql(CREATE, { input: { collection: 'notes', ...input } })
export const update = (browser: Visitor, input: Input): Promise<Answer<{ updateRecord: RecordNode }>> =>
  browser.graphql(UPDATE, { input })
export const remove = (browser: Visitor, input: Input): Promise<Answer<{ deleteRecord: { deletedId: string } }>> =>
  browser.graphql(DELETE, { input })
export const read = (browser: Visitor, id: string): Promise<Answer<{ record: RecordNode | null }>> =>
  browser.graphql(READ, { id })
export const list = (browser: Visitor, args: Input = {}): Promise<Answer<{ records: RecordsPage }>> =>
  browser.graphql(LIST, args)

/** Makes a record that must not be refused. */
export async function made(browser: Visitor, input: Input = {}): Promise<RecordNode> {
  const { data, errors } = await create(browser, input)
  if (!data) throw new Error(`createRecord was refused: ${JSON.stringify(errors)}`)
  return data.createRecord
}

/** The page of a list that must not be refused. */
export async function page(browser: Visitor, args: Input = {}): Promise<RecordsPage> {
  const { data, errors } = await list(browser, args)
  if (!data) throw new Error(`records was refused: ${JSON.stringify(errors)}`)
  return data.records
}

/** A signed-in person with a record for each title, in the order given. */
export async function personWith(app: TestApp, titles: readonly string[]): Promise<Person & { records: RecordNode[] }> {
  const person = await signIn(app)
  const records: RecordNode[] = []
  for (const title of titles) records.push(await made(person.browser, { title }))
  return { ...person, records }
}

/** The row id in a node id. */
export const rowId = (nodeId: string): string => nodeId.slice(nodeId.indexOf('_') + 1)

export const newId = (): string => `record_${uuidv7()}`

/** A compact JWE as a client makes it; the server reads its header alone. */
export function jwe({ header = HEADER, bytes = 16 }: { header?: object; bytes?: number } = {}): string {
  const encoded = (text: string | Buffer) => Buffer.from(text).toString('base64url')
  const ciphertext = encoded(Buffer.alloc(bytes, 7))
  return [encoded(JSON.stringify(header)), '', encoded('initialising'), ciphertext, encoded('sixteen bytes tag')].join(
    '.',
  )
}

const HEADER = { alg: 'dir', enc: 'A256GCM', kid: 'key-1' }
