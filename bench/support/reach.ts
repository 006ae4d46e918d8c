import type { Database } from '../../src/platform/db/client.ts'
import { makeScope } from '../../src/platform/db/isolation.ts'
import { ownModels } from '../../src/platform/db/own-models.ts'
import type { AccessLog, ScopedDb } from '../../src/platform/db/types.ts'

/**
 * How a user's rows are reached. `whole` is what the server does. `extension` is the scoped client over the server's
 * own pool, without row security. `bare` is what an app would write that forgets nothing: the plain client with the
 * owner in each condition, and a line for the log. It knows one operation, which is all that the bench asks for.
 */
export const REACHES = ['whole', 'extension', 'bare'] as const
export type Reach = (typeof REACHES)[number]

export type ScopeToUser = (userId: string, accessLog: AccessLog) => ScopedDb

/** The function that makes a user's client, by how it is to reach the rows. */
export function reachBy(reach: Reach, { scopeToUser, systemDb }: Database): ScopeToUser {
  if (reach === 'whole') return scopeToUser
  if (reach === 'extension') return makeScope(systemDb, ownModels())
  return (userId, accessLog) => {
    const findMany = async ({ where, ...rest }: FindRecords) => {
      const rows = await systemDb.record.findMany({ ...rest, where: where ? { AND: [{ userId }, where] } : { userId } })
      accessLog.read({
        model: 'Record',
        table: 'records',
        kind: 'read',
        ids: rows.map(({ id }) => id),
        count: rows.length,
      })
      return rows
    }
    return { record: { findMany } } as unknown as ScopedDb // the one operation
  }
}

type FindRecords = NonNullable<Parameters<Database['systemDb']['record']['findMany']>[0]>
