// #region urql
import { cacheExchange, Client, fetchExchange, gql, type CombinedError } from '@urql/core'
import { readErrors } from 'latchkey/client'

const urql = new Client({
  url: 'https://id.example.com/graphql',
  exchanges: [cacheExchange, fetchExchange],
  fetchOptions: { credentials: 'include' }, // the session is a cookie
  preferGetMethod: false, // and is heard in a POST alone
})

const RequestMail = gql<{ requestMagicLink: { message: string } }, { email: string }>`
  mutation ($email: String!) {
    requestMagicLink(input: { email: $email }) {
      message
    }
  }
`
const VerifyCode = gql<{ verifyMagicCode: { __typename: string } }, { code: string }>`
  mutation ($code: String!) {
    verifyMagicCode(input: { code: $code }) {
      __typename
    }
  }
`
const AddNote = gql<{ createRecord: { id: string } }, { title: string }>`
  mutation ($title: String!) {
    createRecord(input: { collection: "notes", title: $title }) {
      id
    }
  }
`
const Notes = gql<{ records: { edges: { node: { id: string; title: string | null } }[] } }, { after?: string }>`
  query ($after: String) {
    records(collection: "notes", first: 20, after: $after) {
      edges {
        node {
          id
          title
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`

export async function askForMail(email: string): Promise<string | undefined> {
  const { data, error } = await urql.mutation(RequestMail, { email })
  if (error) throw toLatchkeyError(error)
  return data?.requestMagicLink.message
}

export async function signInWithCode(code: string): Promise<void> {
  const { error } = await urql.mutation(VerifyCode, { code })
  if (error) throw toLatchkeyError(error)
}

export async function addNote(title: string): Promise<void> {
  const { error } = await urql.mutation(AddNote, { title })
  if (error) throw toLatchkeyError(error)
}

export async function noteTitles(): Promise<(string | null)[]> {
  const { data, error } = await urql.query(Notes, {}, { requestPolicy: 'network-only' })
  if (error) throw toLatchkeyError(error)
  return data?.records.edges.map(({ node }) => node.title) ?? []
}

/** The same errors as the SDK's, typed by code; the network's own as it is. */
function toLatchkeyError(error: CombinedError): Error {
  return readErrors(error.graphQLErrors)[0] ?? error
}
// #endregion
