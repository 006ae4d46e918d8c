import type BetterSqlite3 from 'better-sqlite3'
import type { Lock } from './lock.ts'
import type { SqlStatement, SqlValue } from './statements.ts'

type Handle = BetterSqlite3.Database
type Prepared = BetterSqlite3.Statement<unknown[]>

type Row = Record<string, unknown>
type PreparedRead = { text: string; statement: Prepared; dates: string[]; booleans: string[] }

/** Prepared reads by name. Columns declared DATETIME or BOOLEAN come out as such, besides those that `dates` names. */
export function prepareReads(handle: Handle): (statement: SqlStatement, values: readonly SqlValue[]) => Row[] {
  const prepared = new Map<string, PreparedRead>()

  function prepare({ name, text, dates = [] }: SqlStatement): PreparedRead {
    const statement: Prepared = handle.prepare<unknown[]>(text).safeIntegers(false)
    const columns = statement.columns()
    const ofType = (type: string) => columns.filter((column) => column.type === type).map((column) => column.name)
    const made = {
      text,
      statement,
      dates: [...new Set([...dates, ...ofType('DATETIME')])],
      booleans: ofType('BOOLEAN'),
    }
    prepared.set(name, made)
    return made
  }

  return (wanted, values) => {
    const { text, statement, dates, booleans } = prepared.get(wanted.name) ?? prepare(wanted)
    if (text !== wanted.text) throw new Error(`Two statements are called ${wanted.name}.`)
    // To SQLite, $1 and $2 are parameters with the names 1 and 2.
    const named = Object.fromEntries(values.map((value, index) => [index + 1, toSqlite(value)]))
    // A statement that is prepared gives its rows as objects.
    const rows = (values.length > 0 ? statement.all(named) : statement.all()) as Row[]
    for (const row of rows) {
      for (const name of dates) row[name] = toDate(row[name])
      for (const name of booleans) row[name] = row[name] === null ? null : row[name] === 1
    }
    return rows
  }
}

/** Inserts groups of rows, each group in one commit, when it is its turn to write. */
export function prepareInserts(handle: Handle, lock: Lock) {
  const prepared = new Map<string, Prepared>()

  function prepare(text: string): Prepared {
    const statement = handle.prepare<unknown[]>(text)
    prepared.set(text, statement)
    return statement
  }

  const insertAll = handle.transaction((text: string, rows: readonly (readonly SqlValue[])[]) => {
    const statement = prepared.get(text) ?? prepare(text)
    for (const row of rows) statement.run(row.map(toSqlite))
  })

  return (text: string, rows: readonly (readonly SqlValue[])[]): Promise<void> =>
    lock.hold(() => insertAll.immediate(text, rows))
}

/** Times are kept as Prisma's adapter keeps them: ISO 8601 in UTC with `+00:00`, so that their texts sort as they do. */
function toSqlite(value: SqlValue): string | number | null {
  if (value instanceof Date) return value.toISOString().replace('Z', '+00:00')
  if (typeof value === 'boolean') return value ? 1 : 0
  return value
}

/** Numbers are milliseconds; CURRENT_TIMESTAMP has no zone and means UTC. */
function toDate(value: unknown): Date | null {
  if (value === null) return null
  if (typeof value === 'number') return new Date(value)
  const text = String(value)
  return new Date(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`)
}
