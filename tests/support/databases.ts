import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import pg from 'pg'

/** A database of a test's own, and the environment by which a server finds it. */
export type TestDatabase = { env: Record<string, string>; drop(): Promise<void> }

export const provider = process.env['TEST_DATABASE'] === 'postgresql' ? 'postgresql' : 'sqlite'

/** A fresh, empty database of the kind that this run of the tests is about. */
export async function freshDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'))
  const dropFolder = () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
  if (provider === 'sqlite') return { env: { DATA_DIR: folder }, drop: dropFolder }

  const adminUrl = process.env['TEST_POSTGRES_URL']
  if (!adminUrl) throw new Error('TEST_POSTGRES_URL must name a PostgreSQL server whose user may create databases.')
  const name = `latchkey_test_${randomUUID().replaceAll('-', '')}`
  await asAdmin(adminUrl, `CREATE DATABASE ${name}`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  const redisUrl = process.env['TEST_REDIS_URL']
  return {
    env: {
      DATA_DIR: folder,
      DATABASE_URL: url.href,
      DATABASE_POOL_SIZE: '8',
      ...(redisUrl && { REDIS_URL: redisUrl }),
    },
    drop: async () => {
      await dropFolder()
      await asAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
