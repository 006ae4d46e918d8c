import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { signIn } from '../support/people.ts'

const FRIEND = 'https://app.example'
let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ env: { ALLOWED_ORIGINS: FRIEND } })
})
afterAll(() => app.close())

// Each looks like an allowed one to a careless comparison.
const FOREIGN = [
  'https://evil.example',
  'https://app.example.evil.example',
  'https://app.example:444',
  'http://app.example',
  'https://sub.app.example',
  'https://APP.example',
  'https://app.example/',
  'https://app.example https://evil.example',
  'null',
  '*',
  '',
]

const preflight = (origin: string, method = 'POST') =>
  app.browser().fetch('/graphql', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'content-type' },
  })

const corsHeaders = ({ headers }: Response) => [...headers].filter(([name]) => name.startsWith('access-control-'))

test("the site's own origin and an allowed one may ask, with cookies", async () => {
  for (const origin of [app.url.origin, FRIEND]) {
    const answer = await preflight(origin)
    expect(answer.status).toBe(204)
    expect(Object.fromEntries(corsHeaders(answer))).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type',
    })
    expect(answer.headers.get('vary')).toBe('Origin')
  }
})

test.each(FOREIGN)('the origin "%s" may not', async (origin) => {
  const answer = await preflight(origin)
  expect([answer.status, corsHeaders(answer)]).toEqual([403, []])
  expect(answer.headers.get('vary')).toBe('Origin')
})

test.each(['GET', 'PUT', 'DELETE', 'PATCH', ''])('an allowed origin may not ask by "%s"', async (method) => {
  const answer = await preflight(FRIEND, method)
  expect([answer.status, answer.headers.get('access-control-allow-methods')]).toEqual([403, null])
})

test('an allowed origin reads its answers, with the headers of the limits', async () => {
  const { browser, userId } = await signIn(app)
  const { data, headers } = await browser.graphql(
    '{ me { id } }',
    {},
    { headers: { origin: FRIEND, 'sec-fetch-site': 'cross-site' } },
  )
  expect(data).toEqual({ me: { id: userId } })
  expect(headers.get('access-control-allow-origin')).toBe(FRIEND)
  expect(headers.get('access-control-expose-headers')).toMatch(/Retry-After.*RateLimit-Limit/)
})

test('a foreign origin reads nothing, refused or not', async () => {
  for (const origin of FOREIGN) {
    const headers = { origin, 'content-type': 'application/json' }
    const answer = await app.browser().fetch('/graphql', { method: 'POST', headers, body: '{"query":"{ me { id } }"}' })
    expect(corsHeaders(answer)).toEqual([])
  }
})

test('pages and their parts are for no other origin', async () => {
  for (const path of ['/', '/sign-in', '/auth/verify', '/healthz', '/graphql?query={me{id}}']) {
    const answer = await app.browser().fetch(path, { headers: { origin: 'https://evil.example' } })
    expect(corsHeaders(answer)).toEqual([])
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
  }
})
