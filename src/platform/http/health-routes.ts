import { Hono } from 'hono'
import type { Context } from 'hono'
import { equalSecrets } from '../crypto/tokens.ts'
import type { Metrics } from '../metrics.ts'
import { isLoopback } from './client-ip.ts'

type Options = {
  /** What the server leans on, by name. A check that throws, or does not answer in time, fails. */
  checks: Readonly<Record<string, () => Promise<unknown>>>
  /** True from the moment the server is told to stop. */
  isStopping: () => boolean
  metrics: Pick<Metrics, 'text' | 'contentType'>
  /** Opens /metrics to others than loopback; null closes it to them. */
  metricsToken: string | null
  /** How long one check may take. */
  timeoutMs?: number
  /** The address of the socket's other end. */
  socketAddress?: (c: Context) => string | undefined
}

const CHECK_TIMEOUT_MS = 2_000

// Any of these means that somebody stands behind the peer, so that a loopback peer is a proxy.
const PROXY_HEADERS = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
] as const

/** /healthz (the process lives), /readyz (it can work; names what cannot), /metrics (Prometheus; loopback or token). */
export function healthRoutes(options: Options): Hono {
  const { metrics, isStopping, timeoutMs = CHECK_TIMEOUT_MS } = options
  const checks = Object.entries(options.checks).map(([name, check]) => ({ name, passes: bounded(check, timeoutMs) }))
  const routes = new Hono()

  routes.get('/healthz', (c) => c.text('ok'))

  routes.get('/readyz', async (c) => {
    if (isStopping()) return c.text('stopping', 503)
    const failing = await Promise.all(checks.map(async ({ name, passes }) => ((await passes()) ? [] : [name])))
    const names = failing.flat()
    return names.length > 0 ? c.text(`not ready: ${names.join(', ')}`, 503) : c.text('ready')
  })

  routes.get('/metrics', async (c) => {
    if (!mayReadMetrics(c, options)) return c.text('not found', 404)
    return c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType })
  })

  return routes
}

function mayReadMetrics(c: Context, { metricsToken, socketAddress = addressOf }: Options): boolean {
  const [, given] = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  if (given !== undefined) return metricsToken !== null && equalSecrets(given, metricsToken)
  return isLoopback(socketAddress(c)) && PROXY_HEADERS.every((name) => c.req.header(name) === undefined)
}

/** Runs a check at most once at a time, however many ask, and gives up on it after `timeoutMs`. */
function bounded(check: () => Promise<unknown>, timeoutMs: number): () => Promise<boolean> {
  let running: Promise<boolean> | null = null
  return async () => {
    running ??= Promise.resolve()
      .then(check)
      .then(
        () => true,
        () => false,
      )
      .finally(() => (running = null))
    return inTime(running, timeoutMs)
  }
}

function inTime(answer: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs)
    void answer.then((passed) => {
      clearTimeout(timer)
      resolve(passed)
    })
  })
}

function addressOf(c: Context): string | undefined {
  // Set by @hono/node-server; a request from elsewhere has none.
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined
  return env?.incoming?.socket?.remoteAddress
}
