import type { TestApp } from './app.ts'
import type { Visitor } from './browser-like.ts'
import { codeIn, isSignInMail, tokenIn } from './mailbox.ts'

export const REQUEST = /* GraphQL */ `
  mutation ($email: String!, $rememberDevice: Boolean, $redirectTo: String) {
    requestMagicLink(input: { email: $email, rememberDevice: $rememberDevice, redirectTo: $redirectTo }) {
      message
      expiresAt
    }
  }
`

export const VERIFY = /* GraphQL */ `
  mutation ($token: String!, $confirm: Boolean) {
    verifyMagicLink(input: { token: $token, confirm: $confirm }) {
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
          remembered
          deviceName
          expiresAt
        }
      }
      ... on ConfirmationRequired {
        email
        requestedAt
        deviceName
        ipAddress
      }
    }
  }
`

export const VERIFY_CODE = /* GraphQL */ `
  mutation ($code: String!) {
    verifyMagicCode(input: { code: $code }) {
      __typename
      ... on SignedIn {
        user {
          id
          email
        }
        session {
          id
          current
        }
      }
    }
  }
`

/** The answer's shape for VERIFY. */
export type Verified = {
  verifyMagicLink:
    | {
        __typename: 'SignedIn'
        redirectTo: string | null
        user: { id: string; email: string }
        session: {
          id: string
          current: boolean
          level: string
          remembered: boolean
          deviceName: string
          expiresAt: string
        }
      }
    | {
        __typename: 'ConfirmationRequired'
        email: string
        requestedAt: string
        deviceName: string
        ipAddress: string | null
      }
}

/** A signed-in person and their browser. */
export type Person = { email: string; userId: string; sessionId: string; browser: Visitor }

let made = 0

/** An address that no other test uses. */
export function newAddress(name = 'person'): string {
  made += 1
  return `${name}-${process.pid}-${made}@example.com`
}

/** Asks for a link from a browser, and gives what the mail holds. */
export async function askForLink(
  app: TestApp,
  browser: Visitor,
  email: string,
  options: { rememberDevice?: boolean; redirectTo?: string } = {},
) {
  const before = app.mailbox.mails.filter((mail) => mail.to === email && isSignInMail(mail)).length
  const answer = await browser.graphql(REQUEST, { email, ...options })
  if (answer.errors.length > 0) throw new Error(`requestMagicLink was refused: ${JSON.stringify(answer.errors)}`)
  const mail = await app.mailbox.latest(email, before + 1, isSignInMail)
  return { mail, token: tokenIn(mail), code: codeIn(mail), answer }
}

/** Signs a person in by mail, in a browser of their own unless one is given. */
export async function signIn(
  app: TestApp,
  email = newAddress(),
  options: { browser?: Visitor; rememberDevice?: boolean } = {},
): Promise<Person> {
  const browser = options.browser ?? app.browser()
  const { token } = await askForLink(app, browser, email, options.rememberDevice ? { rememberDevice: true } : {})
  const { data, errors } = await browser.graphql<Verified>(VERIFY, { token })
  const result = data?.verifyMagicLink
  if (result?.__typename !== 'SignedIn') throw new Error(`Signing in failed: ${JSON.stringify({ data, errors })}`)
  return { email, userId: result.user.id, sessionId: result.session.id, browser }
}
