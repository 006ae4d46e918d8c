import { createClient } from 'graphql-sse'
import type { Client } from 'graphql-sse'
import { raiseAlert, announceAlerts } from '../../../src/features/alerts/raise-alert.ts'
import type { AlertKind } from '../../../src/features/alerts/kinds.ts'
import { decodeNodeId } from '../../../src/schema/node-id.ts'
import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import type { Mail } from '../../../src/platform/mail/mailer.ts'
import type { Person } from '../../support/people.ts'

export const SUBSCRIBE = 'subscription { securityAlert { id kind message createdAt } }'
export const ALERTS = /* GraphQL */ `
  query ($first: Int, $after: String, $last: Int, $before: String) {
    securityAlerts(first: $first, after: $after, last: $last, before: $before) {
      edges {
        cursor
        node {
          id
          kind
          message
          ipAddress
          deviceName
          createdAt
          acknowledgedAt
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`
export type AlertNode = { id: string; kind: string; message: string; createdAt: string; acknowledgedAt: string | null }
export type AlertPage = {
  securityAlerts: {
    edges: { cursor: string; node: AlertNode }[]
    pageInfo: { hasNextPage: boolean; endCursor: string | null; startCursor: string | null }
  }
}
export const ACKNOWLEDGE = 'mutation ($id: ID!) { acknowledgeAlert(id: $id) { id acknowledgedAt } }'
export const DISOWN = 'mutation ($token: String!) { disownAlert(token: $token) }'

export const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
export const ORIGIN = { ipAddress: '203.0.113.7', userAgent: CHROME, deviceName: 'Chrome on macOS' }

/** The row id behind a person's node id. */
export const rowId = (nodeId: string): string => decodeNodeId(nodeId).id

let made = 0

/** Warns a person of something, as the server does, and gives the alert's row id. */
export async function raise(
  { services }: Pick<TestApp, 'services'>,
  { userId, email }: Pick<Person, 'userId' | 'email'>,
  { kind = 'login.new-device', onceKey = `test:${(made += 1)}`, origin = ORIGIN }: Partial<Raised> = {},
): Promise<string> {
  const user = { id: rowId(userId), email }
  const raised = await services.database.systemDb.$transaction((tx) =>
    raiseAlert(services, tx, { kind, user, onceKey, origin }),
  )
  announceAlerts(services, [raised])
  return raised?.id ?? ''
}
type Raised = {
  kind: AlertKind
  onceKey: string
  origin: typeof ORIGIN | (Omit<typeof ORIGIN, 'ipAddress'> & { ipAddress: string })
}

/** The token in an alert's mail. */
export function notMeTokenIn({ text }: Pick<Mail, 'text'>): string {
  const [, token] = /\/auth\/not-me#([A-Za-z0-9_-]{43})\b/.exec(text) ?? []
  if (!token) throw new Error('The mail holds no link to say that it was somebody else.')
  return token
}

export type StreamPart = { data?: { securityAlert: AlertNode } | null; errors?: { extensions: { code: string } }[] }
export type Reader = {
  next(): Promise<IteratorResult<StreamPart>>
  /** Goes away, as a closed tab does. */
  leave(): void
}

/** Reads a visitor's stream by the graphql-sse library. Resolves once the server has answered that it has begun. */
export async function readStream(
  browser: Pick<Visitor, 'cookies' | 'userAgent'>,
  url: URL,
  origin = url.origin,
): Promise<Reader & { client: Client; headers: Headers }> {
  let begun = (_: Response) => {}
  const answered = new Promise<Response>((resolve) => (begun = resolve))
  const client = createClient({
    url: new URL('/graphql', url).href,
    retryAttempts: 0,
    headers: {
      cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; '),
      origin,
      'user-agent': browser.userAgent,
    },
    fetchFn: async (input: RequestInfo, init?: RequestInit) => {
      const response = await fetch(input, init)
      begun(response)
      return response
    },
  })
  const parts = client.iterate<StreamPart['data'] & object>({ query: SUBSCRIBE })
  const first = parts.next()
  first.catch(() => {})
  const { headers } = await answered
  let asked = false
  return {
    client,
    headers,
    // The library begins to read at the first call, which was made above.
    next: () => {
      if (asked) return parts.next() as Promise<IteratorResult<StreamPart>>
      asked = true
      return first as Promise<IteratorResult<StreamPart>>
    },
    leave: () => void parts.return?.(undefined),
  }
}

/** The code by which a stream was refused, or ended; null for an alert. */
export const codeOf = (part: IteratorResult<StreamPart>): string | null =>
  part.done ? 'done' : (part.value.errors?.[0]?.extensions.code ?? null)
