import { isIP } from 'node:net'
import { join } from 'node:path'
import type { z } from 'zod'
import { MENDING } from './config-mending.ts'
import * as values from './config-values.ts'
import { DOCUMENTED_LIMITS } from './features/limits.ts'
import type { MasterKey } from './platform/crypto/keyring.ts'

/** Everything that can be set from outside. Made once by `readConfig`; nobody else reads the environment. */
export type Config = {
  /** 'production' when NODE_ENV says so; 'development' otherwise. Production refuses to start on what would be unsafe. */
  mode: 'development' | 'production'
  host: string
  /** 0 lets the system choose (tests). */
  port: number
  /** Where people reach the server: the base of links, the cookies' scope, the home origin. No path. */
  publicUrl: URL
  /** Exact origins that may call with cookies, besides publicUrl's own. */
  allowedOrigins: readonly string[]
  /** Whether this server shows its pages. Off where people are shown those of a frontend at `pagesUrl`. */
  pages: boolean
  /** Where the links in mails lead: /auth/verify, /auth/not-me and /auth/cancel-recovery below it. Its path ends in /. */
  pagesUrl: URL
  /** The folder of what the server keeps beside a database: the SQLite file, and in development the key and the mailbox. */
  dataDir: string
  database: { provider: 'sqlite'; file: string } | { provider: 'postgresql'; url: string; poolSize: number }
  redisUrl: string | null
  /** How many processes share the database (PROCESSES): more than one needs PostgreSQL and Redis. */
  processes: number
  /** Empty in development where none is set: `developmentMasterKeys(dataDir)` then keeps one. */
  masterKeys: readonly MasterKey[]
  mail: {
    from: string
    provider: { kind: 'postmark'; token: string } | { kind: 'smtp'; url: string } | { kind: 'mailbox'; folder: string }
  }
  /** Addresses and networks (CIDR) whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[]
  signUp: 'open' | 'closed'
  adminEmails: readonly string[]
  limits: {
    /** Multiplies every limit. */
    scale: number
    /** A limit's own maximum (LIMIT_<NAME>), before the scale. By the names of features/limits.ts. */
    overrides: Readonly<Record<string, number>>
  }
  log: { level: 'debug' | 'info' | 'warn' | 'error' | 'silent'; pretty: boolean }
  lifetimes: {
    linkMs: number
    sessionMs: number
    rememberedSessionMs: number
    /** A session that is not used for so long ends. */
    idleMs: number
    rememberedIdleMs: number
    /** How long a proof counts as FRESH. */
    freshMs: number
    auditMs: number
  }
  records: { maxPerUser: number }
  /** Whether two answers of three, which may be guessed, can recover the keys of end-to-end encryption. */
  securityQuestions: boolean
  /** Null where PUBLIC_URL names an IP address: passkeys are bound to a domain. */
  passkeys: { rpId: string; rpName: string; origins: readonly string[] } | null
  /** Where each alert is sent as well, signed. */
  alertWebhook: { url: string; secret: string } | null
  /** A MaxMind-format file (.mmdb) that tells country and city of an address; null: alerts speak of networks. */
  geoDatabase: string | null
  /** Introspection and GraphiQL: on in development. */
  introspection: boolean
  /** Bearer token that opens /metrics to others than loopback; null closes it to them. */
  metricsToken: string | null
}

/** One thing that is wrong with the settings, and the line that mends it. It never shows what was set. */
export type ConfigFault = { variable: string; problem: string; mend: string }

/** The settings cannot be started on. Holds every fault, not only the first. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.map(({ variable, problem, mend }) => `  ${variable}: ${problem}\n    mend: ${mend}`)
    super(
      `Latchkey does not start on these settings. Each fault has a line for .env that mends it.\n${lines.join('\n')}`,
    )
    this.name = 'ConfigError'
    this.faults = faults
  }
}

type Environment = Readonly<Record<string, string | undefined>>

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000] as const

/** Reads the settings from the environment. An empty text counts as unset. Throws one ConfigError with all faults. */
export function readConfig(env: Environment): Config {
  const faults: ConfigFault[] = []
  const refuse = (variable: string, problem: string, mend = MENDING[variable] ?? `${variable}=`): void => {
    // One fault for each variable: what follows from an unreadable one says nothing new.
    if (!faults.some((fault) => fault.variable === variable)) faults.push({ variable, problem, mend })
  }
  const setting = <Value>(variable: string, kind: z.ZodType<Value, string>, fallback: Value): Value => {
    const text = env[variable]?.trim()
    if (!text) return fallback
    const parsed = kind.safeParse(text)
    if (!parsed.success) refuse(variable, parsed.error.issues[0]?.message ?? 'It cannot be read.')
    return parsed.success ? parsed.data : fallback
  }

  const isProduction =
    setting('NODE_ENV', values.oneOf('production', 'development', 'test'), 'development') === 'production'
  const port = setting('PORT', values.wholeNumber(0, 65_535), 4000)
  const dataDir = setting('DATA_DIR', values.folder, './data')
  const database = setting('DATABASE_URL', values.databaseUrl, { file: join(dataDir, 'latchkey.db') })
  const poolSize = setting('DATABASE_POOL_SIZE', values.wholeNumber(1, 500), 10)
  const inMs = (variable: string, unitMs: number, most: number, fallback: number) =>
    setting(variable, values.wholeNumber(1, most), fallback) * unitMs

  const publicUrl = setting('PUBLIC_URL', values.publicUrl, new URL(`http://localhost:${port}`))

  const config: Config = {
    mode: isProduction ? 'production' : 'development',
    host: setting('HOST', values.listenHost, isProduction ? '0.0.0.0' : '127.0.0.1'),
    port,
    publicUrl,
    allowedOrigins: setting('ALLOWED_ORIGINS', values.origins, []),
    pages: setting('PAGES', values.oneOf('on', 'off'), 'on') === 'on',
    pagesUrl: setting('PAGES_URL', values.pagesUrl, publicUrl),
    dataDir,
    database:
      'file' in database ? { provider: 'sqlite', ...database } : { provider: 'postgresql', ...database, poolSize },
    redisUrl: setting<string | null>('REDIS_URL', values.redisUrl, null),
    processes: setting('PROCESSES', values.wholeNumber(1, 1_000), 1),
    masterKeys: setting('MASTER_KEYS', values.masterKeys, []),
    mail: {
      from: setting('MAIL_FROM', values.sender, 'Latchkey <latchkey@localhost>'),
      provider: providerOf(setting, dataDir),
    },
    trustedProxies: setting('TRUSTED_PROXIES', values.networks, []),
    signUp: setting('SIGN_UP', values.oneOf('open', 'closed'), 'open'),
    adminEmails: setting('ADMIN_EMAILS', values.emails, []),
    limits: {
      scale: setting('RATE_LIMIT_SCALE', values.positiveNumber(1_000_000), isProduction ? 1 : 100),
      overrides: limitOverrides(env, setting, refuse),
    },
    log: {
      level: setting('LOG_LEVEL', values.oneOf('debug', 'info', 'warn', 'error', 'silent'), 'info'),
      pretty: !isProduction,
    },
    lifetimes: {
      linkMs: inMs('LINK_MINUTES', MINUTE, 60, 10),
      sessionMs: inMs('SESSION_HOURS', HOUR, 720, 24),
      rememberedSessionMs: inMs('REMEMBERED_SESSION_DAYS', DAY, 400, 30),
      idleMs: inMs('SESSION_IDLE_HOURS', HOUR, 720, 12),
      rememberedIdleMs: inMs('REMEMBERED_SESSION_IDLE_DAYS', DAY, 400, 14),
      freshMs: inMs('FRESH_MINUTES', MINUTE, 120, 15),
      auditMs: inMs('AUDIT_RETENTION_DAYS', DAY, 3_650, 365),
    },
    records: { maxPerUser: setting('RECORDS_PER_USER', values.wholeNumber(1, 10_000_000), 10_000) },
    securityQuestions: setting('SECURITY_QUESTIONS', values.oneOf('on', 'off'), 'on') === 'on',
    passkeys: null,
    alertWebhook: null,
    geoDatabase: setting<string | null>('GEOIP_DATABASE', values.file, null),
    introspection: setting('INTROSPECTION', values.oneOf('on', 'off'), isProduction ? 'off' : 'on') === 'on',
    metricsToken: setting<string | null>('METRICS_TOKEN', values.secret(24), null),
  }

  config.passkeys = passkeysOf(config, setting, refuse)
  config.alertWebhook = alertWebhookOf(setting, refuse)
  const isSet = (variable: string) => Boolean(env[variable]?.trim())
  refuseContradictions(config, isSet, refuse)
  if (isProduction) refuseUnsafe(config, isSet, refuse)
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

type Refuse = (variable: string, problem: string, mend?: string) => void
type IsSet = (variable: string) => boolean

/** What no mode can work on. */
function refuseContradictions(config: Config, isSet: IsSet, refuse: Refuse): void {
  const [first, second] = MAIL_PROVIDERS.map(({ variable }) => variable).filter(isSet)
  if (first && second) {
    refuse(second, `${first} is set too, and mail goes one way.`, `Unset ${second} or ${first}.`)
  }
  if (first && !isSet('MAIL_FROM')) refuse('MAIL_FROM', 'It is not set, and the mail provider needs a sender.')
  // Whoever reads the mailbox signs in as anybody.
  if (config.mode === 'development' && config.mail.provider.kind === 'mailbox') {
    if (!isLoopbackName(config.publicUrl.hostname)) {
      refuse('NODE_ENV', 'PUBLIC_URL is public, and a development server shows every mail to whoever asks for it.')
    }
    if (!isLoopbackName(config.host)) {
      refuse('HOST', 'A development server shows every mail to whoever reaches it.')
    }
  }
  refusePages(config, isSet, refuse)
  if (config.processes < 2) return
  if (config.database.provider !== 'postgresql')
    refuse('DATABASE_URL', 'PROCESSES is more than one, and SQLite serves one.')
  if (!config.redisUrl) refuse('REDIS_URL', 'PROCESSES is more than one, and they share their limits through Redis.')
}

// A page on an origin that is not allowed could ask the server nothing, and a link that leads to no page lets nobody in.
function refusePages({ pages, pagesUrl, publicUrl, allowedOrigins }: Config, isSet: IsSet, refuse: Refuse): void {
  if (!pages && !isSet('PAGES_URL')) {
    refuse('PAGES_URL', 'PAGES is off, and the links in mails need pages to lead to.')
  } else if (![publicUrl.origin, ...allowedOrigins].includes(pagesUrl.origin)) {
    const mend = `ALLOWED_ORIGINS=${[...allowedOrigins, pagesUrl.origin].join(',')}`
    refuse('PAGES_URL', "Its origin is neither PUBLIC_URL's nor in ALLOWED_ORIGINS, so its pages could not ask.", mend)
  }
}

const isLoopbackName = (name: string) => ['localhost', '127.0.0.1', '::1', '[::1]'].includes(name)

/** What would be unsafe where people's data is real. */
function refuseUnsafe(config: Config, isSet: IsSet, refuse: Refuse): void {
  if (!isSet('MASTER_KEYS')) refuse('MASTER_KEYS', 'It is not set; the server has nothing to seal private data with.')
  if (!isSet('PUBLIC_URL')) refuse('PUBLIC_URL', 'It is not set; links in mails would lead nowhere.')
  else if (config.publicUrl.protocol !== 'https:') refuse('PUBLIC_URL', 'It is not https.')
  if (config.pagesUrl.protocol !== 'https:' && isSet('PAGES_URL')) {
    refuse('PAGES_URL', 'It is not https, and the links in mails let people in.')
  }
  if (config.allowedOrigins.some((origin) => !origin.startsWith('https:'))) {
    refuse('ALLOWED_ORIGINS', 'An origin is plain http; whoever sits on its line could act for its users.')
  }
  if (!MAIL_PROVIDERS.some(({ variable }) => isSet(variable))) {
    refuse('POSTMARK_SERVER_TOKEN', 'There is no mail provider, so nobody could sign in.')
  }
  if (!isSet('MAIL_FROM')) refuse('MAIL_FROM', 'It is not set; mails need a sender.')
}

// WebAuthn level 3, section 5.1.3: the RP ID is the page's domain or one above it, and never an address.
function passkeysOf({ publicUrl, allowedOrigins }: Config, setting: ReadSetting, refuse: Refuse): Config['passkeys'] {
  const { hostname } = publicUrl
  const rpId = setting('PASSKEY_RP_ID', values.domain, hostname)
  const rpName = setting('PASSKEY_RP_NAME', values.shortText, hostname)
  if (isIP(hostname.replace(/^\[|\]$/g, ''))) return null
  const isAtOrBelow = (host: string) => host === rpId || host.endsWith(`.${rpId}`)
  if (!isAtOrBelow(hostname)) {
    refuse('PASSKEY_RP_ID', "It is neither PUBLIC_URL's host nor a domain above it.", `PASSKEY_RP_ID=${hostname}`)
  }
  const origins = [publicUrl.origin, ...allowedOrigins].filter((origin) => isAtOrBelow(new URL(origin).hostname))
  return { rpId, rpName, origins }
}

function alertWebhookOf(setting: ReadSetting, refuse: Refuse): Config['alertWebhook'] {
  const url = setting<string | null>('ALERT_WEBHOOK_URL', values.webhookUrl, null)
  const secret = setting<string | null>('ALERT_WEBHOOK_SECRET', values.secret(24), null)
  if (url && !secret)
    refuse('ALERT_WEBHOOK_SECRET', 'It is not set, and the webhook could not tell our calls from others.')
  if (
    secret?.startsWith('whsec_') &&
    !/^whsec_(?:[A-Za-z0-9+/]{4}){6,}(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?$/.test(secret)
  )
    refuse('ALERT_WEBHOOK_SECRET', 'Behind whsec_ stands no base64 of 18 bytes or more.')
  return url && secret ? { url, secret } : null
}

type MailProvider = {
  /** The setting that chooses it. */
  variable: string
  reads: z.ZodType<string, string>
  provider: (text: string) => Config['mail']['provider']
}

/** The mail providers, each chosen by a setting of its own. A new one takes a line here. */
const MAIL_PROVIDERS: readonly MailProvider[] = [
  { variable: 'POSTMARK_SERVER_TOKEN', reads: values.secret(10), provider: (token) => ({ kind: 'postmark', token }) },
  { variable: 'SMTP_URL', reads: values.smtpUrl, provider: (url) => ({ kind: 'smtp', url }) },
]

// Each is read, also behind one that is chosen, so that all faults are told together.
function providerOf(setting: ReadSetting, dataDir: string): Config['mail']['provider'] {
  const [chosen] = MAIL_PROVIDERS.flatMap(({ variable, reads, provider }) => {
    const text = setting<string | null>(variable, reads, null)
    return text === null ? [] : [provider(text)]
  })
  return chosen ?? { kind: 'mailbox', folder: join(dataDir, 'mailbox') }
}

type ReadSetting = <Value>(variable: string, kind: z.ZodType<Value, string>, fallback: Value) => Value

// A limit that is set under a wrong name would not be in force, and nobody would see.
function limitOverrides(env: Environment, setting: ReadSetting, refuse: Refuse): Record<string, number> {
  const known = new Map(DOCUMENTED_LIMITS.map(({ variable, name }) => [variable, name]))
  const overrides: Record<string, number> = {}
  for (const variable of Object.keys(env).filter((key) => key.startsWith('LIMIT_') && env[key]?.trim())) {
    const name = known.get(variable)
    if (!name) {
      refuse(variable, 'There is no limit of this name.', `One of: ${[...known.keys()].join(', ')}`)
      continue
    }
    const max = setting<number | null>(variable, values.wholeNumber(1, 1_000_000_000), null)
    if (max !== null) overrides[name] = max
  }
  return overrides
}
