import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'

const CREATE = /* GraphQL */ `
  mutation ($input: CreateRecordInput!) {
    createRecord(input: $input) { id collection title data secret encryptedData keyId revision createdAt updatedAt }
  }
`
const UPDATE = /* GraphQL */ `
  mutation ($input: UpdateRecordInput!) { updateRecord(input: $input) { id title data revision secret } }
`
const LIST = /* GraphQL */ `
  query ($first: Int, $after: String, $last: Int, $before: String, $collection: String, $titleContains: String, $updatedSince: DateTime) {
    records(first: $first, after: $after, last: $last, before: $before, collection: $collection, titleContains: $titleContains, updatedSince: $updatedSince) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id title } }
    }
  }
`
type Created = { createRecord: { id: string; revision: number; title: string | null; data: unknown; secret: unknown } }
type Page = { records: { totalCount: number; pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string }; edges: { cursor: string; node: { id: string; title: string } }[] } }

describe('records', () => {
  test('a person keeps a record, and finds it as it was', async ({ app }) => {
    const { browser } = await signIn(app)
    const input = { collection: 'notes', title: 'Ärger mit 100%', data: { a: [1, 'zwei', null] }, secret: { pin: 1234 } }
    const created = await browser.graphql<Created>(CREATE, { input })
    expect(created.errors).toEqual([])
    expect(created.data?.createRecord).toMatchObject({ ...input, revision: 1, encryptedData: null, keyId: null })
    const page = await browser.graphql<Page>(LIST, { titleContains: 'ÄRGER' })
    expect(page.errors).toEqual([])
    expect(page.data?.records).toMatchObject({ totalCount: 1, edges: [{ node: { title: 'Ärger mit 100%' } }] })
    const none = await browser.graphql<Page>(LIST, { titleContains: '1_0%' })
    expect(none.data?.records.totalCount).toBe(0)
  })

  test('a write names the revision that it changes, and a stale one is told the one in force', async ({ app }) => {
    const { browser } = await signIn(app)
    const { data } = await browser.graphql<Created>(CREATE, { input: { collection: 'notes', title: 'one' } })
    const id = data?.createRecord.id
    const first = await browser.graphql(UPDATE, { input: { id, revision: 1, title: 'two' } })
    expect(first.data).toMatchObject({ updateRecord: { title: 'two', revision: 2 } })
    const stale = await browser.graphql(UPDATE, { input: { id, revision: 1, title: 'three' } })
    expect(stale.code).toBe('CONFLICT')
    expect(stale.errors[0]?.extensions).toMatchObject({ currentRevision: 2 })
  })
})
