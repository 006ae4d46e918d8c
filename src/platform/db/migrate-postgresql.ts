import pg from 'pg'
import { DatabaseUnreachableError } from './errors.ts'
import { findMissing, noteOf, type AppliedMigration, type Migration } from './migrations.ts'
import { ownModels } from './own-models.ts'
import { applyRowSecurity, checkRowSecurity } from './row-security.ts'

// The lock that Prisma's own migrate commands take: ours and theirs wait for each other.
const ADVISORY_LOCK = 72707369

const TABLE = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

/** Applies to a PostgreSQL database what it lacks, row security included, and returns the names of what was applied. */
export async function migratePostgresql(url: string, migrations: readonly Migration[]): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'latchkey-migrate',
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => {}) // a connection that breaks fails the query that is under way
  await client.connect().catch((error: unknown) => {
    throw new DatabaseUnreachableError(error)
  })
  try {
    if (await isUpToDate(client, migrations)) return []
    // Another process may be migrating large tables; but no table is waited for so long that others queue behind us.
    await client.query(
      `SET lock_timeout = '10min'; SELECT pg_advisory_lock(${ADVISORY_LOCK}); SET lock_timeout = '30s'`,
    )
    return await applyMissing(client, migrations)
  } finally {
    await client.end() // and the lock is free
  }
}

async function isUpToDate(client: pg.Client, migrations: readonly Migration[]): Promise<boolean> {
  if (findMissing(migrations, await readApplied(client)).length > 0) return false
  try {
    await checkRowSecurity((text, values) => client.query(text, values), ownModels())
    return true
  } catch {
    return false // restored without its roles, perhaps: it is made again
  }
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(TABLE)
  const missing = findMissing(migrations, await readApplied(client))
  for (const migration of missing) {
    await inTransaction(client, async () => {
      const startedAt = new Date()
      await client.query(migration.script)
      await writeNote(client, migration, startedAt)
    })
  }
  await inTransaction(client, () => applyRowSecurity((text, values) => client.query(text, values), ownModels()))
  return missing.map(({ name }) => name)
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  try {
    await work()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}) // what went wrong first is what matters
    throw error
  }
}

async function readApplied(client: pg.Client): Promise<AppliedMigration[]> {
  const { rows: tables } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`,
  )
  if (!tables[0]?.there) return []
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS "rolledBack"
     FROM _prisma_migrations`,
  )
  return rows
}

async function writeNote(client: pg.Client, migration: Migration, startedAt: Date): Promise<void> {
  const note = noteOf(migration, startedAt)
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
     VALUES ($1, $2, $3, $4, $5, 1)`,
    [note.id, note.checksum, note.finishedAt, note.name, note.startedAt],
  )
}
