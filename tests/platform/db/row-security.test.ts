import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import pg from 'pg'
import {
  applyRowSecurity,
  checkRowSecurity,
  SCOPED_ROLE,
  ScopedPool,
  userInForce,
  type Query,
} from '../../../src/platform/db/row-security.ts'
import { freshDatabase, providers, runSql } from './fresh-database.ts'
import { call, giveRows, ownedModels, type Row } from './support/rows.ts'
import { testModels } from './support/test-models.ts'
import { openWorld, type World } from './support/world.ts'

const ANN = 'ann'
const BOB = 'robert'

describe.skipIf(!providers.includes('postgresql'))('row security on PostgreSQL', () => {
  let world: World
  let query: Query

  beforeAll(async () => {
    world = await openWorld('postgresql', 2)
    query = async (text, values) => ({ rows: await world.sql(text, values) })
  })
  beforeEach(async () => {
    await giveRows(world, ANN)
    await giveRows(world, BOB)
  })
  afterAll(() => world.close())

  const owners = async (userId: string | null, table = 'notes') =>
    (await world.sqlAs(userId, `SELECT DISTINCT user_id FROM "${table}"`)).map((row) => row['user_id'])

  describe('D2: raw SQL over the scoped pool', () => {
    test('sees the rows of the user in force, in every owned table', async () => {
      for (const { table } of ownedModels(world)) expect(await owners(ANN, table), table).toEqual([ANN])
    })

    test('sees nothing while nobody is in force, also on a connection that somebody has used', async () => {
      for (const user of [null, ANN, null, BOB, null, null]) {
        for (const { table } of ownedModels(world)) expect(await owners(user, table), table).toEqual(user ? [user] : [])
      }
    })

    const refused: Record<string, string> = {
      'an insert for another user': `INSERT INTO notes (id, user_id, slug, body) VALUES ('x', '${BOB}', 'x', '')`,
      'an insert for nobody': `INSERT INTO audit_entries (id, action, "timestamp") VALUES ('x', 'x', now())`,
      'an update that gives a row away': `UPDATE notes SET user_id = '${BOB}', folder_id = NULL`,
      'a row in the place of another’s': `INSERT INTO notes (id, user_id, slug, body) VALUES ('Note-${BOB}-1', '${ANN}', 'x', '') ON CONFLICT (id) DO UPDATE SET body = 'taken'`,
      'a changed line of the log': `UPDATE audit_entries SET action = 'x'`,
      'a removed line of the log': 'DELETE FROM audit_entries',
      'an emptied table, which no policy holds back': 'TRUNCATE notes',
      'a look at the users': 'SELECT * FROM users',
      'a look at the links': 'SELECT * FROM magic_links',
      'a look at the migrations': 'CREATE TABLE mine (id text)',
      'a policy of its own': 'CREATE POLICY mine ON notes USING (true)',
      'row security off': 'ALTER TABLE notes DISABLE ROW LEVEL SECURITY',
    }
    test.each(Object.keys(refused))('%s is refused', async (name) => {
      const before = await world.everything()
      await expect(world.sqlAs(ANN, refused[name] ?? '')).rejects.toMatchObject({ code: '42501' })
      expect(await world.everything()).toEqual(before)
    })

    test('reaches nothing of another user by update and delete', async () => {
      expect(await world.sqlAs(ANN, `UPDATE notes SET body = 'taken' WHERE user_id = '${BOB}' RETURNING id`)).toEqual(
        [],
      )
      expect(await world.sqlAs(ANN, 'DELETE FROM notes RETURNING user_id')).toEqual([
        { user_id: ANN },
        { user_id: ANN },
      ])
      expect(await world.sqlAs(BOB, 'SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 2 }])
    })

    test('a foreign key is checked although the role may not read the table behind it', async () => {
      const insert = (id: string, userId: string, folderId: string | null) =>
        world.sqlAs(
          userId,
          'INSERT INTO notes (id, user_id, slug, body, folder_id) VALUES ($1, $2, $1, $1, $3) RETURNING id',
          [id, userId, folderId],
        )
      expect(await insert('x', ANN, 'Folder-ann-1')).toEqual([{ id: 'x' }])
      await expect(insert('y', 'gone', null)).rejects.toMatchObject({ code: '23503' })
      await expect(insert('y', ANN, 'Folder-robert-1')).rejects.toMatchObject({ code: '23503' })
    })
  })

  describe('a connection', () => {
    test('keeps nothing of a transaction that failed', async () => {
      const failed = world.as(ANN, 'row-security').$transaction(async (tx) => {
        await call(tx, 'note', 'updateMany', { data: { body: 'failed' } })
        await call(tx, 'note', 'create', { data: { userId: BOB, slug: 'x', body: '' } })
      })
      await expect(failed).rejects.toThrow()
      expect(await Promise.all([owners(null), owners(BOB), owners(null), owners(ANN)])).toEqual([[], [BOB], [], [ANN]])
      expect(await world.sqlAs(ANN, "SELECT 1 FROM notes WHERE body = 'failed'")).toEqual([])
    })

    test('that comes back with a transaction still open is closed, and nobody works inside that transaction', async () => {
      const pool = new ScopedPool({ connectionString: world.url, max: 1 })
      const as = <Result>(userId: string, work: () => Promise<Result>) => userInForce.run({ userId }, work)
      try {
        const pidOf = async (queryable: pg.Pool | pg.PoolClient) =>
          (await queryable.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
        const first = await as(ANN, async () => {
          const client = await pool.connect()
          await client.query("BEGIN; UPDATE notes SET body = 'left open'")
          const pid = await pidOf(client)
          client.release()
          return pid
        })
        expect((await as(BOB, () => pool.query('SELECT DISTINCT user_id FROM notes'))).rows).toEqual([{ user_id: BOB }])
        expect(await as(BOB, () => pidOf(pool))).not.toBe(first)
        expect(await world.sqlAs(ANN, "SELECT 1 FROM notes WHERE body = 'left open'")).toEqual([])
      } finally {
        await pool.end()
      }
    })

    test.each(['nul \0 byte', `${ANN}'; RESET ROLE; --`, 'a b', `${ANN}\n`, 'x'.repeat(201)])(
      'is not given out for what is no user id: %j',
      async (userId) => {
        const pool = new ScopedPool({ connectionString: world.url, max: 1 })
        try {
          await pool.query('SELECT 1')
          const broken = userInForce.run({ userId }, () => pool.query('SELECT user_id FROM notes'))
          await expect(broken).rejects.toThrow()
          expect(
            (await userInForce.run({ userId: ANN }, () => pool.query('SELECT DISTINCT user_id FROM notes'))).rows,
          ).toEqual([{ user_id: ANN }])
        } finally {
          await pool.end()
        }
      },
    )
  })

  describe('at the start', () => {
    const faults: [string, string, RegExp][] = [
      ['ALTER TABLE notes DISABLE ROW LEVEL SECURITY', 'row security off', /row security is off on notes/],
      ['DROP POLICY latchkey_owner ON folders', 'a missing policy', /policy of folders/],
      [
        'ALTER POLICY latchkey_owner ON records USING (true)',
        'a policy that lets all rows be seen',
        /policy of records/,
      ],
      [
        'ALTER POLICY latchkey_owner ON records WITH CHECK (true)',
        'a policy that lets all rows be written',
        /policy of records/,
      ],
      [
        'CREATE POLICY wide ON sessions USING (true)',
        'a second policy, which would widen the first',
        /sessions has more than one policy/,
      ],
      [`GRANT UPDATE ON audit_entries TO ${SCOPED_ROLE}`, 'a log that can be changed', /UPDATE\] on audit_entries/],
      [`GRANT SELECT ON users TO ${SCOPED_ROLE}`, 'a server table that can be read', /\[SELECT\] on users/],
      [
        'GRANT SELECT ON outbox_messages TO PUBLIC',
        'a server table that everybody can read',
        /\[SELECT\] on outbox_messages/,
      ],
      [`GRANT SELECT (email) ON users TO ${SCOPED_ROLE}`, 'one column of a server table', /single columns of users/],
      [
        `REVOKE INSERT ON records FROM ${SCOPED_ROLE}`,
        'a missing grant',
        /on records and should have \[SELECT, INSERT/,
      ],
    ]
    test.each(faults)('%s (%s) is found', async (sql, _name, fault) => {
      await expect(checkRowSecurity(query, world.models)).resolves.toBeUndefined()
      await inTransaction(world, async (tx) => {
        await tx(sql)
        await expect(checkRowSecurity(tx, world.models)).rejects.toThrow(fault)
      })
    })

    test('what a user could mend by a migration is mended, and where all is there nothing is sent but two questions', async () => {
      await inTransaction(world, async (tx) => {
        await tx('ALTER TABLE notes DISABLE ROW LEVEL SECURITY; ALTER POLICY latchkey_owner ON records USING (true)')
        await applyRowSecurity(tx, world.models)
        await checkRowSecurity(tx, world.models)
      })
      const sent: string[] = []
      await applyRowSecurity((text, values) => (sent.push(text), query(text, values)), world.models)
      expect(sent).toHaveLength(2)
    })

    test('a login that may not take the role is told what an administrator must run, and that is enough', async () => {
      const { config, drop } = await freshDatabase('postgresql')
      const url = new URL('url' in config ? config.url : '')
      const login = `latchkey_login_${process.pid}`
      await runSql(url.href, `CREATE ROLE ${login} LOGIN PASSWORD 'test'; ALTER SCHEMA public OWNER TO ${login}`)
      const client = new pg.Client({
        connectionString: Object.assign(new URL(url), { username: login, password: 'test' }).href,
      })
      try {
        await client.connect()
        const { tables, models } = await testModels('postgresql')
        await client.query(tables)
        const asLogin: Query = (text, values) => client.query(text, values)
        await expect(applyRowSecurity(asLogin, models)).rejects.toThrow(`GRANT ${SCOPED_ROLE} TO`)
        await runSql(url.href, `GRANT ${SCOPED_ROLE} TO ${login}`)
        await applyRowSecurity(asLogin, models)
        await checkRowSecurity(asLogin, models)
      } finally {
        await client.end()
        await drop()
        await runSql(process.env['TEST_POSTGRES_URL'] ?? '', `DROP ROLE ${login}`)
      }
    })
  })
})

const patient = { timeout: 300_000 }

describe.each(providers)('D3: a thousand users at once, on %s', (provider) => {
  test(
    'over two connections, with transactions and failures among their queries: nobody meets a foreign row',
    patient,
    async () => {
      const world = await openWorld(provider, 2)
      const users = Array.from({ length: 1000 }, (_, index) => `u${String(index).padStart(4, '0')}`)
      const seen: { me: string; row: Row }[] = []
      const keep = (me: string, answer: unknown) =>
        [answer].flat().forEach((row) => row && seen.push({ me, row: row as Row }))
      try {
        await call(world.server, 'user', 'createMany', { data: users.map((id) => ({ id, email: id })) })
        await call(world.server, 'folder', 'createMany', {
          data: users.map((userId) => ({ userId, id: `f-${userId}`, name: userId })),
        })
        const note = (userId: string, n: number) => ({
          userId,
          id: `n${n}-${userId}`,
          slug: `s${n}-${userId}`,
          body: userId,
          folderId: `f-${userId}`,
        })
        await call(world.server, 'note', 'createMany', {
          data: users.flatMap((userId) => [note(userId, 1), note(userId, 2)]),
        })

        await Promise.all(users.map(async (me, index) => {
        const other = users[(index + 1) % users.length] ?? ''
        const db = world.as(me, provider === 'postgresql' && index % 5 === 0 ? 'row-security' : 'all')
        const work = [
          () => call(db, 'note', 'findMany', { include: { folder: true } }),
          () => call(db, 'note', 'findUnique', { where: { id: `n1-${me}` }, select: { userId: true, folder: { select: { userId: true } } } }),
          () => call(db, 'note', 'findFirst', { where: { OR: [{ userId: other }, { body: { not: '' } }] } }),
          () => db.$transaction(async (tx) => {
            await call(tx, 'note', 'updateMany', { data: { size: { increment: 1 } } })
            return call(tx, 'note', 'findMany')
          }),
          () => db.$transaction(async (tx) => {
            keep(me, await call(tx, 'folder', 'findMany', { include: { notes: true } }))
            await call(tx, 'note', 'create', { data: note(me, 1) }) // the key is taken: the transaction is broken
          }).catch(() => null),
          () => call(db, 'note', 'update', { where: { id: `n1-${other}` }, data: { body: 'taken' } }).catch(() => null),
        ]
        // Another order for each user, so that every kind of query meets every other on the connections.
        await Promise.all(work.map(async (_, step) => keep(me, await work[(step + index) % work.length]?.())))
      })) // prettier-ignore

        expect(seen.length).toBeGreaterThanOrEqual(users.length * 6)
        expect(
          seen.filter(({ me, row }) =>
            JSON.stringify(row)
              .replaceAll(me, '')
              .match(/u\d{4}/),
          ),
        ).toEqual([])
        expect(await call(world.server, 'note', 'count', { where: { size: 1 } })).toBe(2000)
        expect(await call(world.server, 'note', 'count', { where: { body: 'taken' } })).toBe(0)
      } finally {
        await world.close()
      }
    },
  )
})

/** Runs on a connection of its own, and undoes it all. */
async function inTransaction(world: World, work: (query: Query) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: world.url })
  await client.connect()
  try {
    await client.query('BEGIN')
    await work((text, values) => client.query(text, values))
  } finally {
    await client.end()
  }
}
