import type { AuditEntry } from '../../../src/generated/sqlite/client.ts'
import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'

/** A row of the security log, its details read. */
export type Line = Omit<AuditEntry, 'details'> & { details: Record<string, unknown> | null }

/** The security log as the database has it, the oldest line first; with `since`, what came after so many lines. */
export async function logOf(app: TestApp, since = 0): Promise<Line[]> {
  const rows = await app.services.database.systemDb.auditEntry.findMany({ orderBy: { id: 'asc' } })
  return rows.slice(since).map((row) => ({ ...row, details: parse(row.details) }))
}

function parse(details: string | null): Line['details'] {
  return details === null ? null : (JSON.parse(details) as Line['details']) // as the server writes them
}

/** The lines that a piece of work leaves, read the moment its answer is there. */
export async function linesOf(app: TestApp, work: () => Promise<unknown>): Promise<Line[]> {
  const before = new Set((await logOf(app)).map(({ id }) => id))
  await work()
  return (await logOf(app)).filter(({ id }) => !before.has(id))
}

/** An entry as `securityAudit` answers it. */
export type Entry = {
  id: string
  action: string
  tableName: string | null
  recordId: string | null
  success: boolean
  ipAddress: string | null
  userAgent: string | null
  deviceName: string | null
  details: Record<string, unknown> | null
  timestamp: string
}

export type AuditPage = {
  edges: { cursor: string; node: Entry }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

export const AUDIT = /* GraphQL */ `
  query (
    $action: String
    $actions: [String!]
    $except: [String!]
    $success: Boolean
    $first: Int
    $after: String
    $last: Int
    $before: String
  ) {
    securityAudit(
      action: $action
      actions: $actions
      except: $except
      success: $success
      first: $first
      after: $after
      last: $last
      before: $before
    ) {
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
          action
          tableName
          recordId
          success
          ipAddress
          userAgent
          deviceName
          details
          timestamp
        }
      }
    }
  }
`

/** A page of the person's own log, which must not be refused. */
export async function auditPage(browser: Visitor, args: Record<string, unknown> = {}): Promise<AuditPage> {
  const { data, errors } = await browser.graphql<{ securityAudit: AuditPage }>(AUDIT, args)
  if (!data) throw new Error(`securityAudit was refused: ${JSON.stringify(errors)}`)
  return data.securityAudit
}

export const actionsIn = ({ edges }: AuditPage): string[] => edges.map(({ node }) => node.action)
