import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { doctor } from '../src/doctor.ts'
import { migrate } from '../src/platform/db/migrate.ts'
import { silentLog } from '../src/platform/log.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function ask(env: Record<string, string>) {
  const lines: string[] = []
  const code = await doctor(env, (line) => lines.push(line))
  return { code, text: lines.join('\n') }
}

test('a newcomer without settings is told that all is well, and nothing is made on the way', async () => {
  const { code, text } = await ask({ DATA_DIR: join(folder, 'data') })
  expect(code).toBe(0)
  expect(text).toMatch(/✓ SQLite .* the first start makes it/)
  expect(text).toMatch(/requestMagicLink\.address +300 +1h +address +LIMIT_REQUEST_MAGIC_LINK_ADDRESS/)
  expect(existsSync(join(folder, 'data'))).toBe(false)
})

test('a database that was migrated is up to date', async () => {
  await migrate({ provider: 'sqlite', file: join(folder, 'latchkey.db') }, silentLog)
  const { code, text } = await ask({ DATA_DIR: folder })
  expect(text).toMatch(/✓ SQLite .* up to date/)
  expect(code).toBe(0)
})

test('faults come with the line that mends each, and exit code 1', async () => {
  const { code, text } = await ask({ NODE_ENV: 'production', PORT: 'x' })
  expect(code).toBe(1)
  expect(text).toMatch(/✗ MASTER_KEYS: .*\n +mend: MASTER_KEYS=/)
  expect(text).toMatch(/✗ PORT: .*\n +mend: PORT=4000/)
})

test('what does not answer is a fault, and no password is shown', async () => {
  const away = { DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/x', REDIS_URL: 'redis://:canary@127.0.0.1:1' }
  const { code, text } = await ask(away)
  expect(code).toBe(1)
  expect(text).toMatch(/✗ PostgreSQL: .*ECONNREFUSED/)
  expect(text).toMatch(/✗ Redis: .*ECONNREFUSED/)
  expect(text).not.toContain('canary')
})

test('production with wide limits and no trusted proxy is warned about, and no secret is shown', async () => {
  const key = randomBytes(32).toString('base64url')
  const { code, text } = await ask({
    NODE_ENV: 'production',
    DATA_DIR: folder,
    PUBLIC_URL: 'https://login.example.com',
    MASTER_KEYS: `key1:${key}`,
    MAIL_FROM: 'login@example.com',
    SMTP_URL: 'smtps://u:canary@mail.example.com',
    RATE_LIMIT_SCALE: '5',
  })
  expect(code).toBe(0)
  expect(text).toContain('! The limits are 5 times as wide')
  expect(text).toContain('! No proxy is trusted.')
  expect(text).not.toContain(key)
  expect(text).not.toContain('canary')
})

test('pages of a frontend are told, with what keeps passkeys from them', async () => {
  const env = {
    DATA_DIR: folder,
    ALLOWED_ORIGINS: 'https://app.example.com',
    PAGES: 'off',
    PAGES_URL: 'https://app.example.com/login',
  }
  const { code, text } = await ask(env)
  expect(code).toBe(0)
  expect(text).toContain(
    "✓ This server's own pages are off; the links in mails lead to https://app.example.com/login/.",
  )
  expect(text).toMatch(/! Passkeys belong to localhost, .*\n +better: PASSKEY_RP_ID=/)
  expect((await ask({ DATA_DIR: folder })).text).not.toContain('Passkeys belong to')
})

test.skipIf(!process.env['TEST_POSTGRES_URL'] || !process.env['TEST_REDIS_URL'])(
  'PostgreSQL and Redis answer',
  async () => {
    const { text } = await ask({
      DATABASE_URL: process.env['TEST_POSTGRES_URL'] ?? '',
      REDIS_URL: process.env['TEST_REDIS_URL'] ?? '',
    })
    expect(text).toMatch(/PostgreSQL answers/)
    expect(text).toContain('✓ Redis answers.')
  },
)
