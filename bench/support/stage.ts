import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { readConfig } from '../../src/config.ts'
import { makeToken } from '../../src/platform/crypto/tokens.ts'
import { migrate } from '../../src/platform/db/migrate.ts'
import { silentLog } from '../../src/platform/log.ts'
import { seedPostgresql, seedSqlite } from './seed.ts'
import type { Amounts } from './seed.ts'
import type { Settings } from './settings.ts'

export type Provider = 'sqlite' | 'postgresql'

/** A database of the bench's own, filled, and the environment of a production server on it. */
export type Stage = { provider: Provider; env: Readonly<Record<string, string>>; token: string; amounts: Amounts }

/** How a production server is set here. The limits stay in force, and are never reached. */
const PRODUCTION = {
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PUBLIC_URL: 'https://bench.example',
  MAIL_FROM: 'bench@bench.example',
  POSTMARK_SERVER_TOKEN: 'no-mail-is-sent-from-here',
  RATE_LIMIT_SCALE: '1000000',
  LOG_LEVEL: 'warn',
}

const stages = new Map<string, Promise<Stage>>()
const closing: (() => Promise<void>)[] = []

/** The databases that this run measures on. */
export function providersOf({ postgresUrl }: Settings): Provider[] {
  return postgresUrl ? ['sqlite', 'postgresql'] : ['sqlite']
}

/** A database with these amounts; the same one for each measurement that asks for it. */
export function stageOn(settings: Settings, provider: Provider, amounts: Amounts): Promise<Stage> {
  const key = `${provider} ${amounts.users} ${amounts.recordsPerUser}`
  const stage = stages.get(key) ?? setUp(settings, provider, amounts)
  stages.set(key, stage)
  return stage
}

/** The one with the records. */
export function recordsStage(settings: Settings, provider: Provider): Promise<Stage> {
  return stageOn(settings, provider, { users: settings.users, recordsPerUser: settings.recordsPerUser })
}

/** Removes all of them. */
export async function closeStages(): Promise<void> {
  for (const close of closing.splice(0)) await close()
}

async function setUp({ postgresUrl }: Settings, provider: Provider, amounts: Amounts): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  closing.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })))
  const databaseUrl = provider === 'postgresql' ? await makeDatabase(postgresUrl ?? '') : null
  const env = {
    ...PRODUCTION,
    MASTER_KEYS: `bench:${randomBytes(32).toString('base64url')}`,
    DATA_DIR: folder,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  }
  await migrate(readConfig(env).database, silentLog)
  const token = makeToken()
  if (databaseUrl) await seedPostgresql(databaseUrl, amounts, token)
  else seedSqlite(join(folder, 'latchkey.db'), amounts, token)
  return { provider, env, token, amounts }
}

async function makeDatabase(adminUrl: string): Promise<string> {
  const name = `latchkey_bench_${randomUUID().replaceAll('-', '')}`
  await asAdmin(adminUrl, `CREATE DATABASE ${name}`)
  closing.push(() => asAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return url.href
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
