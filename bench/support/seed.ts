import BetterSqlite3 from 'better-sqlite3'
import pg from 'pg'
import { hashToken } from '../../src/platform/crypto/tokens.ts'

/** How much stands in the tables. The first user gets the session. */
export type Amounts = { users: number; recordsPerUser: number }

const COLUMNS = {
  users: 'id, email, created_at',
  records: 'id, user_id, collection, title, title_search, data, created_at, updated_at',
} as const

/** The id of the nth user or record, as the server would make them: version 7, in the order of time. */
export function idOf(kind: 'user' | 'record', n: number): string {
  return `01990000-${kind === 'user' ? '0000' : '0001'}-7000-8000-${String(n).padStart(12, '0')}`
}

/** The address of the nth user. */
export const emailOf = (n: number) => `person${n}@example.com`

/** Fills the tables by SQL. Records come in turns, one of each user, as they would over time. */
export function seedSqlite(file: string, { users, recordsPerUser }: Amounts, token: string): void {
  const db = new BetterSqlite3(file)
  const at = (seconds: string) => `strftime('%Y-%m-%dT%H:%M:%S.000+00:00', 'now', -(${seconds}) || ' seconds')`
  const upTo = (most: number) => `WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < ${most})`
  const id = (kind: 'user' | 'record', n: string) => `'${idOf(kind, 0).slice(0, -12)}' || printf('%012d', ${n})`
  db.pragma('synchronous = OFF')
  db.exec('BEGIN')
  db.exec(`INSERT INTO users (${COLUMNS.users}) ${upTo(users)}
    SELECT ${id('user', 'n')}, 'person' || n || '@example.com', ${at('86400')} FROM s`)
  db.exec(`INSERT INTO record_usage (user_id, count) SELECT id, ${recordsPerUser} FROM users`)
  const total = users * recordsPerUser
  if (total > 0)
    db.exec(`INSERT INTO records (${COLUMNS.records}) ${upTo(total)}
      SELECT ${id('record', 'n')}, ${id('user', `n % ${users}`)}, 'notes', 'Title ' || n, 'title ' || n, ${dataOf('n')},
        ${at(`(${total} - n)`)}, ${at(`(${total} - n)`)} FROM s`)
  db.prepare(SESSION).run(Object.fromEntries(session(token).map((value, index) => [index + 1, value])))
  db.exec('COMMIT')
  db.exec('ANALYZE')
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}

/** The same on PostgreSQL. */
export async function seedPostgresql(url: string, { users, recordsPerUser }: Amounts, token: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const at = (seconds: string) => `date_trunc('second', now() AT TIME ZONE 'UTC') - (${seconds}) * interval '1 second'`
  const id = (kind: 'user' | 'record', n: string) => `'${idOf(kind, 0).slice(0, -12)}' || lpad((${n})::text, 12, '0')`
  try {
    await client.query('SET synchronous_commit = off')
    await client.query(`INSERT INTO users (${COLUMNS.users})
      SELECT ${id('user', 'n')}, 'person' || n || '@example.com', ${at('86400')} FROM generate_series(0, ${users - 1}) n`)
    await client.query(`INSERT INTO record_usage (user_id, count) SELECT id, ${recordsPerUser} FROM users`)
    const total = users * recordsPerUser
    if (total > 0)
      await client.query(`INSERT INTO records (${COLUMNS.records})
        SELECT ${id('record', 'n')}, ${id('user', `n % ${users}`)}, 'notes', 'Title ' || n, 'title ' || n, ${dataOf('n')},
          ${at(`${total} - n`)}, ${at(`${total} - n`)} FROM generate_series(0, ${total - 1}) n`)
    await client.query(SESSION, session(token))
    await client.query('VACUUM ANALYZE')
    await client.query('CHECKPOINT')
  } finally {
    await client.end()
  }
}

const dataOf = (n: string) => `'{"n":' || ${n} || ',"text":"A few words that somebody wants to keep."}'`

const SESSION = `INSERT INTO sessions
  (id, user_id, token_hash, auth_method, device_name, proved_at, created_at, last_activity_at, expires_at)
  VALUES ('01990000-0002-7000-8000-000000000000', $1, $2, 'MAGIC_LINK', 'the bench', $3, $3, $3, $4)`

const DAY_MS = 86_400_000

function session(token: string): string[] {
  const at = (ms: number) => new Date(ms).toISOString().replace('Z', '+00:00')
  return [idOf('user', 0), hashToken(token), at(Date.now()), at(Date.now() + DAY_MS)]
}
