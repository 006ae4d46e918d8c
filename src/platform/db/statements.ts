import type { SqlDriverAdapter, SqlDriverAdapterFactory, SqlQueryable, Transaction } from '@prisma/driver-adapter-utils'

export type SqlValue = string | number | boolean | null | Date

/**
 * A statement that is prepared once for each connection: a name of its own, placeholders $1, $2, ..., and the result
 * columns that hold times. Name them all: the two databases tell types of computed columns differently.
 */
export type SqlStatement = { name: string; text: string; dates?: readonly string[] }

export type StatementListener = (text: string) => void

/**
 * Counts the SQL statements that go to the database, and shows their text to who listens: every statement of the
 * clients, of `read` and of `insertRows` (one for each group of rows). Not counted: what opens and ends transactions,
 * and what a connection is prepared with (pragmas, the row security's `set_config`).
 */
export type StatementWatch = {
  sent(text: string): void
  count(): number
  /** Returns the way to stop listening. */
  listen(listener: StatementListener): () => void
}

/** Makes a counter that starts at zero. */
export function watchStatements(): StatementWatch {
  let count = 0
  const listeners = new Set<StatementListener>()
  return {
    sent(text) {
      if (/^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/i.test(text)) return
      count++
      for (const listener of listeners) listener(text)
    },
    count: () => count,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The same adapter, its statements counted. */
export function watchAdapter(factory: SqlDriverAdapterFactory, watch: StatementWatch): SqlDriverAdapterFactory {
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => watchConnection(await factory.connect(), watch),
  }
}

function watchConnection(adapter: SqlDriverAdapter, watch: StatementWatch): SqlDriverAdapter {
  const connectionInfo = adapter.getConnectionInfo?.bind(adapter)
  return {
    ...watchQueries(adapter, watch),
    executeScript: (script) => adapter.executeScript(script),
    startTransaction: async (level) => watchTransaction(await adapter.startTransaction(level), watch),
    dispose: () => adapter.dispose(),
    ...(connectionInfo && { getConnectionInfo: connectionInfo }),
  }
}

function watchTransaction(transaction: Transaction, watch: StatementWatch): Transaction {
  const { createSavepoint, rollbackToSavepoint, releaseSavepoint } = transaction
  return {
    ...watchQueries(transaction, watch),
    options: transaction.options,
    commit: () => transaction.commit(),
    rollback: () => transaction.rollback(),
    ...(createSavepoint && { createSavepoint: createSavepoint.bind(transaction) }),
    ...(rollbackToSavepoint && { rollbackToSavepoint: rollbackToSavepoint.bind(transaction) }),
    ...(releaseSavepoint && { releaseSavepoint: releaseSavepoint.bind(transaction) }),
  }
}

function watchQueries(queryable: SqlQueryable, watch: StatementWatch): SqlQueryable {
  return {
    provider: queryable.provider,
    adapterName: queryable.adapterName,
    queryRaw(query) {
      watch.sent(query.sql)
      return queryable.queryRaw(query)
    },
    executeRaw(query) {
      watch.sent(query.sql)
      return queryable.executeRaw(query)
    },
  }
}
