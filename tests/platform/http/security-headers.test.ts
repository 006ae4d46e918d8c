import { expect, test } from 'vitest'
import { securityHeaders } from '../../../src/platform/http/security-headers.ts'

const https = { publicUrl: new URL('https://login.example.com') }
const http = { publicUrl: new URL('http://localhost:4000') }

test('every kind of answer carries the headers that hold everywhere', () => {
  for (const kind of ['api', 'page', 'asset', 'graphiql', 'mailbox'] as const) {
    const headers = securityHeaders(kind, https)
    expect(headers).toMatchObject({
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
    })
    expect(headers['Content-Security-Policy']).toContain("default-src 'none'")
    expect(headers['Content-Security-Policy']).toContain("base-uri 'none'")
    expect(headers['Strict-Transport-Security']).toMatch(/^max-age=\d+/)
    expect(securityHeaders(kind, http)['Strict-Transport-Security']).toBeUndefined()
  }
})

test('a page runs no inline script, stands in no frame and in no cache', () => {
  const headers = securityHeaders('page', https)
  const policy = headers['Content-Security-Policy'] ?? ''
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  expect(headers).toMatchObject({ 'X-Frame-Options': 'DENY', 'Cache-Control': 'no-store' })
})

test('data may load nothing at all', () => {
  expect(securityHeaders('api', https)['Content-Security-Policy']).not.toContain("'self'")
})

test('no kind runs inline scripts, GraphiQL and the mailbox included', () => {
  for (const kind of ['api', 'page', 'asset', 'graphiql', 'mailbox'] as const) {
    const policy = securityHeaders(kind, http)['Content-Security-Policy'] ?? ''
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? "'none' by default"
    expect(scripts).not.toContain('unsafe')
  }
})
