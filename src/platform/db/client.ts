import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { Config } from '../../config.ts'
import type { Log } from '../log.ts'
import { readClock } from './database-clock.ts'
import { makeScope } from './isolation.ts'
import { ownModels } from './own-models.ts'
import { openSqlite } from './sqlite.ts'
import { watchAdapter, watchStatements } from './statements.ts'
import type { SqlStatement, SqlValue, StatementListener, StatementWatch } from './statements.ts'
import type { AccessLog, ScopedDb, SystemDb, SystemTx } from './types.ts'

export type { SqlStatement, SqlValue } from './statements.ts'

/** An open database of either kind. */
export type Database = {
  provider: 'sqlite' | 'postgresql'
  /** Reaches every row. */
  systemDb: SystemDb
  /** Reaches the rows of one user alone, and reports each access. */
  scopeToUser(userId: string, accessLog: AccessLog): ScopedDb
  /** The database's time, in the transaction or by itself: one clock for all processes, and no machine of ours sets it. */
  now(tx?: SystemTx): Promise<Date>
  /** A prepared read for the hot paths, as the server. It sees what has been committed; times come out as Dates. */
  read<Row>(statement: SqlStatement, values: readonly SqlValue[]): Promise<Row[]>
  /** Inserts all rows in one commit, or none. For the log of reads, which is committed in groups. */
  insertRows(table: string, columns: readonly string[], rows: readonly (readonly SqlValue[])[]): Promise<void>
  /** How many SQL statements were sent since the start. StatementWatch says what counts. */
  statements(): number
  /** Shows the text of each statement that counts, until the returned function is called. */
  onStatement(listener: StatementListener): () => void
  /** Throws when the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** The parts in which the two databases differ. */
type Store = Pick<Database, 'read' | 'insertRows' | 'close'> & { system: SystemDb; scoped: SystemDb }

// Transactions on SQLite wait for each other, and a burst of sign-ins is a long queue: Prisma's own 2 and 5 seconds
// would refuse what a little patience serves.
const transactionOptions = { maxWait: 10_000, timeout: 15_000 }

// Errors without the arguments of the call in their text: those may hold private data.
const errorFormat = 'minimal'

/** Opens the database that the configuration names. Its tables must be there: see migrate. */
export async function openDatabase(config: Config['database'], log: Log): Promise<Database> {
  const watch = watchStatements()
  const store =
    config.provider === 'sqlite'
      ? await openSqliteStore(config.file, watch)
      : await openPostgresqlStore(config.url, config.poolSize, watch, log)
  return {
    provider: config.provider,
    systemDb: store.system,
    scopeToUser: makeScope(store.scoped, ownModels()),
    now: (tx = store.system) => readClock(tx, config.provider),
    read: store.read,
    insertRows: async (table, columns, rows) => {
      if (rows.length > 0) await store.insertRows(table, columns, rows)
    },
    statements: watch.count,
    onStatement: watch.listen,
    ping: async () => void (await store.read({ name: 'ping', text: 'SELECT 1' }, [])),
    close: store.close,
  }
}

async function openSqliteStore(file: string, watch: StatementWatch): Promise<Store> {
  const { PrismaClient } = await import('../../generated/sqlite/client.ts')
  const sqlite = await openSqlite(file)
  const client = new PrismaClient({ adapter: watchAdapter(sqlite.adapter, watch), transactionOptions, errorFormat })
  return {
    system: client,
    scoped: client,
    async read<Row>(statement: SqlStatement, values: readonly SqlValue[]) {
      watch.sent(statement.text)
      return sqlite.read(statement, values) as Row[] // the caller knows what it selects
    },
    async insertRows(table, columns, rows) {
      const text = `INSERT INTO "${table}" (${quoted(columns)}) VALUES (${columns.map(() => '?').join(', ')})`
      watch.sent(text)
      await sqlite.insertRows(text, rows)
    },
    async close() {
      await client.$disconnect()
      sqlite.close()
    },
  }
}

async function openPostgresqlStore(url: string, poolSize: number, watch: StatementWatch, log: Log): Promise<Store> {
  const { PrismaClient } = await import('../../generated/postgresql/client.ts')
  const { checkGuard, openPostgresql } = await import('./postgresql.ts')
  const postgresql = openPostgresql(url, poolSize, log)
  await checkGuard(postgresql)
  const open = (adapter: SqlDriverAdapterFactory) =>
    new PrismaClient({ adapter: watchAdapter(adapter, watch), transactionOptions, errorFormat })
  const [system, scoped] = [open(postgresql.systemAdapter), open(postgresql.scopedAdapter)]
  return {
    // Both clients come from one schema, and SQLite's offers less: what is written for it holds for PostgreSQL's.
    system: system as unknown as SystemDb,
    scoped: scoped as unknown as SystemDb,
    async read<Row>(statement: SqlStatement, values: readonly SqlValue[]) {
      watch.sent(statement.text)
      return (await postgresql.read(statement, values)) as Row[] // the caller knows what it selects
    },
    async insertRows(table, columns, rows) {
      const list = quoted(columns)
      const text = `INSERT INTO "${table}" (${list}) SELECT ${list} FROM json_populate_recordset(NULL::"${table}", $1)`
      watch.sent(text)
      await postgresql.insertRows(text, columns, rows)
    },
    async close() {
      await Promise.all([system.$disconnect(), scoped.$disconnect()])
      await postgresql.close()
    },
  }
}

function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ')
}
