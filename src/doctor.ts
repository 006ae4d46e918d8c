import { existsSync } from 'node:fs'
import BetterSqlite3 from 'better-sqlite3'
import pg from 'pg'
import { ConfigError, readConfig } from './config.ts'
import type { Config } from './config.ts'
import { limitsInForce } from './features/limits.ts'
import { findWrongKey, WrongKeyError } from './platform/crypto/check-keys.ts'
import { openKeyring } from './platform/crypto/keyring.ts'
import { findMissing, readMigrations } from './platform/db/migrations.ts'
import type { AppliedMigration } from './platform/db/migrations.ts'
import { GeographyError, openGeography } from './platform/geography.ts'
import { silentLog } from './platform/log.ts'
import { reasonOf } from './platform/reason-of.ts'
import { closeRedis, openRedis, pingRedis } from './platform/redis.ts'

type Print = (line: string) => void

/** One thing that was looked at: good, wrong (the server will not work), or worth knowing. `mend` is what to do. */
type Finding = { mark: '✓' | '✗' | '!'; text: string; mend?: string }

/**
 * Looks at the settings as a start would, asks the database and Redis whether they answer, and prints what it found
 * with the limits in force. Changes nothing, sends no mail, shows no secret. 0 when a start would work, else 1.
 */
export async function doctor(env: Readonly<Record<string, string | undefined>>, print: Print): Promise<number> {
  const config = readOrExplain(env, print)
  if (!config) return 1

  const findings = [
    ...settingsFindings(config),
    ...warnings(config),
    await databaseFinding(config),
    ...(await redisFinding(config)),
    ...(await placesFinding(config)),
    ...webhookFinding(config),
  ]
  for (const finding of findings) printFinding(finding, print)
  printLimits(config, print)
  return findings.some(({ mark }) => mark === '✗') ? 1 : 0
}

function readOrExplain(env: Readonly<Record<string, string | undefined>>, print: Print): Config | null {
  try {
    return readConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const { variable, problem, mend } of error.faults)
      printFinding({ mark: '✗', text: `${variable}: ${problem}`, mend }, print)
    return null
  }
}

function settingsFindings(config: Config): Finding[] {
  const keys = config.masterKeys.map(({ id }) => id).join(', ')
  const origins = [config.publicUrl.origin, ...config.allowedOrigins].join(', ')
  return [
    good(`Mode: ${config.mode}.`),
    good(`Listens on ${config.host}, port ${config.port}; people reach it at ${config.publicUrl.origin}.`),
    good(pagesShown(config)),
    good(`Cookies are taken from ${origins}.`),
    good(
      keys
        ? `Master keys: ${keys}; the first seals what is new.`
        : `Master key: the development key in ${config.dataDir}.`,
    ),
    good(`Mail goes by ${MAIL_WAYS[config.mail.provider.kind]}, from ${config.mail.from}.`),
    good(`Recovery by security questions is ${config.securityQuestions ? 'on' : 'off'}.`),
    good(`Sign-up is ${config.signUp}. Administrators: ${config.adminEmails.length}.`),
  ]
}

const pagesShown = ({ pages, pagesUrl }: Config): string =>
  `This server's own pages are ${pages ? 'on' : 'off'}; the links in mails lead to ${pagesUrl.href}.`

const MAIL_WAYS = { postmark: 'Postmark', smtp: 'SMTP', mailbox: 'the mailbox page, /dev/mailbox' } as const

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '::1']

/** What a start lets pass and a person should know. */
function warnings(config: Config): Finding[] {
  const { mode, mail, trustedProxies, limits, lifetimes } = config
  const cases: readonly (readonly [boolean, string, string])[] =
    mode === 'production'
      ? [
          [limits.scale > 1, `The limits are ${limits.scale} times as wide as documented.`, 'RATE_LIMIT_SCALE=1'],
          [config.introspection, 'Anybody can read the whole schema, and open GraphiQL.', 'INTROSPECTION=off'],
          [
            trustedProxies.length === 0,
            'No proxy is trusted. Behind one, all people seem to come from its address, and share its limits.',
            'TRUSTED_PROXIES=<the address of the proxy>',
          ],
          [
            mail.provider.kind === 'postmark' && mail.provider.token === 'POSTMARK_API_TEST',
            'Postmark takes mails with this token and sends none.',
            'POSTMARK_SERVER_TOKEN=<a real server token>',
          ],
        ]
      : [
          [
            true,
            'Development: cookies and limits are those of one machine.',
            'NODE_ENV=production where people sign in.',
          ],
          [
            !LOOPBACK_HOSTS.includes(config.host),
            'Others on the network reach this development server, and its mailbox.',
            'HOST=127.0.0.1',
          ],
        ]
  const common: readonly (readonly [boolean, string, string])[] = [
    [
      config.passkeys !== null && !config.passkeys.origins.includes(config.pagesUrl.origin),
      `Passkeys belong to ${config.passkeys?.rpId ?? ''}, and no page at ${config.pagesUrl.origin} can use one.`,
      'PASSKEY_RP_ID=<a domain above both>, before the first passkey is made',
    ],
    [
      config.signUp === 'closed' && config.adminEmails.length === 0,
      'Sign-up is closed and nobody is an administrator: only accounts that exist can sign in.',
      'ADMIN_EMAILS=you@example.com',
    ],
    [
      lifetimes.idleMs > lifetimes.sessionMs || lifetimes.rememberedIdleMs > lifetimes.rememberedSessionMs,
      'An idle limit is longer than its session, so it never counts.',
      'SESSION_IDLE_HOURS=12, REMEMBERED_SESSION_IDLE_DAYS=14',
    ],
  ]
  return [...cases, ...common].filter(([applies]) => applies).map(([, text, mend]) => ({ mark: '!', text, mend }))
}

async function databaseFinding({ database, masterKeys }: Config): Promise<Finding> {
  const name = database.provider === 'sqlite' ? `SQLite (${database.file})` : 'PostgreSQL'
  if (database.provider === 'sqlite' && !existsSync(database.file)) {
    return good(`${name}: not there yet; the first start makes it.`)
  }
  try {
    const { applied, facts } =
      database.provider === 'sqlite' ? lookIntoSqlite(database.file) : await lookIntoPostgresql(database.url)
    const wrongKey = masterKeys.length > 0 ? findWrongKey(facts, openKeyring(masterKeys)) : null
    if (wrongKey !== null) {
      return { mark: '✗', text: new WrongKeyError(wrongKey).message }
    }
    const pending = findMissing(readMigrations(database.provider), applied)
    if (pending.length === 0) return good(`${name} answers, and its tables are up to date.`)
    const names = pending.map((migration) => migration.name).join(', ')
    return {
      mark: '!',
      text: `${name} answers. The next start brings its tables up to date: ${names}.`,
      mend: 'npm run db:migrate, to do it now.',
    }
  } catch (error) {
    return {
      mark: '✗',
      text: `${name}: ${reasonOf(error)}`,
      mend: 'See that DATABASE_URL is right and that the database can be reached.',
    }
  }
}

/** What a start would hold the settings against. */
type Kept = { applied: AppliedMigration[]; facts: ReadonlyMap<string, string> }

const APPLIED = `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished,
  rolled_back_at IS NOT NULL AS "rolledBack" FROM _prisma_migrations`
const FACTS = 'SELECT name, value FROM server_facts'
type Fact = { name: string; value: string }

function lookIntoSqlite(file: string): Kept {
  const handle = new BetterSqlite3(file, { readonly: true, fileMustExist: true })
  const rows = <Row>(table: string, sql: string): Row[] => {
    const isThere = handle.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table)
    return isThere ? handle.prepare<[], Row>(sql).all() : []
  }
  try {
    const applied = rows<{ name: string; checksum: string; finished: number; rolledBack: number }>(
      '_prisma_migrations',
      APPLIED,
    )
    return {
      applied: applied.map((row) => ({ ...row, finished: row.finished === 1, rolledBack: row.rolledBack === 1 })),
      facts: factsOf(rows('server_facts', FACTS)),
    }
  } finally {
    handle.close()
  }
}

async function lookIntoPostgresql(url: string): Promise<Kept> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, statement_timeout: 5_000 })
  client.on('error', () => {}) // a connection that breaks fails the query that is under way
  const rows = async <Row extends pg.QueryResultRow>(table: string, sql: string): Promise<Row[]> => {
    const { rows: found } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      table,
    ])
    return found[0]?.there ? (await client.query<Row>(sql)).rows : []
  }
  try {
    await client.connect()
    const applied = await rows<AppliedMigration>('_prisma_migrations', APPLIED)
    return { applied, facts: factsOf(await rows('server_facts', FACTS)) }
  } finally {
    await client.end().catch(() => {}) // it may never have begun
  }
}

function factsOf(rows: readonly Fact[]): ReadonlyMap<string, string> {
  return new Map(rows.map(({ name, value }) => [name, value]))
}

async function redisFinding({ redisUrl }: Config): Promise<Finding[]> {
  if (!redisUrl) return [good('Redis: not set; the limits are counted in this process.')]
  let reason = ''
  const redis = await openRedis(redisUrl, { onAway: (error) => (reason = reasonOf(error)) })
  try {
    await pingRedis(redis)
    return [good('Redis answers.')]
  } catch (error) {
    return [
      {
        mark: '✗',
        text: `Redis: ${reason || reasonOf(error)}`,
        mend: 'See that REDIS_URL is right and that Redis can be reached.',
      },
    ]
  } finally {
    await closeRedis(redis)
  }
}

async function placesFinding({ geoDatabase }: Config): Promise<Finding[]> {
  if (!geoDatabase) return [good('Places: no file; alerts speak of networks.')]
  try {
    await openGeography(geoDatabase, silentLog)
    return [good(`Places are read from ${geoDatabase}.`)]
  } catch (error) {
    if (!(error instanceof GeographyError)) throw error
    return [{ mark: '✗', text: error.message, mend: error.mend }]
  }
}

// The host alone: some receivers keep a secret in the path.
function webhookFinding({ alertWebhook }: Config): Finding[] {
  return alertWebhook ? [good(`Alerts are also sent to ${new URL(alertWebhook.url).host}.`)] : []
}

function printFinding({ mark, text, mend }: Finding, print: Print): void {
  print(`${mark} ${text}`)
  if (mend !== undefined) print(`    ${mark === '✗' ? 'mend' : 'better'}: ${mend}`)
}

function printLimits({ limits }: Config, print: Print): void {
  const rows = limitsInForce(limits).map(({ name, max, window, by, variable }) => [
    name,
    String(max),
    window,
    by,
    variable,
  ])
  const table = [['limit', 'at most', 'within', 'for each', 'set by'], ...rows]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  print('')
  print(`Limits in force (RATE_LIMIT_SCALE ${limits.scale}):`)
  for (const row of table)
    print(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
    )
}

function good(text: string): Finding {
  return { mark: '✓', text }
}
