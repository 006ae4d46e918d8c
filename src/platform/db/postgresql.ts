import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import type { Log } from '../log.ts'
import { ownModels } from './own-models.ts'
import { checkRowSecurity, ScopedPool } from './row-security.ts'
import type { SqlStatement, SqlValue } from './statements.ts'

/** Two pools on one database: the server's, and the users', whose connections see one user's rows at a time. */
export type Postgresql = {
  systemAdapter: SqlDriverAdapterFactory
  scopedAdapter: SqlDriverAdapterFactory
  /** A query as the server. */
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>
  /** A prepared read as the server. */
  read(statement: SqlStatement, values: readonly SqlValue[]): Promise<Record<string, unknown>[]>
  /** Runs an INSERT that takes all rows as one JSON array. */
  insertRows(text: string, columns: readonly string[], rows: readonly (readonly SqlValue[])[]): Promise<void>
  close(): Promise<void>
}

/** Opens both pools; together they have `poolSize` connections, and two at least. Connects at the first query. */
export function openPostgresql(url: string, poolSize: number, log: Log): Postgresql {
  const scopedSize = Math.max(1, Math.floor(poolSize / 2))
  const systemPool = new pg.Pool(poolOptions(url, Math.max(1, poolSize - scopedSize), 'latchkey'))
  const scopedPool = new ScopedPool(poolOptions(url, scopedSize, 'latchkey-scoped'))
  for (const pool of [systemPool, scopedPool]) {
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    pool.on('error', (error) => log.warn('database.connectionLost', { error }))
  }
  const query = (text: string, values?: unknown[]) => systemPool.query(text, values)
  return {
    systemAdapter: new PrismaPg(systemPool),
    scopedAdapter: new PrismaPg(scopedPool),
    query,
    read: (statement, values) => read(systemPool, statement, values),
    insertRows: prepareInserts(systemPool),
    async close() {
      await Promise.all([systemPool.end(), scopedPool.end()])
    },
  }
}

/** Closes what was opened and throws, where row security does not stand as it must. */
export async function checkGuard(postgresql: Postgresql): Promise<void> {
  try {
    await checkRowSecurity(postgresql.query, ownModels())
  } catch (error) {
    await postgresql.close()
    throw error
  }
}

/** The address may set any of these itself: what stands in it wins. */
function poolOptions(url: string, max: number, applicationName: string): pg.PoolConfig {
  return {
    connectionString: url,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 15_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  }
}

const { TIMESTAMP, INT8 } = pg.types.builtins

/** As Prisma keeps times: without a zone, in UTC. Counts are numbers, as they are on SQLite. */
const readTypes: pg.CustomTypesConfig = {
  getTypeParser(type: number, format?: 'text' | 'binary') {
    if (type === TIMESTAMP) return (text: string) => new Date(`${text.replace(' ', 'T')}Z`)
    if (type === INT8) return Number
    return pg.types.getTypeParser(type, format)
  },
}

async function read(pool: pg.Pool, { name, text }: SqlStatement, values: readonly SqlValue[]) {
  const { rows } = await pool.query<Record<string, unknown>>({
    name,
    text,
    values: values.map(toPostgresql),
    types: readTypes,
  })
  return rows
}

function prepareInserts(pool: pg.Pool): Postgresql['insertRows'] {
  const names = new Map<string, string>()
  return async (text, columns, rows) => {
    const name = names.get(text) ?? `insert ${names.size + 1}`
    names.set(text, name)
    const objects = rows.map((row) =>
      Object.fromEntries(columns.map((column, index) => [column, toPostgresql(row[index] ?? null)])),
    )
    await pool.query({ name, text, values: [JSON.stringify(objects)] })
  }
}

/** A column without a zone takes a time as it is written, and leaves the zone aside: it must be written in UTC. */
function toPostgresql(value: SqlValue): string | number | boolean | null {
  return value instanceof Date ? value.toISOString() : value
}
