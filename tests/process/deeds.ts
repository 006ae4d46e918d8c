import { v7 as uuidv7 } from 'uuid'
import type { Answer } from '../support/browser-like.ts'
import { REQUEST, VERIFY } from '../support/people.ts'
import type { Verified } from '../support/people.ts'
import { cookieOf, noteEnd, noteSignIn, noteWrite } from './memory.ts'
import type { Desk, Person } from './memory.ts'

// Each deed notes what it asks before it asks, and what was done when it is answered. A server that dies in between
// makes the call throw, and leaves the note.

const CREATE = /* GraphQL */ `
  mutation ($id: ID!, $title: String!, $data: JSON!, $secret: JSON!) {
    createRecord(input: { id: $id, collection: "notes", title: $title, data: $data, secret: $secret }) {
      revision
    }
  }
`
const UPDATE = /* GraphQL */ `
  mutation ($id: ID!, $revision: Int!, $title: String!, $data: JSON!, $secret: JSON!) {
    updateRecord(input: { id: $id, revision: $revision, title: $title, data: $data, secret: $secret }) {
      revision
    }
  }
`
const DELETE = /* GraphQL */ `
  mutation ($id: ID!, $revision: Int!) {
    deleteRecord(input: { id: $id, revision: $revision }) {
      deletedId
    }
  }
`
const REVOKE = 'mutation ($id: ID!) { revokeSession(id: $id) { id } }'

/** What a record holds at a revision: each field tells it, so that none can come from another. */
export function contentAt(revision: number) {
  return { title: `at ${revision}`, data: { at: revision }, secret: `at ${revision}` }
}

export async function askForLink(person: Person, desk: Desk): Promise<void> {
  person.asked += 1
  person.unanswered = { deed: 'ask' }
  granted(await desk.browser.graphql(REQUEST, { email: person.email }))
  person.unanswered = null
  person.askedAndAnswered += 1
}

export async function redeem(person: Person, desk: Desk, token: string): Promise<void> {
  person.unanswered = { deed: 'redeem', desk, token, cookieBefore: desk.session?.cookie ?? null }
  const answer = granted(await desk.browser.graphql<Verified>(VERIFY, { token, confirm: true }))
  noteSignIn(person, desk, token, sessionIn(answer, desk))
}

/** Creates where `before` is null, deletes where `after` is, and updates from one to the other else. */
export async function write(
  person: Person,
  desk: Desk,
  id: string,
  before: number | null,
  after: number | null,
): Promise<void> {
  person.unanswered = { deed: 'write', id, before, after }
  if (after === null) granted(await desk.browser.graphql(DELETE, { id: `record_${id}`, revision: before }))
  else if (before === null) granted(await desk.browser.graphql(CREATE, { id, ...contentAt(after) }))
  else granted(await desk.browser.graphql(UPDATE, { id: `record_${id}`, revision: before, ...contentAt(after) }))
  noteWrite(person, id, before, after)
}

export const createRecord = (person: Person, desk: Desk) => write(person, desk, uuidv7(), null, 1)

export async function logOut(person: Person, desk: Desk): Promise<void> {
  person.unanswered = { deed: 'end session', desk }
  granted(await desk.browser.graphql('mutation { logout }'))
  noteEnd(person, desk)
}

export async function revoke(person: Person, desk: Desk, other: Desk): Promise<void> {
  person.unanswered = { deed: 'end session', desk: other }
  granted(await desk.browser.graphql(REVOKE, { id: other.session?.id }))
  noteEnd(person, other)
}

/** A link that was used stays used, also when the server has died since. */
export async function redeemAgain(desk: Desk, token: string): Promise<void> {
  const { code } = await desk.browser.graphql(VERIFY, { token, confirm: true })
  if (code !== 'LINK_INVALID') throw new Error(`A used link was answered with ${code ?? 'a session'}.`)
}

export function sessionIn(answer: Answer<Verified>, desk: Desk): Desk['session'] {
  const result = answer.data?.verifyMagicLink
  const cookie = cookieOf(desk)
  if (result?.__typename !== 'SignedIn' || !cookie) throw new Error(`No sign-in: ${JSON.stringify(answer.data)}`)
  return { id: result.session.id, cookie }
}

/** Of a server that is up, every refusal is a fault. */
export function granted<Data>(answer: Answer<Data>): Answer<Data> {
  if (answer.status !== 200 || answer.errors.length > 0)
    throw new Error(`Refused with ${answer.status}: ${JSON.stringify(answer.errors)}`)
  return answer
}
