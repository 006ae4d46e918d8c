import type BetterSqlite3 from 'better-sqlite3'
import { findMissing, noteOf, type AppliedMigration, type Migration } from './migrations.ts'
import { openSqliteHandle } from './sqlite.ts'

// Long enough for another process that starts at the same time to have migrated a large file.
const WAIT_MS = 120_000

const TABLE = `
CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" TEXT PRIMARY KEY NOT NULL,
  "checksum" TEXT NOT NULL,
  "finished_at" DATETIME,
  "migration_name" TEXT NOT NULL,
  "logs" TEXT,
  "rolled_back_at" DATETIME,
  "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
  "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0
)`

/** Applies to a SQLite file what it lacks, and returns the names of what was applied. */
export function migrateSqlite(file: string, migrations: readonly Migration[]): string[] {
  const handle = openSqliteHandle(file, WAIT_MS)
  try {
    if (findMissing(migrations, readApplied(handle)).length === 0) return []
    // A script may make a table anew: with foreign keys on, dropping the old one would delete the rows that refer to it.
    // This cannot be switched inside of a transaction, so the scripts' own pragma does nothing.
    handle.pragma('foreign_keys = OFF')
    return migrations.filter((migration) => apply(handle, migration, migrations)).map(({ name }) => name)
  } finally {
    handle.close()
  }
}

/** Applies one migration and notes it, in one transaction; false when it was there already. */
function apply(handle: BetterSqlite3.Database, migration: Migration, all: readonly Migration[]): boolean {
  const applyOnce = handle.transaction(() => {
    handle.exec(TABLE)
    if (!findMissing(all, readApplied(handle)).includes(migration)) return false // another process was faster
    const startedAt = new Date()
    handle.exec(migration.script)
    refuseBrokenKeys(handle, migration)
    writeNote(handle, migration, startedAt)
    return true
  })
  return applyOnce.exclusive()
}

function refuseBrokenKeys(handle: BetterSqlite3.Database, { name }: Migration): void {
  const broken = handle.prepare<[], { table: string; parent: string }>('PRAGMA foreign_key_check').get()
  if (!broken) return
  throw new Error(
    `The migration ${name} would leave rows of ${broken.table} that refer to missing rows of ${broken.parent}.`,
  )
}

function readApplied(handle: BetterSqlite3.Database): AppliedMigration[] {
  const table = handle.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_prisma_migrations'").get()
  if (!table) return []
  const rows = handle.prepare<[], { name: string; checksum: string; finished: number; rolled_back: number }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS rolled_back
     FROM _prisma_migrations`,
  )
  return rows.all().map((row) => ({ ...row, finished: row.finished === 1, rolledBack: row.rolled_back === 1 }))
}

function writeNote(handle: BetterSqlite3.Database, migration: Migration, startedAt: Date): void {
  const note = noteOf(migration, startedAt)
  handle
    .prepare(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
       VALUES (?, ?, ?, ?, ?, 1)`,
    )
    .run(note.id, note.checksum, note.finishedAt.getTime(), note.name, note.startedAt.getTime())
}
