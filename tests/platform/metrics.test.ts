import { expect, test } from 'vitest'
import { openMetrics } from '../../src/platform/metrics.ts'

test('what is counted is told under our prefix', async () => {
  const metrics = openMetrics()
  metrics.httpRequest('graphql', 200)
  metrics.graphqlOperation('mutation', 'ok', 0.012)
  metrics.refused('RATE_LIMITED')
  metrics.message('mail', 'sent')
  metrics.message('webhook', 'refused')
  metrics.alert('login.new-device')
  metrics.streams(2)
  metrics.signIn('MAGIC_LINK', 'failed')
  metrics.rateLimited('data.user')
  metrics.outboxWaiting(3)
  metrics.auditBatch(7)
  const text = await metrics.text()
  for (const line of [
    'latchkey_http_requests_total{route="graphql",status="200"} 1',
    'latchkey_graphql_operations_total{kind="mutation",outcome="ok"} 1',
    'latchkey_graphql_duration_seconds_count{kind="mutation"} 1',
    'latchkey_refusals_total{code="RATE_LIMITED"} 1',
    'latchkey_mails_total{outcome="sent"} 1',
    'latchkey_webhook_calls_total{outcome="refused"} 1',
    'latchkey_alerts_total{kind="login.new-device"} 1',
    'latchkey_streams_open 2',
    'latchkey_sign_ins_total{method="MAGIC_LINK",outcome="failed"} 1',
    'latchkey_rate_limited_total{limit="data.user"} 1',
    'latchkey_outbox_waiting 3',
    'latchkey_audit_batch_rows_sum 7',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  expect(text.split('\n').filter((line) => /^[a-z]/.test(line) && !line.startsWith('latchkey_'))).toEqual([])
})

test('two servers in one process count apart', async () => {
  const [one, other] = [openMetrics(), openMetrics()]
  one.message('mail', 'sent')
  expect(await other.text()).not.toContain('latchkey_mails_total{')
})

test('whatever names are brought, the numbers do not grow without end', async () => {
  const metrics = openMetrics()
  for (let at = 0; at < 1_000; at++) metrics.rateLimited(`invented-${at}`)
  const series = (await metrics.text()).match(/^latchkey_rate_limited_total\{/gm) ?? []
  expect(series.length).toBeLessThanOrEqual(51)
})
