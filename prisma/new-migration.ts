import fs from 'node:fs'
import path from 'node:path'
import { diffSchemas, type Provider } from './schema-engine.ts'

const PROVIDERS: readonly Provider[] = ['sqlite', 'postgresql']

/** The schema as the migrations leave it, beside them: the next migration leads from it to prisma/schema.prisma. */
const LAST_SCHEMA = 'last-schema.prisma'

/**
 * Writes the next migration for both databases, and returns its name; null when the schema has not changed since the
 * last one. A name may have letters, digits, - and _.
 */
export async function writeMigration(
  name: string,
  schemaFile: string,
  folder: string,
  now = new Date(),
): Promise<string | null> {
  if (!/^[A-Za-z0-9_-]+$/.test(name))
    throw new Error('Give the migration a name of letters, digits, - and _: add_notes')
  const schema = fs.readFileSync(schemaFile, 'utf8')
  const scripts = await diffFromLast(schema, folder)
  if (scripts.every(({ script }) => script === null)) return null

  const fullName = `${timestamp(now)}_${name}`
  for (const { provider, script } of scripts) {
    const target = path.join(folder, provider, fullName)
    fs.mkdirSync(target, { recursive: true })
    fs.writeFileSync(path.join(target, 'migration.sql'), script ?? '-- Nothing changes on this database.\n')
    fs.writeFileSync(path.join(folder, provider, 'migration_lock.toml'), `provider = "${provider}"\n`)
  }
  fs.writeFileSync(path.join(folder, LAST_SCHEMA), schema)
  return fullName
}

/** For each database the script that is missing, or null. */
export async function diffFromLast(
  schema: string,
  folder: string,
): Promise<{ provider: Provider; script: string | null }[]> {
  const file = path.join(folder, LAST_SCHEMA)
  const last = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : 'datasource db {\n  provider = "sqlite"\n}\n'
  return Promise.all(
    PROVIDERS.map(async (provider) => ({ provider, script: await diffSchemas(provider, last, schema) })),
  )
}

/** 20260131235959, in UTC: the names sort by their age. */
function timestamp(now: Date): string {
  return now.toISOString().slice(0, 19).replace(/\D/g, '')
}
