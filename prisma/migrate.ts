// The tables' command line:
//   npm run db:migration NAME   writes the next migration for both databases from a change of prisma/schema.prisma
//   npm run db:migrate          applies what the database that DATABASE_URL names is missing, as a start of the server does
import path from 'node:path'
import { readConfig } from '../src/config.ts'
import { loadEnvFile } from '../src/load-env-file.ts'
import { migrate } from '../src/platform/db/migrate.ts'
import { migrationsFolder } from '../src/platform/db/migrations.ts'
import { openLog } from '../src/platform/log.ts'
import { writeMigration } from './new-migration.ts'

const USAGE = 'Usage: npm run db:migration NAME, or npm run db:migrate'

async function run([command, name]: string[]): Promise<string> {
  if (command === 'new' && name) return writeNext(name)
  if (command === 'deploy' && !name) return deploy()
  throw new Error(USAGE)
}

async function writeNext(name: string): Promise<string> {
  const made = await writeMigration(name, path.join(import.meta.dirname, 'schema.prisma'), migrationsFolder())
  if (!made) return 'prisma/schema.prisma has not changed since the last migration: nothing to write.'
  return `Wrote ${made} into prisma/migrations/sqlite and prisma/migrations/postgresql. Read both before you commit them.`
}

async function deploy(): Promise<string> {
  // Of a server's settings only the database's: a job that migrates need not know the keys.
  loadEnvFile()
  const { DATABASE_URL, DATA_DIR } = process.env
  const { database } = readConfig({ DATABASE_URL, DATA_DIR })
  await migrate(database, openLog({ level: 'info', pretty: true }))
  return 'The tables are up to date.'
}

run(process.argv.slice(2)).then(console.log, (error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
