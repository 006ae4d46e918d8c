import BetterSqlite3 from 'better-sqlite3'
import pg from 'pg'

type Row = Record<string, unknown>
type Audit = { user_id: string | null; action: string; ids: string[] }

/** All that the server keeps, as it stood at one moment. */
export type Tables = {
  users: { id: string; email: string }[]
  usage: { user_id: string; count: number }[]
  records: { user_id: string; id: string; revision: number }[]
  sessions: { id: string; user_id: string }[]
  links: { id: string; email: string; consumed_at: unknown }[]
  audit: Audit[]
  alerts: { not_me_hash: string | null }[]
}

const QUERIES = {
  users: 'SELECT id, email FROM users',
  usage: 'SELECT user_id, count FROM record_usage',
  records: 'SELECT user_id, id, revision FROM records',
  sessions: 'SELECT id, user_id FROM sessions',
  links: 'SELECT id, email, consumed_at FROM magic_links',
  audit: "SELECT user_id, action, record_id, details FROM audit_entries WHERE action NOT LIKE '%.read'",
  alerts: 'SELECT not_me_hash FROM security_alerts',
} as const

/** Looks into the database of a running server, beside it. */
export type Inspector = {
  tables(): Promise<Tables>
  /** What the database itself finds wrong with its pages, indexes and foreign keys. */
  damage(): Promise<unknown[]>
  /** Lets the time pass that a mail is left to a process that has taken it. */
  endLeases(): Promise<void>
  waitingMails(): Promise<number>
  /** How many lines of the security log tell of an action. */
  linesOf(action: string): Promise<number>
  close(): Promise<void>
}

export function openInspector(env: Record<string, string>): Inspector {
  const { all, snapshot, damage, close } = env['DATABASE_URL']
    ? onPostgresql(env['DATABASE_URL'])
    : onSqlite(`${env['DATA_DIR']}/latchkey.db`)
  return {
    damage,
    close,
    async tables() {
      const found = await snapshot(Object.values(QUERIES))
      const [users, usage, records, sessions, links, audit = [], alerts] = found
      return { users, usage, records, sessions, links, audit: audit.map(auditOf), alerts } as Tables // what QUERIES select
    },
    endLeases: async () => void (await all('UPDATE outbox_messages SET available_at = created_at RETURNING id')),
    waitingMails: async () => (await all('SELECT id FROM outbox_messages')).length,
    linesOf: async (action) =>
      (await all('SELECT action FROM audit_entries')).filter((row) => row['action'] === action).length,
  }
}

type Connection = {
  all(sql: string): Promise<Row[]>
  /** The answers to several queries, all of one moment. */
  snapshot(queries: readonly string[]): Promise<Row[][]>
  damage(): Promise<unknown[]>
  close(): Promise<void>
}

/** Opened for each question: a connection that stays would do the recovery that the next start is to do by itself. */
function onSqlite(file: string): Connection {
  const withHandle = <Result>(work: (handle: BetterSqlite3.Database) => Result): Promise<Result> => {
    const handle = new BetterSqlite3(file, { timeout: 10_000 })
    try {
      return Promise.resolve(work(handle))
    } finally {
      handle.close()
    }
  }
  const rows = (handle: BetterSqlite3.Database, sql: string) => handle.prepare<[], Row>(sql).all()
  return {
    all: (sql) => withHandle((handle) => rows(handle, sql)),
    snapshot: (queries) => withHandle((handle) => handle.transaction(() => queries.map((sql) => rows(handle, sql)))()),
    damage: () =>
      withHandle((handle) => [
        ...rows(handle, 'PRAGMA integrity_check').filter(({ integrity_check: found }) => found !== 'ok'),
        ...rows(handle, 'PRAGMA foreign_key_check'),
      ]),
    close: () => Promise.resolve(),
  }
}

function onPostgresql(url: string): Connection {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  const all = async (sql: string) => (await pool.query<Row>(sql)).rows
  return {
    all,
    async snapshot(queries) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
        const found: Row[][] = []
        for (const sql of queries) found.push((await client.query<Row>(sql)).rows)
        await client.query('COMMIT')
        return found
      } finally {
        client.release()
      }
    },
    damage: () => Promise.resolve([]), // its foreign keys cannot be switched off, and it has no such check
    close: () => pool.end(),
  }
}

function auditOf({ user_id, action, record_id, details }: Row): Audit {
  const told = typeof details === 'string' ? (JSON.parse(details) as { ids?: string[] }) : {} // written by the log
  return {
    user_id: user_id as string | null,
    action: String(action),
    ids: record_id === null ? (told.ids ?? []) : [String(record_id)],
  }
}

/** What is half-made: a write without its line in the log, a line without its write, a count that does not count. */
export function findHalfMade(tables: Tables): string[] {
  return [...halfMadeUsers(tables), ...halfMadeRecords(tables), ...halfMadeSessions(tables), ...halfMadeLinks(tables)]
}

function halfMadeUsers({ users, usage, records, audit }: Tables): string[] {
  const counts = new Map(usage.map(({ user_id, count }) => [user_id, count]))
  const real = countOf(records.map(({ user_id }) => user_id))
  const made = timesOf(audit, 'account.created')
  return users.flatMap(({ id }) => [
    ...fault(
      counts.get(id) === (real.get(id) ?? 0),
      `user ${id} has ${real.get(id) ?? 0} records and a count of ${counts.get(id)}`,
    ),
    ...fault(made.get(id) === 1, `user ${id} was made ${made.get(id) ?? 0} times, says the log`),
  ])
}

function halfMadeRecords({ records, audit }: Tables): string[] {
  const [created, updated, deleted] = ['record.created', 'record.updated', 'record.deleted'].map((action) =>
    timesOf(audit, action),
  )
  const there = new Map(records.map(({ id, revision }) => [id, revision]))
  return [
    ...new Set([...there.keys(), ...(created?.keys() ?? []), ...(updated?.keys() ?? []), ...(deleted?.keys() ?? [])]),
  ].flatMap((id) => {
    const revision = there.get(id)
    const told = { created: created?.get(id) ?? 0, updated: updated?.get(id) ?? 0, deleted: deleted?.get(id) ?? 0 }
    const whole =
      told.created === 1 &&
      told.deleted === (revision === undefined ? 1 : 0) &&
      [undefined, told.updated + 1].includes(revision)
    return fault(whole, `record ${id} is at ${revision}, and the log says ${JSON.stringify(told)}`)
  })
}

function halfMadeSessions({ sessions, audit }: Tables): string[] {
  const begun = timesOf(audit, 'login.succeeded')
  const ended = timesOf(audit, 'session.deleted')
  const there = new Set(sessions.map(({ id }) => id))
  return [...new Set([...there, ...begun.keys(), ...ended.keys()])].flatMap((id) => {
    const whole = begun.has(id) && there.has(id) !== ended.has(id) && (ended.get(id) ?? 0) < 2
    return fault(
      whole,
      `session ${id}: there ${there.has(id)}, begun ${begun.get(id) ?? 0}, ended ${ended.get(id) ?? 0}`,
    )
  })
}

function halfMadeLinks({ users, links, audit }: Tables): string[] {
  const emails = new Map(users.map(({ id, email }) => [id, email]))
  const used = countOf(links.filter(({ consumed_at }) => consumed_at !== null).map(({ email }) => email))
  const signedIn = countOf(
    audit.filter(({ action }) => action === 'login.succeeded').map(({ user_id }) => emails.get(user_id ?? '') ?? ''),
  )
  const requested = timesOf(audit, 'login.link-requested')
  return [
    ...[...new Set([...used.keys(), ...signedIn.keys()])].flatMap((email) =>
      fault(
        used.get(email) === signedIn.get(email),
        `${email}: ${used.get(email)} links used, ${signedIn.get(email)} sign-ins`,
      ),
    ),
    ...links.flatMap(({ id }) =>
      fault(requested.get(id) === 1, `link ${id} stands ${requested.get(id) ?? 0} times in the log`),
    ),
    ...fault(requested.size === links.length, `${requested.size} links in the log, ${links.length} in the table`),
  ]
}

/** How often the log tells of an action on each row. */
export function timesOf(audit: readonly Audit[], action: string): Map<string, number> {
  return countOf(audit.filter((row) => row.action === action).flatMap(({ ids }) => ids))
}

function countOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

function fault(holds: boolean, text: string): string[] {
  return holds ? [] : [text]
}
