import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { Config } from '../../../src/config.ts'

type Fresh = { config: Config['database']; drop(): Promise<void> }

/** The kinds of database that these tests can reach: PostgreSQL is left out where TEST_POSTGRES_URL does not name one. */
export const providers: readonly ('sqlite' | 'postgresql')[] = process.env['TEST_POSTGRES_URL']
  ? ['sqlite', 'postgresql']
  : ['sqlite']

/** An empty database of one kind, without tables. */
export async function freshDatabase(provider: 'sqlite' | 'postgresql', poolSize = 4): Promise<Fresh> {
  if (provider === 'sqlite') {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'latchkey-db-'))
    const drop = () => fs.promises.rm(folder, { recursive: true, force: true })
    return { config: { provider, file: path.join(folder, 'data', 'latchkey.db') }, drop }
  }
  const name = `latchkey_db_${randomUUID().replaceAll('-', '')}`
  const admin = process.env['TEST_POSTGRES_URL'] ?? ''
  await runSql(admin, `CREATE DATABASE ${name}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return {
    config: { provider, url: url.href, poolSize },
    drop: async () => void (await runSql(admin, `DROP DATABASE ${name} WITH (FORCE)`)),
  }
}

/** Runs a query on PostgreSQL over a connection of its own. */
export async function runSql(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows
  } finally {
    await client.end()
  }
}
