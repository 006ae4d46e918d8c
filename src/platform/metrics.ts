import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { ErrorCode } from '../shared/error-codes.ts'
import type { AuthMethod } from '../viewer.ts'
import type { ChannelName } from './outbox/channel.ts'

/** Where a request went: never its path, which is the caller's word. */
export type Route = 'graphql' | 'page' | 'asset' | 'health' | 'metrics' | 'mailbox' | 'other'

/** What became of a message in the outbox. */
export type MessageOutcome = 'sent' | 'retried' | 'refused' | 'expired' | 'suppressed'

/** What the server counts. Every label comes from a list of ours, so that no caller can make the numbers grow. */
export type Metrics = {
  httpRequest(route: Route, status: number): void
  graphqlOperation(kind: 'query' | 'mutation' | 'subscription', outcome: 'ok' | 'errors', seconds: number): void
  refused(code: ErrorCode): void
  message(channel: ChannelName, outcome: MessageOutcome): void
  signIn(method: AuthMethod, outcome: 'succeeded' | 'failed'): void
  /** A limit of features/limits.ts refused a call, by the limit's name. */
  rateLimited(limit: string): void
  outboxWaiting(messages: number): void
  /** An alert was raised, by its kind. */
  alert(kind: string): void
  /** How many event streams are open in this process. */
  streams(open: number): void
  auditBatch(rows: number): void
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>
  contentType: string
}

const PREFIX = 'latchkey_'
const MOST_LIMIT_NAMES = 50

/** Opens a registry of its own, so that servers in one process do not count each other's requests. */
export function openMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: PREFIX })

  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: PREFIX + name, help, labelNames, registers })
  const httpRequests = counter('http_requests_total', 'Answers, by where the request went and status.', [
    'route',
    'status',
  ])
  const operations = counter('graphql_operations_total', 'GraphQL operations, by kind and outcome.', [
    'kind',
    'outcome',
  ])
  const refusals = counter('refusals_total', 'Refusals, by code.', ['code'])
  const mails = counter('mails_total', 'Mails that left the outbox or stayed, by outcome.', ['outcome'])
  const webhookCalls = counter(
    'webhook_calls_total',
    'Calls of the alert webhook that left the outbox or stayed, by outcome.',
    ['outcome'],
  )
  const signIns = counter('sign_ins_total', 'Tries to sign in, by method and outcome.', ['method', 'outcome'])
  const rateLimited = counter('rate_limited_total', 'Calls that a limit refused, by limit.', ['limit'])
  const durations = new Histogram({
    name: `${PREFIX}graphql_duration_seconds`,
    help: 'How long a GraphQL operation took.',
    labelNames: ['kind'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const alerts = counter('alerts_total', 'Alerts that were raised, by kind.', ['kind'])
  const waiting = new Gauge({
    name: `${PREFIX}outbox_waiting`,
    help: 'Mails and calls of the webhook that wait in the outbox.',
    registers,
  })
  const streams = new Gauge({ name: `${PREFIX}streams_open`, help: 'Event streams that are open.', registers })
  const batches = new Histogram({
    name: `${PREFIX}audit_batch_rows`,
    help: 'How many audit rows share one commit.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  })

  const limitNames = new Set<string>()
  const knownLimit = (name: string): string => {
    if (limitNames.size < MOST_LIMIT_NAMES) limitNames.add(name)
    return limitNames.has(name) ? name : 'other'
  }

  return {
    httpRequest: (route, status) => httpRequests.inc({ route, status }),
    graphqlOperation: (kind, outcome, seconds) => {
      operations.inc({ kind, outcome })
      durations.observe({ kind }, seconds)
    },
    refused: (code) => refusals.inc({ code }),
    message: (channel, outcome) => (channel === 'mail' ? mails : webhookCalls).inc({ outcome }),
    alert: (kind) => alerts.inc({ kind }),
    streams: (count) => streams.set(count),
    signIn: (method, outcome) => signIns.inc({ method, outcome }),
    rateLimited: (limit) => rateLimited.inc({ limit: knownLimit(limit) }),
    outboxWaiting: (count) => waiting.set(count),
    auditBatch: (rows) => batches.observe(rows),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
