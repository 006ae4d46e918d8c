import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { MENDING } from '../src/config-mending.ts'
import { ConfigError, readConfig } from '../src/config.ts'
import { DOCUMENTED_LIMITS } from '../src/features/limits.ts'

const key = () => randomBytes(32).toString('base64url')

const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://login.example.com',
  MASTER_KEYS: `key1:${key()}`,
  MAIL_FROM: 'Example <login@example.com>',
  SMTP_URL: 'smtps://user:hunter2@mail.example.com',
}

function faultsOf(env: Record<string, string | undefined>) {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults
  }
}

const faulty = (env: Record<string, string | undefined>) => faultsOf(env).map(({ variable }) => variable)

describe('in development', () => {
  test('nothing needs to be set, and the server keeps to loopback (L6)', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      mode: 'development',
      host: '127.0.0.1',
      port: 4000,
      database: { provider: 'sqlite', file: 'data/latchkey.db' },
      mail: { provider: { kind: 'mailbox', folder: 'data/mailbox' } },
      limits: { scale: 100, overrides: {} },
      masterKeys: [],
      introspection: true,
      metricsToken: null,
    })
    expect(config.publicUrl.href).toBe('http://localhost:4000/')
    expect(config.lifetimes).toMatchObject({
      linkMs: 600_000,
      sessionMs: 86_400_000,
      rememberedSessionMs: 2_592_000_000,
      freshMs: 900_000,
    })
  })

  test('a server that shows mails to whoever asks is not shown to others', () => {
    expect(faulty({ PUBLIC_URL: 'https://login.example.com' })).toEqual(['NODE_ENV'])
    expect(faulty({ HOST: '0.0.0.0' })).toEqual(['HOST'])
    const { SMTP_URL, MAIL_FROM } = production
    expect(faulty({ HOST: '0.0.0.0', SMTP_URL, MAIL_FROM })).toEqual([])
  })

  test('the webhook needs a secret, and one that says it is base64 must be', () => {
    const ALERT_WEBHOOK_URL = 'https://hooks.example.com/latchkey'
    expect(faulty({ ALERT_WEBHOOK_URL })).toEqual(['ALERT_WEBHOOK_SECRET'])
    for (const good of [`whsec_${randomBytes(32).toString('base64')}`, 'a-secret-of-more-than-24-characters'])
      expect(faulty({ ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET: good })).toEqual([])
    for (const bad of ['whsec_this-is-no-base64-at-all', 'whsec_c2hvcnQ=', `whsec_${'a'.repeat(33)}`])
      expect(faulty({ ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET: bad })).toEqual(['ALERT_WEBHOOK_SECRET'])
  })

  test('the public URL follows the port', () => {
    expect(readConfig({ PORT: '5000' }).publicUrl.origin).toBe('http://localhost:5000')
  })

  test('an empty text counts as unset', () => {
    expect(readConfig({ PORT: '', PUBLIC_URL: '  ', SMTP_URL: '', MASTER_KEYS: '' })).toEqual(readConfig({}))
  })

  test('plain http is for loopback alone', () => {
    expect(faulty({ PUBLIC_URL: 'http://127.0.0.1:4000' })).toEqual([])
    expect(faulty({ PUBLIC_URL: 'http://[::1]:4000' })).toEqual([])
    expect(faulty({ PUBLIC_URL: 'http://localhost.example.com' })).toEqual(['PUBLIC_URL'])
  })
})

describe('in production', () => {
  test('a complete setting starts, with the documented limits and a closed schema', () => {
    expect(readConfig(production)).toMatchObject({
      mode: 'production',
      host: '0.0.0.0',
      limits: { scale: 1 },
      introspection: false,
      log: { pretty: false },
    })
  })

  test('it says at once all that is missing, each with the line that mends it', () => {
    const faults = faultsOf({ NODE_ENV: 'production', PROCESSES: '3' })
    expect(faults.map(({ variable }) => variable).sort()).toEqual([
      'DATABASE_URL',
      'MAIL_FROM',
      'MASTER_KEYS',
      'POSTMARK_SERVER_TOKEN',
      'PUBLIC_URL',
      'REDIS_URL',
    ])
    for (const { variable, mend } of faults) expect(mend).toMatch(new RegExp(`^${variable}=`))
  })

  test.each([
    ['a public URL without https', { PUBLIC_URL: 'http://localhost:4000' }, 'PUBLIC_URL'],
    ['a plain http origin', { ALLOWED_ORIGINS: 'http://app.example.com' }, 'ALLOWED_ORIGINS'],
    ['two ways for mail', { POSTMARK_SERVER_TOKEN: '8a1c1d2e-0000-4000-8000-000000000000' }, 'SMTP_URL'],
    ['no sender', { MAIL_FROM: '' }, 'MAIL_FROM'],
    ['processes without Redis', { PROCESSES: '2', DATABASE_URL: 'postgres://u:p@db/x' }, 'REDIS_URL'],
    ['processes on SQLite', { PROCESSES: '2', REDIS_URL: 'redis://r' }, 'DATABASE_URL'],
  ])('it refuses %s', (_what, change, variable) => {
    expect(faulty({ ...production, ...change })).toEqual([variable])
  })

  test('several processes start on PostgreSQL with Redis', () => {
    const shared = {
      PROCESSES: '2',
      REDIS_URL: 'rediss://r:6380',
      DATABASE_URL: 'postgresql://u:p@db/x',
      DATABASE_POOL_SIZE: '7',
    }
    expect(readConfig({ ...production, ...shared }).database).toEqual({
      provider: 'postgresql',
      url: 'postgresql://u:p@db/x',
      poolSize: 7,
    })
  })

  test.each([
    ['pages elsewhere that nobody says where they are', { PAGES: 'off' }, 'PAGES_URL'],
    ['pages on an origin that may not ask', { PAGES_URL: 'https://app.example.com' }, 'PAGES_URL'],
    ['pages without https', { PAGES_URL: 'http://login.example.com' }, 'PAGES_URL'],
  ])('it refuses %s', (_what, change, variable) => {
    expect(faulty({ ...production, ...change })).toEqual([variable])
  })

  test('a misspelt mode is not taken for development', () => {
    expect(faulty({ NODE_ENV: 'prod' })).toEqual(['NODE_ENV'])
  })
})

describe('master keys', () => {
  test('are read in their order', () => {
    const [first, second] = [key(), key()]
    const { masterKeys } = readConfig({ MASTER_KEYS: `new:${first}, old:${second}` })
    expect(masterKeys.map(({ id, bytes }) => [id, bytes.toString('base64url')])).toEqual([
      ['new', first],
      ['old', second],
    ])
  })

  const same = key()
  test.each([
    ['zeros', `a:${Buffer.alloc(32).toString('base64url')}`],
    ['a repeated text', `a:${Buffer.from('changeme'.repeat(4)).toString('base64url')}`],
    ['16 bytes', `a:${randomBytes(16).toString('base64url')}`],
    ['hexadecimal', `a:${randomBytes(32).toString('hex')}`],
    ['one id twice', `a:${key()},a:${key()}`],
    ['one key twice', `a:${same},b:${same}`],
    ['no id', key()],
    ['an id with a dot', `a.b:${key()}`],
    ['an empty item', `a:${key()},`],
  ])('are refused for %s', (_what, keys) => {
    expect(faulty({ MASTER_KEYS: keys })).toEqual(['MASTER_KEYS'])
  })
})

test.each([
  'https://app.example.com/',
  'https://app.example.com/x',
  '*',
  'https://*.example.com',
  'app.example.com',
  'null',
  'https://u:p@app.example.com',
  'https://app.example.com:443',
  'ftp://app.example.com',
  'https:app.example.com',
])('the origin %s is not exact', (origin) => {
  expect(faulty({ ALLOWED_ORIGINS: `https://good.example.com,${origin}` })).toEqual(['ALLOWED_ORIGINS'])
})

test('origins, proxies and administrators are lists, the latter in canonical form', () => {
  const config = readConfig({
    ALLOWED_ORIGINS: 'https://app.example.com, http://localhost:5173',
    TRUSTED_PROXIES: '10.0.0.1, fd00::/8',
    ADMIN_EMAILS: ' Ada@Example.COM ,grace@example.com',
  })
  expect(config.allowedOrigins).toEqual(['https://app.example.com', 'http://localhost:5173'])
  expect(config.trustedProxies).toEqual(['10.0.0.1', 'fd00::/8'])
  expect(config.adminEmails).toEqual(['ada@example.com', 'grace@example.com'])
})

test('mails lead to the server itself, or to the pages of a frontend that may ask, also below a path', () => {
  expect(readConfig({})).toMatchObject({ pages: true, pagesUrl: new URL('http://localhost:4000/') })
  const ALLOWED_ORIGINS = 'https://app.example.com'
  const elsewhere = readConfig({
    ...production,
    PAGES: 'off',
    PAGES_URL: 'https://app.example.com/login',
    ALLOWED_ORIGINS,
  })
  expect(elsewhere).toMatchObject({ pages: false, pagesUrl: new URL('https://app.example.com/login/') })
  const behindAProxy = readConfig({ ...production, PAGES: 'off', PAGES_URL: production.PUBLIC_URL })
  expect(behindAProxy.pagesUrl.href).toBe('https://login.example.com/')
})

test('pages on an origin that may not ask are refused with the line that lets it', () => {
  const env = { ...production, PAGES_URL: 'https://app.example.com/x', ALLOWED_ORIGINS: 'https://other.example.com' }
  const mend = 'ALLOWED_ORIGINS=https://other.example.com,https://app.example.com'
  expect(faultsOf(env)).toEqual([{ variable: 'PAGES_URL', problem: expect.any(String) as string, mend }])
})

test('passkeys are taken from the pages where their domain is at or below that of passkeys', () => {
  const env = { ...production, PAGES_URL: 'https://app.example.com/login', ALLOWED_ORIGINS: 'https://app.example.com' }
  expect(readConfig(env).passkeys?.origins).toEqual(['https://login.example.com'])
  expect(readConfig({ ...env, PASSKEY_RP_ID: 'example.com' }).passkeys?.origins).toContain('https://app.example.com')
})

test('a limit is set by its variable, and a misspelt one is a fault', () => {
  expect(readConfig({ LIMIT_DATA_USER: '500' }).limits.overrides).toEqual({ 'data.user': 500 })
  expect(faulty({ LIMIT_DATA_USERS: '500' })).toEqual(['LIMIT_DATA_USERS'])
  expect(faulty({ LIMIT_DATA_USER: '0' })).toEqual(['LIMIT_DATA_USER'])
})

test.each([
  ['PORT', '70000'],
  ['PORT', '4e3'],
  ['HOST', 'http://x'],
  ['PUBLIC_URL', 'https://example.com/path'],
  ['PUBLIC_URL', 'https://u:p@example.com'],
  ['PUBLIC_URL', 'example.com'],
  ['PAGES', 'no'],
  ['PAGES_URL', '/login'],
  ['PAGES_URL', 'ftp://localhost:4000'],
  ['PAGES_URL', 'http://u:p@localhost:4000'],
  ['PAGES_URL', 'http://localhost:4000/?page='],
  ['PAGES_URL', 'http://localhost:4000/#'],
  ['DATABASE_URL', 'mysql://u:p@h/d'],
  ['DATABASE_URL', 'file::memory:'],
  ['DATABASE_URL', 'file:'],
  ['DATABASE_POOL_SIZE', '0'],
  ['REDIS_URL', 'http://redis'],
  ['PROCESSES', '1.5'],
  ['TRUSTED_PROXIES', '10.0.0'],
  ['TRUSTED_PROXIES', '0.0.0.0/0'],
  ['TRUSTED_PROXIES', 'all'],
  ['SIGN_UP', 'yes'],
  ['ADMIN_EMAILS', 'ada'],
  ['RATE_LIMIT_SCALE', '0'],
  ['RATE_LIMIT_SCALE', 'Infinity'],
  ['LOG_LEVEL', 'loud'],
  ['LINK_MINUTES', '-1'],
  ['SESSION_HOURS', '0'],
  ['SECURITY_QUESTIONS', 'no'],
  ['INTROSPECTION', 'true'],
  ['METRICS_TOKEN', 'short'],
  ['RECORDS_PER_USER', 'many'],
  ['MAIL_FROM', 'nobody'],
  ['MAIL_FROM', 'A <a@b.example>\r\nBcc: x@y.example'],
])('%s=%s is refused', (variable, value) => {
  expect(faulty({ [variable]: value })).toEqual([variable])
})

test('no fault shows what was set: it may be a secret', () => {
  const env = {
    MASTER_KEYS: 'k:canary-one',
    POSTMARK_SERVER_TOKEN: 'canary two',
    SMTP_URL: 'smtp//u:canary-three@h',
    METRICS_TOKEN: 'canary-four',
    DATABASE_URL: 'postgre://u:canary-five@h/d',
    REDIS_URL: 'redis//:canary-six@h',
    PUBLIC_URL: 'https://u:canary-seven@h',
    PAGES_URL: 'https://u:canary-eight@h',
    NODE_ENV: 'canary',
    ALLOWED_ORIGINS: 'https://u:canary@h',
    ADMIN_EMAILS: 'canary',
    LIMIT_DATA_USER: 'canary',
  }
  const faults = faultsOf(env)
  expect(faults.map(({ variable }) => variable).sort()).toEqual(Object.keys(env).concat('MAIL_FROM').sort())
  expect(JSON.stringify(faults)).not.toContain('canary')
  expect(new ConfigError(faults).message).not.toContain('canary')
})

test('.env.example names every setting and every limit, and changes nothing', () => {
  const lines = readFileSync(new URL('../.env.example', import.meta.url), 'utf8').split('\n')
  const set = lines.flatMap((line) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? []
    return name === undefined ? [] : [[name, value] as const]
  })
  const env = Object.fromEntries(set)
  expect(Object.keys(env).sort()).toEqual(Object.keys(MENDING).sort())
  for (const { variable, max } of DOCUMENTED_LIMITS) expect(lines).toContain(`# ${variable}=${max}`)
  expect(readConfig(env)).toEqual(readConfig({}))
})
