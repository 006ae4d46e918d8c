import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { steadyClock } from './clock.ts'
import { readConfig } from './config.ts'
import type { Config } from './config.ts'
import { openAuditLog } from './features/audit/audit-log.ts'
import { openReadTally } from './features/audit/read-tally.ts'
import { JOBS, mountRoutes } from './features/index.ts'
import { EVERY_FIELD, limitsInForce } from './features/limits.ts'
import { graphqlTransport, refuse, setHeaders } from './graphql/transport.ts'
import { openYoga } from './graphql/yoga.ts'
import { openBackground } from './platform/background.ts'
import { memoryBus } from './platform/bus/bus.ts'
import { redisBus } from './platform/bus/redis-bus.ts'
import { checkKeys } from './platform/crypto/check-keys.ts'
import { developmentMasterKeys } from './platform/crypto/master-keys.ts'
import { openKeyring } from './platform/crypto/keyring.ts'
import { openDatabase } from './platform/db/client.ts'
import { migrate } from './platform/db/migrate.ts'
import { noGeography, openGeography } from './platform/geography.ts'
import { healthRoutes } from './platform/http/health-routes.ts'
import { isHostAllowed } from './platform/http/host-check.ts'
import { securityHeaders } from './platform/http/security-headers.ts'
import { stopperOf } from './platform/http/stop-server.ts'
import { startJobs } from './platform/jobs.ts'
import type { JobRunner } from './platform/jobs.ts'
import { openLimits } from './platform/limits/limits.ts'
import { openLog } from './platform/log.ts'
import type { Log } from './platform/log.ts'
import type { Mailer } from './platform/mail/mailer.ts'
import { openMailer } from './platform/mail/open-mailer.ts'
import { mailChannel } from './platform/mail/mail-channel.ts'
import { openMetrics } from './platform/metrics.ts'
import { openOutbox } from './platform/outbox/outbox.ts'
import { closeRedis, openRedis, pingRedis } from './platform/redis.ts'
import type { RedisListeners } from './platform/redis.ts'
import { openStreams } from './platform/streams.ts'
import { webhookChannel } from './platform/webhook/webhook-channel.ts'
import { buildSchema } from './schema/index.ts'
import type { Services } from './services.ts'

/** What a test, or a program that embeds the server, may put in place of the real thing. */
export type Replacements = { now: () => Date; mailer: Mailer; log: Log }

export type App = {
  services: Services
  server: Server
  /** Listens where the configuration says; resolves with the port in use. */
  listen(): Promise<number>
  /** Says so at /readyz, finishes what is under way, flushes, and closes everything. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Puts the server together: the one place where services are opened and features mounted. Reads nothing but `env`.
 * Throws before anything listens when the configuration, the keys or the database are not in order.
 */
export async function createApp(env: NodeJS.ProcessEnv, replacements: Partial<Replacements> = {}): Promise<App> {
  const config = readConfig(env)
  const log = replacements.log ?? openLog(config.log)
  await migrate(config.database, log)

  const closing: (() => Promise<void>)[] = []
  try {
    const services = await openServices(config, log, replacements, closing)
    return serve(services, closing)
  } catch (error) {
    await closeAll(closing)
    throw error
  }
}

async function openServices(
  config: Config,
  log: Log,
  replacements: Partial<Replacements>,
  closing: (() => Promise<void>)[],
): Promise<Services> {
  // A clock that is put in place of the real one goes as whoever put it there tells it.
  const now = replacements.now ? steadyClock(replacements.now, () => 0) : steadyClock()
  const keys = openKeyring(config.masterKeys.length > 0 ? config.masterKeys : developmentMasterKeys(config.dataDir))
  const metrics = openMetrics()
  const places = config.geoDatabase ? await openGeography(config.geoDatabase, log) : noGeography
  const database = await openDatabase(config.database, log)
  closing.push(() => database.close())
  await checkKeys(database.systemDb, keys)

  const redis = config.redisUrl ? await openRedis(config.redisUrl, tellOfRedis(log)) : null
  if (redis) closing.push(() => closeRedis(redis))
  const bus = redis ? redisBus(redis) : memoryBus()
  closing.push(() => bus.close())
  const limits = openLimits({ rows: limitsInForce(config.limits), everyCall: EVERY_FIELD, redis, keys, now })
  closing.push(() => limits.close())

  const mailer = replacements.mailer ?? openMailer(config.mail, now)
  closing.push(() => mailer.close())
  const webhook = config.alertWebhook && webhookChannel(config.alertWebhook, { now })
  const outbox = openOutbox({ database, mail: mailChannel(mailer), webhook, keys, log, now, metrics })
  closing.push(() => outbox.stop())
  const background = openBackground(log)
  closing.push(() => background.settled())
  return {
    config,
    now,
    log,
    metrics,
    keys,
    database,
    redis,
    limits,
    outbox,
    bus,
    streams: openStreams((open) => metrics.streams(open)),
    background,
    places,
    audit: openAuditLog(database, now, metrics),
    tally: openReadTally(),
  }
}

// GraphiQL is a page: where it is on, a browser that opens /graphql is shown it.
function wantsGraphiQL({ method, headers }: IncomingMessage, { introspection }: Config): boolean {
  return introspection && method === 'GET' && (headers.accept ?? '').includes('text/html')
}

function tellOfRedis(log: Log): RedisListeners {
  return {
    onAway: (error) => log.error('redis.away', { error }),
    onBack: () => log.info('redis.back'),
  }
}

function serve(services: Services, closing: (() => Promise<void>)[]): App {
  const { config, metrics } = services
  let stopping = false
  const graphql = graphqlTransport(services, openYoga(services, buildSchema()))
  const pages = getRequestListener(routes(services, () => stopping).fetch, { overrideGlobalObjects: false })
  const headers = { graphql: securityHeaders('api', config), pages: securityHeaders('page', config) }
  let port = config.port

  // How often Node looks for requests that are past their time; every 30 seconds unless told.
  const server = createServer({ connectionsCheckingInterval: 5_000 }, (request, response) => {
    const isGraphQL = /^\/graphql(\?|$)/.test(request.url ?? '')
    setHeaders(response, isGraphQL ? headers.graphql : headers.pages)
    response.once('finish', () => metrics.httpRequest(isGraphQL ? 'graphql' : 'other', response.statusCode))
    const { host } = request.headers
    if (!isHostAllowed(host, config, port)) {
      return refuse(response, {
        status: 421,
        code: 'REQUEST_REFUSED',
        message: 'This development server answers to its own name alone.',
      })
    }
    if (host !== undefined && !URL.canParse(`http://${host}`)) {
      return refuse(response, { status: 400, code: 'REQUEST_REFUSED', message: 'The Host header names no host.' })
    }
    if (isGraphQL && !wantsGraphiQL(request, config)) void graphql(request, response)
    else void pages(request, response)
  })
  server.requestTimeout = 30_000
  server.headersTimeout = 15_000
  server.keepAliveTimeout = 30_000
  // An answer that nobody takes is given up, with the connection.
  server.timeout = 60_000

  const stopServer = stopperOf(server)
  const jobs = startJobs(services, JOBS)
  services.outbox.start()
  let closed: Promise<void> | null = null

  return {
    services,
    server,
    listen: async () => {
      await listenOn(server, config)
      port = portOf(server)
      server.on('error', (error) => services.log.error('server.error', { error }))
      return port
    },
    close: () => {
      stopping = true
      // They would be under way for ever.
      services.streams.end()
      closed ??= stop(stopServer, jobs, closing)
      return closed
    },
  }
}

function routes(services: Services, isStopping: () => boolean): Hono {
  const { config, database, log, metrics, outbox, redis } = services
  const app = new Hono()
  const checks = {
    database: () => database.ping(),
    redis: () => (redis ? pingRedis(redis) : Promise.resolve()),
    outbox: () => outbox.health(),
  }
  app.route('/', healthRoutes({ checks, isStopping, metrics, metricsToken: config.metricsToken }))
  mountRoutes(app, services)
  app.notFound((c) => c.text('There is nothing here.', 404))
  app.onError((error, c) => {
    const errorId = randomUUID()
    log.error('http.unexpected', { errorId, error })
    return c.text(`Unexpected error. It stands in the log as ${errorId}.`, 500)
  })
  return app
}

function listenOn(server: Server, { host, port }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on no port.')
  return address.port
}

async function stop(stopServer: () => Promise<void>, jobs: JobRunner, closing: (() => Promise<void>)[]): Promise<void> {
  await stopServer()
  await jobs.stop()
  await closeAll(closing)
}

// The last opened first: what leans on something closes before it.
async function closeAll(closing: (() => Promise<void>)[]): Promise<void> {
  const faults: unknown[] = []
  for (const close of closing.splice(0).reverse()) await close().catch((fault: unknown) => faults.push(fault))
  if (faults.length > 0) throw new AggregateError(faults, 'Not everything could be closed.')
}
