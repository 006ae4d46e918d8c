import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config.ts'
import { openDatabase, type Database } from '../../../src/platform/db/client.ts'
import { migrate } from '../../../src/platform/db/migrate.ts'
import { silentLog as log } from '../../../src/platform/log.ts'
import { freshDatabase, providers, runSql } from './fresh-database.ts'

describe.each(providers)('the database on %s', (provider) => {
  let config: Config['database']
  let drop: () => Promise<void>
  let database: Database

  beforeAll(async () => {
    ;({ config, drop } = await freshDatabase(provider))
    await migrate(config, log)
    database = await openDatabase(config, log)
  })
  afterAll(async () => {
    await database.close()
    await drop()
  })

  const times = [new Date('2026-01-02T03:04:05.678Z'), new Date('1999-12-31T23:59:59.999Z')]
  const auditColumns = ['id', 'user_id', 'action', 'success', 'details', 'timestamp']
  const audit = (id: string, timestamp: Date) =>
    [id, null, 'test', id.endsWith('1'), '{"a":"ä\'\\""}', timestamp] as const

  test('reads by a prepared statement what Prisma wrote, with times and booleans as such', async () => {
    const [createdAt = new Date(), lastLoginAt = new Date()] = times
    await database.systemDb.user.create({ data: { id: 'read', email: 'read@x.test', createdAt, lastLoginAt } })
    const session = {
      id: 's',
      userId: 'read',
      tokenHash: 's',
      authMethod: 'MAGIC_LINK',
      deviceName: 'd',
      remembered: true,
    }
    const at = { provedAt: createdAt, createdAt, lastActivityAt: createdAt, expiresAt: lastLoginAt }
    await database.systemDb.session.create({ data: { ...session, ...at } })

    const statement = {
      name: 'session and user',
      text: `SELECT u.id, u.last_login_at, s.remembered, s.strong_proved_at, s.expires_at, coalesce(s.strong_proved_at, s.proved_at) AS proved
             FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND u.created_at = $2 AND s.remembered = $3 AND u.id <> $4`,
      dates: ['last_login_at', 'strong_proved_at', 'expires_at', 'proved'],
    }
    const expected = {
      id: 'read',
      last_login_at: lastLoginAt,
      remembered: true,
      strong_proved_at: null,
      expires_at: lastLoginAt,
      proved: createdAt,
    }
    expect(await database.read(statement, ['s', createdAt, true, 'x'])).toEqual([expected])
    expect(await database.read(statement, ['s', lastLoginAt, true, 'x'])).toEqual([])
  })

  test('compares times in a prepared statement as Prisma does', async () => {
    const first = new Date('2026-05-05T10:00:00.100Z')
    await database.systemDb.magicLink.create({
      data: {
        id: 'm',
        tokenHash: 'm',
        codeHash: '',
        challengeHash: '',
        email: '',
        rememberDevice: false,
        deviceName: '',
        createdAt: first,
        expiresAt: first,
      },
    })
    const statement = { name: 'expired', text: 'SELECT count(*) AS n FROM magic_links WHERE expires_at < $1' }
    expect(await database.read(statement, [new Date(first.getTime() + 1)])).toEqual([{ n: 1 }])
    expect(await database.read(statement, [first])).toEqual([{ n: 0 }])
    expect(await database.systemDb.magicLink.count({ where: { expiresAt: { lt: first } } })).toBe(0)
  })

  test('refuses two statements of one name', async () => {
    await database.read({ name: 'twice', text: 'SELECT 1 AS one' }, [])
    await expect(database.read({ name: 'twice', text: 'SELECT 2 AS two' }, [])).rejects.toThrow()
  })

  test('inserts rows that Prisma reads back', async () => {
    const [one = new Date(), two = new Date()] = times
    await database.insertRows('audit_entries', auditColumns, [audit('a1', one), audit('a2', two)])
    await database.insertRows('audit_entries', auditColumns, [audit('a3', one)])
    await database.insertRows('audit_entries', auditColumns, [])
    const rows = await database.systemDb.auditEntry.findMany({
      where: { id: { startsWith: 'a' } },
      orderBy: { id: 'asc' },
    })
    expect(rows).toMatchObject([
      { id: 'a1', userId: null, success: true, details: '{"a":"ä\'\\""}', timestamp: one },
      { id: 'a2', success: false, timestamp: two },
      { id: 'a3', timestamp: one },
    ])
  })

  test('inserts all rows or none', async () => {
    const [at = new Date()] = times
    const rows = [audit('b1', at), audit('b1', at)]
    await expect(database.insertRows('audit_entries', auditColumns, rows)).rejects.toThrow()
    expect(await database.systemDb.auditEntry.count({ where: { id: 'b1' } })).toBe(0)
  })

  test('counts the statements and shows their text, but not what begins and ends a transaction', async () => {
    const texts: string[] = []
    const stop = database.onStatement((text) => texts.push(text))
    const before = database.statements()
    await database.systemDb.$transaction(async (tx) => {
      await tx.serverFact.create({ data: { name: 'counted', value: '1' } })
      await tx.serverFact.findMany()
    })
    await database.read({ name: 'facts', text: 'SELECT name FROM server_facts WHERE name = $1' }, ['counted'])
    await database.insertRows(
      'server_facts',
      ['name', 'value'],
      [
        ['counted too', ''],
        ['and this', ''],
      ],
    )
    stop()
    await database.ping()
    expect(texts.map((text) => text.trim().split(' ')[0])).toEqual(['INSERT', 'SELECT', 'SELECT', 'INSERT'])
    expect(database.statements() - before).toBe(5)
  })

  test('says nothing of the arguments in an error', async () => {
    const create = () => database.systemDb.serverFact.create({ data: { name: 'secret name', value: 'secret value' } })
    await create()
    const error: unknown = await create().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'P2002' })
    expect(String(error)).not.toContain('secret')
  })

  test('gives each user the own rows alone', async () => {
    const at = { createdAt: new Date(), updatedAt: new Date() }
    for (const id of ['ann', 'bob']) {
      await database.systemDb.user.create({ data: { id, email: `${id}@x.test` } })
      await database.systemDb.record.create({ data: { id, userId: id, collection: 'c', ...at } })
    }
    const line = { action: 'test', timestamp: new Date() }
    const scopeTo = (id: string) => database.scopeToUser(id, { read: () => {}, wrote: () => line })
    const [ann, bob] = [scopeTo('ann'), scopeTo('bob')]
    const seen = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? bob : ann).record.findMany()))
    for (const [n, rows] of seen.entries()) expect(rows.map(({ id }) => id)).toEqual([n % 2 ? 'bob' : 'ann'])
  })

  test('refuses statements once it is closed', async () => {
    const other = await openDatabase(config, log)
    await other.ping()
    await other.close()
    await expect(other.ping()).rejects.toThrow()
    await expect(other.systemDb.user.count()).rejects.toThrow()
    await expect(other.insertRows('server_facts', ['name', 'value'], [['x', '']])).rejects.toThrow()
  })
})

describe.runIf(providers.includes('postgresql'))('PostgreSQL', () => {
  test('is not opened where row security is off, and the next migrate puts it back', async () => {
    const { config, drop } = await freshDatabase('postgresql')
    if (config.provider !== 'postgresql') throw new Error('unreachable')
    await migrate(config, log)
    await runSql(config.url, 'ALTER TABLE records DISABLE ROW LEVEL SECURITY')
    await expect(openDatabase(config, log)).rejects.toThrow('row security is off on records')
    await migrate(config, log)
    const database = await openDatabase(config, log)
    await database.close()
    await drop()
  })

  test('a connection that dies while it is idle is replaced', async () => {
    const { config, drop } = await freshDatabase('postgresql')
    if (config.provider !== 'postgresql') throw new Error('unreachable')
    await migrate(config, log)
    const database = await openDatabase(config, log)
    await database.systemDb.user.count()
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'latchkey%'`
    expect((await runSql(config.url, kill)).length).toBeGreaterThan(0)
    await expect.poll(() => database.systemDb.user.count().catch(() => null)).toBe(0)
    await database.close()
    await drop()
  })

  test('no statement, no lock and no idle transaction is waited for without end, and both pools keep to the size together', async () => {
    const { config, drop } = await freshDatabase('postgresql', 3)
    if (config.provider !== 'postgresql') throw new Error('unreachable')
    await migrate(config, log)
    const database = await openDatabase(config, log)
    const shown = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'].map(
      (name) => `current_setting('${name}') AS ${name}`,
    )
    const [settings] = await database.read<Record<string, string>>(
      { name: 'settings', text: `SELECT ${shown.join(', ')}` },
      [],
    )
    for (const [name, value] of Object.entries(settings ?? {})) expect(value, name).toMatch(/^[1-9]\d*(ms|s)$/)
    await Promise.all(Array.from({ length: 20 }, () => database.systemDb.user.count()))
    const [count] = await runSql(
      config.url,
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'latchkey%'`,
    )
    expect(count?.['n']).toBeLessThanOrEqual(3)
    await database.close()
    await drop()
  })
})
