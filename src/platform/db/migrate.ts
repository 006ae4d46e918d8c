import type { Config } from '../../config.ts'
import type { Log } from '../log.ts'
import { migrateSqlite } from './migrate-sqlite.ts'
import { migrationsFolder, readMigrations, type Migration } from './migrations.ts'

/**
 * Brings the tables up to date. Each migration is applied in one transaction with the note of it, under a lock, so that
 * a process may be killed in the middle, and several may start at once. Refuses a database that a newer version has
 * migrated, and one whose migrations were edited after they were applied.
 */
export async function migrate(config: Config['database'], log: Log, folder = migrationsFolder()): Promise<void> {
  const migrations = readMigrations(config.provider, folder)
  for (const name of await apply(config, migrations)) log.info('database.migrated', { migration: name })
}

async function apply(config: Config['database'], migrations: readonly Migration[]): Promise<string[]> {
  if (config.provider === 'sqlite') return migrateSqlite(config.file, migrations)
  const { migratePostgresql } = await import('./migrate-postgresql.ts')
  return migratePostgresql(config.url, migrations)
}
