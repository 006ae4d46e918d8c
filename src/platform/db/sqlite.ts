import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import {
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQuery,
  type Transaction,
} from '@prisma/driver-adapter-utils'
import BetterSqlite3 from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { createLock, type Lock } from './lock.ts'
import { keepPrepared } from './sqlite-prepared.ts'
import { prepareInserts, prepareReads } from './sqlite-statements.ts'
import type { SqlStatement, SqlValue } from './statements.ts'

const BUSY_TIMEOUT_MS = 10_000

/** One SQLite file, opened twice: a connection that writes, one transaction at a time, and one that only reads. */
export type Sqlite = {
  /** For the Prisma client. Plain reads go to the reader; all else waits for its turn on the writer. */
  adapter: SqlDriverAdapterFactory
  /** A prepared read on the reader: it never waits, and sees what has been committed. */
  read(statement: SqlStatement, values: readonly SqlValue[]): Record<string, unknown>[]
  /** Runs an INSERT once for each row, all in one commit. */
  insertRows(text: string, rows: readonly (readonly SqlValue[])[]): Promise<void>
  close(): void
}

/** Opens the file as the server does, and makes it and its folder (for their owner alone) where they are missing. */
export async function openSqlite(file: string): Promise<Sqlite> {
  makeFile(file)
  const writer = await connect(file, {})
  setUpWriter(writer.handle)
  const reader = await connect(file, { readonly: true })
  const lock = createLock()
  const adapter = takeTurns(writer, reader, lock)
  return {
    adapter: { provider: 'sqlite', adapterName: adapter.adapterName, connect: () => Promise.resolve(adapter) },
    read: prepareReads(reader.handle),
    insertRows: prepareInserts(writer.handle, lock),
    close() {
      reader.handle.close()
      writer.handle.close()
    },
  }
}

/** A plain connection that writes as the server's does. */
export function openSqliteHandle(file: string, busyTimeoutMs = BUSY_TIMEOUT_MS): BetterSqlite3.Database {
  makeFile(file)
  const handle = new BetterSqlite3(file, { timeout: busyTimeoutMs })
  setUpWriter(handle)
  return handle
}

function makeFile(file: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  fs.closeSync(fs.openSync(file, 'a', 0o600))
}

/** A write-ahead log, each commit on the disk before it is acknowledged, and foreign keys that hold. */
function setUpWriter(handle: BetterSqlite3.Database): void {
  const mode = switchToWal(handle)
  if (mode !== 'wal')
    throw new Error('SQLite cannot keep a write-ahead log in this folder: it needs a disk of this machine.')
  handle.pragma('synchronous = FULL')
  handle.pragma('foreign_keys = ON')
}

// While another process makes the same change to a new file SQLite says "locked" at once: it does not wait for that lock.
function switchToWal(handle: BetterSqlite3.Database): unknown {
  const giveUpAt = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      return handle.pragma('journal_mode = WAL', { simple: true })
    } catch (error) {
      const isBusy = error instanceof BetterSqlite3.SqliteError && error.code.startsWith('SQLITE_BUSY')
      if (!isBusy || performance.now() > giveUpAt) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

// Pages that a connection keeps in this process' memory. The system's own cache lies behind it, so that more of them
// here would hold the same pages twice.
const CACHE_KIB = 4096

type Connection = { handle: BetterSqlite3.Database; adapter: SqlDriverAdapter }

async function connect(file: string, options: { readonly?: boolean }): Promise<Connection> {
  const adapter = await new PrismaBetterSqlite3({ url: file, timeout: BUSY_TIMEOUT_MS, ...options }).connect()
  // The adapter keeps its connection to itself; this very one is needed, since it knows whether a transaction is open.
  const handle: unknown = Reflect.get(adapter, 'client')
  if (!(handle instanceof BetterSqlite3))
    throw new Error('The SQLite adapter has changed: it has no connection `client`.')
  handle.pragma(`cache_size = -${CACHE_KIB}`)
  if (!Reflect.set(adapter, 'client', keepPrepared(handle))) throw new Error('The SQLite adapter has changed.')
  return { handle, adapter }
}

/**
 * The adapter of one connection knows transactions, but lets any other statement run inside an open one: it would see
 * uncommitted rows, and be undone by a rollback that is not its own. Here each statement on the writer waits for its
 * turn, and a transaction's turn lasts from BEGIN to COMMIT or ROLLBACK.
 */
function takeTurns(writer: Connection, reader: Connection, lock: Lock): SqlDriverAdapter {
  return {
    provider: 'sqlite',
    adapterName: writer.adapter.adapterName,
    queryRaw: (query) =>
      isPlainRead(query) ? reader.adapter.queryRaw(query) : lock.hold(() => writer.adapter.queryRaw(query)),
    executeRaw: (query) => lock.hold(() => writer.adapter.executeRaw(query)),
    executeScript: (script) => lock.hold(() => writer.adapter.executeScript(script)),
    async startTransaction(level) {
      if (level && level !== 'SERIALIZABLE') throw new DriverAdapterError({ kind: 'InvalidIsolationLevel', level })
      const release = await lock.take()
      try {
        // Immediate: a transaction that reads first must not find later that another process has written meanwhile.
        await writer.adapter.executeRaw({ sql: 'BEGIN IMMEDIATE', args: [], argTypes: [] })
        return openTransaction(writer, release)
      } catch (error) {
        release()
        throw error
      }
    },
    dispose: () => Promise.resolve(), // the connections are closed by whom they were opened
  }
}

function isPlainRead(query: SqlQuery): boolean {
  return /^\s*SELECT\b/i.test(query.sql)
}

function openTransaction({ handle, adapter }: Connection, release: () => void): Transaction {
  /** After some errors (disk full, input or output) SQLite has rolled back by itself: what follows must not run alone. */
  const inside = async <Result>(work: () => Promise<Result>) => {
    if (handle.open && handle.inTransaction) return await work()
    throw new DriverAdapterError({ kind: 'TransactionAlreadyClosed', cause: 'SQLite has ended the transaction.' })
  }
  const run = (sql: string) => inside(async () => void (await adapter.executeRaw({ sql, args: [], argTypes: [] })))
  const end = async () => {
    try {
      if (handle.open && handle.inTransaction) handle.exec('ROLLBACK') // the COMMIT or the ROLLBACK before has failed
    } finally {
      release()
    }
  }
  return {
    provider: 'sqlite',
    adapterName: adapter.adapterName,
    options: { usePhantomQuery: false }, // Prisma sends COMMIT or ROLLBACK as a statement, and then calls commit or rollback
    queryRaw: (query) => inside(() => adapter.queryRaw(query)),
    executeRaw: (query) => inside(() => adapter.executeRaw(query)),
    commit: end,
    rollback: end,
    createSavepoint: (name) => run(`SAVEPOINT ${name}`),
    rollbackToSavepoint: (name) => run(`ROLLBACK TO ${name}`),
    releaseSavepoint: (name) => run(`RELEASE SAVEPOINT ${name}`),
  }
}
