import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../package-root.ts'

/** One step of the tables: a script, and the name that orders it among the others. */
export type Migration = { name: string; script: string; checksum: string }

/** A row of _prisma_migrations, the table that Prisma's own commands keep, too. */
export type AppliedMigration = { name: string; checksum: string; finished: boolean; rolledBack: boolean }

/** The migrations that come with this version, in their order. The folder is given by tests alone. */
export function readMigrations(provider: 'sqlite' | 'postgresql', folder = migrationsFolder()): Migration[] {
  const ofProvider = path.join(folder, provider)
  const names = fs.readdirSync(ofProvider, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return names
    .map(({ name }) => {
      const script = fs.readFileSync(path.join(ofProvider, name, 'migration.sql'), 'utf8')
      return { name, script, checksum: createHash('sha256').update(script).digest('hex') }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** prisma/migrations of this package, found from the sources as well as from the built server. */
export function migrationsFolder(): string {
  return path.join(packageRoot(), 'prisma', 'migrations')
}

/** What is still to be applied. Throws where the database and this version cannot go together. */
export function findMissing(migrations: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]))
  const done = new Set<string>()
  for (const { name, checksum, finished, rolledBack } of applied) {
    if (rolledBack) continue
    const known = byName.get(name)
    if (!known) {
      throw new Error(
        `The database has the migration ${name}, which this version does not know. Start the newer version that made it.`,
      )
    }
    if (!finished) {
      throw new Error(
        `The migration ${name} was begun by another tool and has failed. Mend the tables, and mark it with "prisma migrate resolve".`,
      )
    }
    if (checksum !== known.checksum) {
      throw new Error(
        `The migration ${name} was changed after it was applied to this database. Restore its file, and make a new migration for the change.`,
      )
    }
    done.add(name)
  }
  return migrations.filter(({ name }) => !done.has(name))
}

/** The note of an applied migration, as _prisma_migrations has it. */
export function noteOf(migration: Migration, startedAt: Date) {
  return { id: randomUUID(), checksum: migration.checksum, name: migration.name, startedAt, finishedAt: new Date() }
}
