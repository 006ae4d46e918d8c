import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import type { TestApp } from './app.ts'
import type { Authenticator, Credential, Deviations } from './authenticator.ts'
import { makeAuthenticator } from './authenticator.ts'
import type { Answer, Visitor } from './browser-like.ts'
import { signIn } from './people.ts'
import type { Person } from './people.ts'

const CHALLENGE = 'challengeId options expiresAt'
const PASSKEY = 'id name deviceType backedUp transports createdAt lastUsedAt'

export const BEGIN_REGISTRATION = `mutation { begun: beginPasskeyRegistration { ${CHALLENGE} } }`
export const COMPLETE_REGISTRATION = /* GraphQL */ `
  mutation ($challengeId: ID!, $response: JSON!, $name: String) {
    completePasskeyRegistration(input: { challengeId: $challengeId, response: $response, name: $name }) { ${PASSKEY} }
  }
`
export const BEGIN_LOGIN = `mutation ($email: String) { begun: beginPasskeyLogin(input: { email: $email }) { ${CHALLENGE} } }`
export const COMPLETE_LOGIN = /* GraphQL */ `
  mutation ($challengeId: ID!, $response: JSON!, $rememberDevice: Boolean) {
    completePasskeyLogin(input: { challengeId: $challengeId, response: $response, rememberDevice: $rememberDevice }) {
      __typename
      ... on SignedIn {
        redirectTo
        user {
          id
          email
        }
        session {
          id
          current
          level
          authMethod
          remembered
          expiresAt
        }
      }
    }
  }
`
export const BEGIN_REAUTHENTICATION = `mutation { begun: beginPasskeyReauthentication { ${CHALLENGE} } }`
export const COMPLETE_REAUTHENTICATION = /* GraphQL */ `
  mutation ($challengeId: ID!, $response: JSON!) {
    completePasskeyReauthentication(input: { challengeId: $challengeId, response: $response }) {
      id
      current
      level
      authMethod
      expiresAt
    }
  }
`
export const DEVICES = `{ devices { ${PASSKEY} } }`
export const RENAME = `mutation ($id: ID!, $name: String!) { renameDevice(input: { id: $id, name: $name }) { ${PASSKEY} } }`
export const REMOVE = `mutation ($id: ID!) { removeDevice(id: $id) { ${PASSKEY} } }`
export const LEVEL = '{ session { id level } }'

export type Begun<Options> = { challengeId: string; options: Options; expiresAt: string }
export type Creation = Begun<PublicKeyCredentialCreationOptionsJSON>
export type Request = Begun<PublicKeyCredentialRequestOptionsJSON>

/** A passkey as the queries above ask for it. */
export type PasskeyShown = {
  id: string
  name: string
  deviceType: string
  backedUp: boolean
  transports: string[]
  createdAt: string
  lastUsedAt: string | null
}

export type LoggedIn = {
  completePasskeyLogin: {
    __typename: 'SignedIn'
    redirectTo: string | null
    user: { id: string; email: string }
    session: {
      id: string
      current: boolean
      level: string
      authMethod: string
      remembered: boolean
      expiresAt: string
    }
  }
}

export type Registered = { completePasskeyRegistration: PasskeyShown }
export type Reauthenticated = {
  completePasskeyReauthentication: {
    id: string
    current: boolean
    level: string
    authMethod: string
    expiresAt: string
  }
}

type Choice = Deviations & { credential?: Credential }

/** Begins a ceremony; throws where the server refuses to. */
export async function begin<Ceremony>(
  browser: Visitor,
  document: string,
  variables: Record<string, unknown> = {},
): Promise<Ceremony> {
  const { data, errors } = await browser.graphql<{ begun: Ceremony }>(document, variables)
  if (!data) throw new Error(`The ceremony did not begin: ${JSON.stringify(errors)}`)
  return data.begun
}

/** Adds a passkey to the account that a browser is signed in to, whatever comes of it. */
export async function register(
  browser: Visitor,
  authenticator: Authenticator,
  { name, ...deviations }: Deviations & { name?: string } = {},
): Promise<Answer<Registered>> {
  const { challengeId, options } = await begin<Creation>(browser, BEGIN_REGISTRATION)
  const response = authenticator.create(options, deviations)
  return browser.graphql<Registered>(COMPLETE_REGISTRATION, { challengeId, response, name })
}

/** Signs in with a passkey of the authenticator, whatever comes of it. */
export async function passkeyLogin(
  browser: Visitor,
  authenticator: Authenticator,
  { email, rememberDevice, ...choice }: Choice & { email?: string; rememberDevice?: boolean } = {},
): Promise<Answer<LoggedIn>> {
  const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN, { email })
  const response = authenticator.get(options, choice)
  return browser.graphql<LoggedIn>(COMPLETE_LOGIN, { challengeId, response, rememberDevice })
}

/** Proves a session again with a passkey of the authenticator, whatever comes of it. */
export async function reauthenticate(
  browser: Visitor,
  authenticator: Authenticator,
  choice: Choice = {},
): Promise<Answer<Reauthenticated>> {
  const { challengeId, options } = await begin<Request>(browser, BEGIN_REAUTHENTICATION)
  const response = authenticator.get(options, choice)
  return browser.graphql<Reauthenticated>(COMPLETE_REAUTHENTICATION, { challengeId, response })
}

/** A signed-in person with a passkey, and the authenticator that holds it. */
export type PasskeyOwner = Person & { authenticator: Authenticator; passkey: PasskeyShown }

/** Signs a person in by mail and gives them a passkey. */
export async function withPasskey(
  app: TestApp,
  model: Parameters<typeof makeAuthenticator>[1] = {},
): Promise<PasskeyOwner> {
  const person = await signIn(app)
  const authenticator = makeAuthenticator(siteOf(app), model)
  const { data, errors } = await register(person.browser, authenticator)
  if (!data) throw new Error(`The passkey was not added: ${JSON.stringify(errors)}`)
  return { ...person, authenticator, passkey: data.completePasskeyRegistration }
}

/** The origin of the server's pages. */
export function siteOf(app: TestApp): string {
  return new URL(app.env['PUBLIC_URL'] ?? app.url).origin
}

/** The row's bare id behind `session_<uuid>`, `user_<uuid>`, `passkey_<uuid>`. */
export function rowId(id: string): string {
  return id.slice(id.indexOf('_') + 1)
}

/** How often the security log tells of an action, with what details. */
export async function loggedDetails(app: TestApp, action: string): Promise<unknown[]> {
  const rows = await app.services.database.systemDb.auditEntry.findMany({
    where: { action },
    orderBy: { timestamp: 'asc' },
  })
  return rows.map(({ details }) => (details === null ? null : (JSON.parse(details) as unknown)))
}
