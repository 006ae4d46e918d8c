import { describe, expect, test } from 'vitest'
import { healthRoutes } from '../../../src/platform/http/health-routes.ts'
import { openMetrics } from '../../../src/platform/metrics.ts'

type Options = Parameters<typeof healthRoutes>[0]

const token = 'a-token-of-24-characters'
const metrics = openMetrics()

function open(options: Partial<Options> = {}) {
  return healthRoutes({
    checks: {},
    isStopping: () => false,
    metrics,
    metricsToken: token,
    socketAddress: () => '203.0.113.9',
    ...options,
  })
}

test('/healthz answers as long as the process lives', async () => {
  const answer = await open({ isStopping: () => true }).request('/healthz')
  expect([answer.status, await answer.text()]).toEqual([200, 'ok'])
})

describe('/readyz', () => {
  const good = () => Promise.resolve()

  test('is ready when every check passes', async () => {
    const answer = await open({ checks: { database: good, redis: good } }).request('/readyz')
    expect([answer.status, await answer.text()]).toEqual([200, 'ready'])
  })

  test('names what fails, and nothing of why', async () => {
    const checks = {
      database: () => Promise.reject(new Error('password of postgres://u:secret@h')),
      redis: good,
      outbox: () => {
        throw new Error('secret')
      },
    }
    const answer = await open({ checks }).request('/readyz')
    expect([answer.status, await answer.text()]).toEqual([503, 'not ready: database, outbox'])
  })

  test('does not wait for what hangs, and does not ask it again while it hangs', async () => {
    let asked = 0
    const checks = { database: () => new Promise<void>(() => void asked++) }
    const routes = open({ checks, timeoutMs: 5 })
    const answers = await Promise.all([routes.request('/readyz'), routes.request('/readyz')])
    expect(answers.map(({ status }) => status)).toEqual([503, 503])
    expect((await routes.request('/readyz')).status).toBe(503)
    expect(asked).toBe(1)
  })

  test('is ready again once a check passes again', async () => {
    let up = false
    const routes = open({ checks: { database: () => (up ? good() : Promise.reject(new Error('down'))) } })
    expect((await routes.request('/readyz')).status).toBe(503)
    up = true
    expect((await routes.request('/readyz')).status).toBe(200)
  })

  test('is not ready while the server stops', async () => {
    expect((await open({ isStopping: () => true }).request('/readyz')).status).toBe(503)
  })
})

describe('/metrics', () => {
  const ask = async (options: Partial<Options>, headers: Record<string, string> = {}) =>
    (await open(options).request('/metrics', { headers })).status
  const local = { socketAddress: () => '::ffff:127.0.0.1' }

  test('is open on loopback', async () => {
    const answer = await open(local).request('/metrics')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/plain')
    expect(await answer.text()).toContain('latchkey_process_resident_memory_bytes')
  })

  test('is closed to a request that a proxy on loopback passes on', async () => {
    for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via'])
      expect(await ask(local, { [name]: 'x' })).toBe(404)
  })

  test('is closed to others without the token', async () => {
    expect(await ask({})).toBe(404)
    expect(await ask({}, { authorization: 'Bearer wrong' })).toBe(404)
    expect(await ask({}, { authorization: `Basic ${token}` })).toBe(404)
    expect(await ask({ metricsToken: null }, { authorization: 'Bearer null' })).toBe(404)
    expect(await ask({ socketAddress: () => undefined })).toBe(404)
  })

  test('is open with the token, through a proxy too', async () => {
    expect(await ask({}, { authorization: `Bearer ${token}`, 'x-forwarded-for': '1.1.1.1' })).toBe(200)
  })
})
