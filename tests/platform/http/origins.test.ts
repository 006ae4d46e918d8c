import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { answerPreflight, corsHeaders, mayCarryCookies } from '../../../src/platform/http/origins.ts'

const config = { publicUrl: new URL('https://login.example.com'), allowedOrigins: ['https://app.example.com'] }
const json = { 'content-type': 'application/json' }

describe('S6: who may act with cookies', () => {
  test.each([
    ['the site itself', { ...json, origin: 'https://login.example.com', 'sec-fetch-site': 'same-origin' }],
    ['an allowed origin', { ...json, origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' }],
    ['a browser without Sec-Fetch-Site', { ...json, origin: 'https://login.example.com' }],
    ['JSON with a charset', { 'content-type': 'Application/JSON; charset=utf-8', origin: 'https://app.example.com' }],
  ])('%s may', (_who, headers) => {
    expect(mayCarryCookies(headers, config)).toBe(true)
    expect(mayCarryCookies(new Headers(headers), config)).toBe(true)
  })

  test.each([
    ['a missing Origin', json],
    ['a foreign origin', { ...json, origin: 'https://evil.example' }],
    ['null', { ...json, origin: 'null' }],
    ['a longer host', { ...json, origin: 'https://login.example.com.evil.example' }],
    ['another scheme', { ...json, origin: 'http://login.example.com' }],
    ['another port', { ...json, origin: 'https://login.example.com:444' }],
    ['two origins', { ...json, origin: 'https://login.example.com, https://evil.example' }],
    ['a path', { ...json, origin: 'https://login.example.com/' }],
    ['a forged Origin', { ...json, origin: 'https://login.example.com', 'sec-fetch-site': 'cross-site' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://login.example.com' }],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x', origin: 'https://login.example.com' }],
    ['plain text', { 'content-type': 'text/plain', origin: 'https://login.example.com' }],
    ['application/graphql', { 'content-type': 'application/graphql', origin: 'https://login.example.com' }],
    ['JSON in a parameter', { 'content-type': 'text/plain; application/json', origin: 'https://login.example.com' }],
    ['two types', { 'content-type': 'application/json, text/plain', origin: 'https://login.example.com' }],
    ['no type', { origin: 'https://login.example.com' }],
  ])('%s may not', (_who, headers) => {
    expect(mayCarryCookies(headers, config)).toBe(false)
  })
})

test('an answer names the asking origin only if it stands in the list, and always varies by it', () => {
  expect(corsHeaders({ origin: 'https://app.example.com' }, config)).toMatchObject({
    Vary: 'Origin',
    'Access-Control-Allow-Origin': 'https://app.example.com',
    'Access-Control-Allow-Credentials': 'true',
  })
  for (const origin of ['https://evil.example', 'null', '*', ''])
    expect(corsHeaders({ origin }, config)).toEqual({ Vary: 'Origin' })
  expect(corsHeaders({}, config)).toEqual({ Vary: 'Origin' })
})

test('a preflight is answered for an allowed origin that asks for POST', async () => {
  const server = createServer((request, response) => answerPreflight(request, response, config))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server has an address of this form.
  const { port } = server.address() as AddressInfo
  const ask = (origin: string, method: string) =>
    fetch(`http://127.0.0.1:${port}/`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method },
    })
  try {
    const allowed = await ask('https://app.example.com', 'POST')
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-methods')).toBe('POST')
    expect(allowed.headers.get('access-control-allow-headers')).toBe('Content-Type')
    expect(Number(allowed.headers.get('access-control-max-age'))).toBeGreaterThan(0)
    for (const [origin, method] of [
      ['https://evil.example', 'POST'],
      ['https://app.example.com', 'DELETE'],
    ] as const) {
      const refused = await ask(origin, method)
      expect(refused.status).toBe(403)
      expect(refused.headers.get('access-control-allow-methods')).toBeNull()
    }
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
