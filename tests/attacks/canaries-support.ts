import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { TestApp } from '../support/app.ts'

/** A thing that must stand nowhere in clear, and what to call it when it does. */
export type Canary = { name: string; bytes: Buffer }

/** A place where the server leaves something: its name, and all that stands in it. */
export type Place = { name: string; content: Buffer }

/** Where a canary stands, and in what form: 'session token as base64 in the log'. Empty when nowhere. */
export function sightings(canaries: readonly Canary[], places: readonly Place[]): string[] {
  return canaries.flatMap((canary) =>
    formsOf(canary.bytes).flatMap(({ form, bytes }) =>
      places
        .filter(({ content }) => content.includes(bytes))
        .map((place) => `${canary.name} as ${form} in ${place.name}`),
    ),
  )
}

/** Where six digits stand by themselves: within an id or a time they say nothing. */
export function sightingsOfCode(code: string, places: readonly Place[]): string[] {
  const spoken = new RegExp(`(?<![\\w.:-])${code.slice(0, 3)} ?${code.slice(3)}(?![\\w.:-])`)
  return places.filter(({ content }) => spoken.test(content.toString('latin1'))).map(({ name }) => `a code in ${name}`)
}

function formsOf(secret: Buffer): { form: string; bytes: Buffer }[] {
  const base64 = [0, 1, 2].map((offset) => base64Within(secret, offset))
  return [
    { form: 'itself', bytes: secret },
    ...[secret.toString('hex'), secret.toString('hex').toUpperCase()].map((hex) => ({
      form: 'hex',
      bytes: Buffer.from(hex),
    })),
    ...base64.map((text) => ({ form: 'base64', bytes: Buffer.from(text) })),
    ...base64.map((text) => ({
      form: 'base64url',
      bytes: Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_')),
    })),
  ]
}

/** The characters that stand for a secret in a base64 text in which so many bytes come before it, whatever follows. */
function base64Within(secret: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), secret]).toString('base64')
  return text.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + secret.length) * 8) / 6))
}

/** Every byte of the database: the files of SQLite, with what a row held before; each row of each table of PostgreSQL. */
export async function databaseOf(app: TestApp): Promise<Place[]> {
  const url = app.env['DATABASE_URL']
  if (!url?.startsWith('postgres')) return filesOf(app.env['DATA_DIR'] ?? '')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query<{ table: string }>(
      "SELECT tablename AS table FROM pg_tables WHERE schemaname = 'public'",
    )
    const places: Place[] = []
    for (const { table } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`SELECT "${table}"::text AS row FROM "${table}"`)
      places.push({ name: `the table ${table}`, content: Buffer.from(rows.map(({ row }) => row).join('\n')) })
    }
    return places
  } finally {
    await client.end()
  }
}

async function filesOf(folder: string): Promise<Place[]> {
  const names = (await readdir(folder)).filter((name) => name.includes('.db'))
  return Promise.all(
    names.map(async (name) => ({ name: `the file ${name}`, content: await readFile(join(folder, name)) })),
  )
}

/** Every key of ours in Redis, with its value. */
export async function redisOf(app: TestApp): Promise<Place[]> {
  const url = app.env['REDIS_URL']
  if (!url) return []
  // A connection of its own: the server's gives up on what takes long.
  const redis = new Redis(url)
  try {
    const keys = await redis.keys('latchkey:*')
    const values = await Promise.all(keys.map(async (key) => [key, await valueOf(redis, key)]))
    return [{ name: 'Redis', content: Buffer.from(JSON.stringify(values)) }]
  } finally {
    redis.disconnect()
  }
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key)
  if (type === 'none') return null // expired meanwhile
  if (type === 'string') return redis.get(key)
  if (type === 'list') return redis.lrange(key, 0, -1)
  if (type === 'hash') return redis.hgetall(key)
  if (type === 'set') return redis.smembers(key)
  if (type === 'zset') return redis.zrange(key, '0', '-1')
  throw new Error(`A key of the unknown type ${type}: this test must learn to read it.`)
}
