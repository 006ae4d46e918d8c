import BetterSqlite3 from 'better-sqlite3'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { diffFromLast, writeMigration } from '../../../prisma/new-migration.ts'
import type { Config } from '../../../src/config.ts'
import { openDatabase } from '../../../src/platform/db/client.ts'
import { migrate } from '../../../src/platform/db/migrate.ts'
import { migrationsFolder, readMigrations } from '../../../src/platform/db/migrations.ts'
import type { Log } from '../../../src/platform/log.ts'
import { freshDatabase, providers, runSql } from './fresh-database.ts'

const repository = path.resolve(import.meta.dirname, '..', '..', '..')
const schemaFile = path.join(repository, 'prisma', 'schema.prisma')

/** A copy of the migrations, to which a test may add its own. */
let folder: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'latchkey-migrations-'))
  fs.cpSync(migrationsFolder(), folder, { recursive: true })
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

function addMigration(provider: string, name: string, script: string): void {
  fs.mkdirSync(path.join(folder, provider, name), { recursive: true })
  fs.writeFileSync(path.join(folder, provider, name, 'migration.sql'), script)
}

function listeningLog() {
  const applied: unknown[] = []
  const listen = (event: string, fields?: Record<string, unknown>) => {
    if (event === 'database.migrated') applied.push(fields?.['migration'])
  }
  const log = { debug: listen, info: listen, warn: listen, error: listen } as unknown as Log // nothing else is called
  return { log, applied }
}

async function query(config: Config['database'], text: string): Promise<Record<string, unknown>[]> {
  if (config.provider === 'postgresql') return runSql(config.url, text)
  const handle = new BetterSqlite3(config.file)
  try {
    const statement = handle.prepare<[], Record<string, unknown>>(text)
    return statement.reader ? statement.all() : (statement.run(), [])
  } finally {
    handle.close()
  }
}

describe.each(providers)('migrations on %s', (provider) => {
  let config: Config['database']
  let drop: () => Promise<void>
  const { log, applied } = listeningLog()
  const run = () => migrate(config, log, folder)
  const names = () => readMigrations(provider, folder).map(({ name }) => name)

  beforeEach(async () => {
    ;({ config, drop } = await freshDatabase(provider))
    applied.length = 0
  })
  afterEach(() => drop())

  test('make the tables of a fresh database once, and note it as Prisma does', async () => {
    await run()
    expect(applied).toEqual(names())
    await run()
    expect(applied).toEqual(names())
    const rows = await query(config, 'SELECT * FROM _prisma_migrations')
    expect(rows).toMatchObject(
      readMigrations(provider).map(({ name, checksum }) => ({
        migration_name: name,
        checksum,
        applied_steps_count: 1,
        logs: null,
        rolled_back_at: null,
      })),
    )
    expect(rows[0]?.['finished_at']).not.toBeNull()

    const database = await openDatabase(config, log)
    await database.systemDb.user.create({ data: { email: 'ann@x.test' } })
    expect(await database.systemDb.user.count()).toBe(1)
    await database.close()
  })

  test('that fail leave nothing half done, and are tried again', async () => {
    await run()
    addMigration(
      provider,
      '99990101000000_half',
      'CREATE TABLE half (id TEXT); INSERT INTO half VALUES (1); SELECT nonsense;',
    )
    await expect(run()).rejects.toThrow('nonsense')
    await expect(query(config, 'SELECT * FROM half')).rejects.toThrow()
    addMigration(provider, '99990101000000_half', 'CREATE TABLE half (id TEXT);')
    await run()
    expect(await query(config, 'SELECT * FROM half')).toEqual([])
    expect(applied.at(-1)).toBe('99990101000000_half')
  })

  test('are refused where one was edited after it had been applied', async () => {
    await run()
    const [first] = names()
    fs.appendFileSync(path.join(folder, provider, first ?? '', 'migration.sql'), '-- a second thought\n')
    await expect(run()).rejects.toThrow(`The migration ${first} was changed after it was applied`)
  })

  test('are refused on a database that a newer version has migrated', async () => {
    addMigration(provider, '99990101000000_newer', 'CREATE TABLE newer (id TEXT);')
    await run()
    fs.rmSync(path.join(folder, provider, '99990101000000_newer'), { recursive: true })
    await expect(run()).rejects.toThrow('99990101000000_newer, which this version does not know')
  })

  test('are refused where another tool has left one unfinished, and go on once it is marked as rolled back', async () => {
    await run()
    addMigration(provider, '99990101000000_other', 'CREATE TABLE other (id TEXT);')
    await query(
      config,
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '99990101000000_other')`,
    )
    await expect(run()).rejects.toThrow('99990101000000_other was begun by another tool')
    await query(config, `UPDATE _prisma_migrations SET rolled_back_at = CURRENT_TIMESTAMP WHERE id = 'x'`)
    await run()
    expect(await query(config, 'SELECT * FROM other')).toEqual([])
  })

  test('run once when four processes start together on a fresh database', async () => {
    const outputs = await Promise.all(Array.from({ length: 4 }, () => migrateInProcess(config)))
    expect(outputs.map(({ errors }) => errors)).toEqual(['', '', '', ''])
    const lines = outputs.flatMap(({ output }) => output.split('\n').filter(Boolean))
    expect(lines).toEqual(readMigrations(provider).map(({ name }) => name))
    expect(await query(config, 'SELECT migration_name FROM _prisma_migrations')).toHaveLength(lines.length)
  }, 60_000)
})

/** A process that migrates and prints what it applied. */
async function migrateInProcess(config: Config['database']): Promise<{ output: string; errors: string }> {
  const module = pathToFileURL(path.join(repository, 'src/platform/db/migrate.ts')).href
  const script = `
    import { migrate } from ${JSON.stringify(module)}
    await migrate(${JSON.stringify(config)}, { info: (_event, { migration }) => console.log(migration) })`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: repository })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  await new Promise((resolve) => child.on('close', resolve))
  return { output, errors }
}

test('a SQLite migration that makes a table anew keeps the rows that refer to it', async () => {
  const { config, drop } = await freshDatabase('sqlite')
  const { log } = listeningLog()
  await migrate(config, log, folder)
  await query(config, `INSERT INTO users (id, email) VALUES ('ann', 'ann@x.test')`)
  await query(config, `INSERT INTO record_usage (user_id, count) VALUES ('ann', 7)`)

  const changed = path.join(folder, 'schema.prisma')
  const schema = fs.readFileSync(schemaFile, 'utf8')
  fs.writeFileSync(changed, schema.replace(/displayName +String\?/, 'displayName String @default("")'))
  const name = await writeMigration('names_for_all', changed, folder)
  expect(readMigrations('sqlite', folder).at(-1)).toMatchObject({
    name,
    script: expect.stringContaining('DROP TABLE "users"'),
  })

  await migrate(config, log, folder)
  expect(await query(config, 'SELECT user_id, count FROM record_usage')).toEqual([{ user_id: 'ann', count: 7 }])
  expect(await query(config, 'SELECT email, display_name FROM users')).toEqual([
    { email: 'ann@x.test', display_name: '' },
  ])
  await drop()
})

test('a SQLite migration that would leave rows without what they refer to is refused', async () => {
  const { config, drop } = await freshDatabase('sqlite')
  const { log } = listeningLog()
  await migrate(config, log, folder)
  await query(config, `INSERT INTO users (id, email) VALUES ('ann', 'ann@x.test')`)
  await query(config, `INSERT INTO record_usage (user_id, count) VALUES ('ann', 7)`)
  addMigration('sqlite', '99990101000000_careless', 'DELETE FROM users;')
  await expect(migrate(config, log, folder)).rejects.toThrow('rows of record_usage that refer to missing rows of users')
  expect(await query(config, 'SELECT id FROM users')).toEqual([{ id: 'ann' }])
  await drop()
})

test('a killed process leaves a SQLite file that the next start migrates', async () => {
  const { config, drop } = await freshDatabase('sqlite')
  const { log, applied } = listeningLog()
  if (config.provider !== 'sqlite') throw new Error('unreachable')
  const module = pathToFileURL(path.join(repository, 'src/platform/db/sqlite.ts')).href
  const [init] = readMigrations('sqlite', folder)
  const script = `
    import { openSqliteHandle } from ${JSON.stringify(module)}
    const handle = openSqliteHandle(${JSON.stringify(config.file)})
    handle.exec('BEGIN EXCLUSIVE')
    handle.exec(${JSON.stringify(init?.script)})
    process.kill(process.pid, 'SIGKILL')`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: repository })
  await new Promise((resolve) => child.on('close', resolve))
  await migrate(config, log, folder)
  expect(applied).toEqual(readMigrations('sqlite', folder).map(({ name }) => name))
  await drop()
})

describe('the next migration', () => {
  test('is written for both databases from a change of the schema', async () => {
    const changed = path.join(folder, 'schema.prisma')
    const note = 'model Note {\n  id     String @id\n  userId String\n}\n'
    fs.writeFileSync(changed, `${fs.readFileSync(schemaFile, 'utf8')}\n${note}`)
    const name = await writeMigration('add_notes', changed, folder, new Date('2999-01-02T03:04:05Z'))
    expect(name).toBe('29990102030405_add_notes')
    for (const provider of ['sqlite', 'postgresql'] as const) {
      const written = readMigrations(provider, folder).at(-1)
      expect(written?.name).toBe(name)
      expect(written?.script).toContain('CREATE TABLE "Note"')
    }
    expect(await writeMigration('again', changed, folder)).toBeNull()
  })

  test('has a name that a folder can have', async () => {
    await expect(writeMigration('../up', schemaFile, folder)).rejects.toThrow('Give the migration a name')
  })

  test('has been written: prisma/schema.prisma holds nothing that the migrations do not make', async () => {
    const diffs = await diffFromLast(fs.readFileSync(schemaFile, 'utf8'), migrationsFolder())
    expect(diffs).toEqual([
      { provider: 'sqlite', script: null },
      { provider: 'postgresql', script: null },
    ])
  })
})
