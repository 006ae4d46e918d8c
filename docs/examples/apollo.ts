// #region apollo
import {
  ApolloClient,
  CombinedGraphQLErrors,
  gql,
  HttpLink,
  InMemoryCache,
  type TypedDocumentNode,
} from '@apollo/client'
import { readErrors } from 'latchkey/client'

const apollo = new ApolloClient({
  link: new HttpLink({
    uri: 'https://id.example.com/graphql',
    credentials: 'include', // the session is a cookie
  }),
  cache: new InMemoryCache(),
})

const REQUEST_MAIL: TypedDocumentNode<{ requestMagicLink: { message: string } }, { email: string }> = gql`
  mutation ($email: String!) {
    requestMagicLink(input: { email: $email }) {
      message
    }
  }
`
const VERIFY_CODE: TypedDocumentNode<{ verifyMagicCode: { __typename: string } }, { code: string }> = gql`
  mutation ($code: String!) {
    verifyMagicCode(input: { code: $code }) {
      __typename
    }
  }
`
const ADD_NOTE: TypedDocumentNode<{ createRecord: { id: string } }, { title: string }> = gql`
  mutation ($title: String!) {
    createRecord(input: { collection: "notes", title: $title }) {
      id
    }
  }
`
const NOTES: TypedDocumentNode<
  { records: { edges: { node: { id: string; title: string | null } }[] } },
  { after?: string }
> = gql`
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
  const { data } = await apollo.mutate({ mutation: REQUEST_MAIL, variables: { email } }).catch(rethrow)
  return data?.requestMagicLink.message
}

export async function signInWithCode(code: string): Promise<void> {
  await apollo.clearStore() // nothing of whoever was signed in before stays in memory
  await apollo.mutate({ mutation: VERIFY_CODE, variables: { code } }).catch(rethrow)
}

export async function addNote(title: string): Promise<void> {
  await apollo.mutate({ mutation: ADD_NOTE, variables: { title } }).catch(rethrow)
}

export async function noteTitles(): Promise<(string | null)[]> {
  const { data } = await apollo.query({ query: NOTES, fetchPolicy: 'network-only' }).catch(rethrow)
  return data?.records.edges.map(({ node }) => node.title) ?? []
}

/** The same errors as the SDK's, typed by code; the network's own as it is. */
function rethrow(error: unknown): never {
  throw CombinedGraphQLErrors.is(error) ? readErrors(error.errors)[0] : error
}
// #endregion
