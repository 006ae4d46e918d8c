import type BetterSqlite3 from 'better-sqlite3'

const MOST_PREPARED = 200

/** What Prisma's adapter asks of its connection. */
export type AdapterConnection = {
  prepare(text: string): { bind(values: unknown[]): BoundStatement }
  exec(script: string): unknown
}

type BoundStatement = {
  reader: boolean
  columns(): Column[]
  run(): { changes: number }
  raw(): { all(): unknown[] }
}

type Column = { name: string; type: string | null }
type Prepared = { statement: BetterSqlite3.Statement<unknown[]>; columns: Column[] }

/**
 * The connection as the adapter uses it, but for the preparing. The adapter has each statement prepared anew, which
 * costs about as much as a short query; here each text is prepared once, and those used last are kept.
 */
export function keepPrepared(handle: BetterSqlite3.Database): AdapterConnection {
  const kept = new Map<string, Prepared>()

  function prepare(text: string): Prepared {
    const known = kept.get(text) ?? prepareNew(handle, text)
    kept.delete(text)
    kept.set(text, known)
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_PREPARED) break
      kept.delete(oldest)
    }
    return known
  }

  return {
    prepare(text) {
      const { statement, columns } = prepare(text)
      return {
        // To the driver a statement is bound once and for all. So the values wait here, and are bound as it runs.
        bind: (values) => ({
          reader: statement.reader,
          columns: () => columns,
          run: () => statement.run(values),
          raw: () => ({ all: () => statement.all(values) }),
        }),
      }
    },
    exec: (script) => handle.exec(script),
  }
}

function prepareNew(handle: BetterSqlite3.Database, text: string): Prepared {
  const statement = handle.prepare<unknown[]>(text)
  return { statement, columns: statement.reader ? statement.raw().columns() : [] }
}
