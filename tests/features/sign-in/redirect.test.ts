import { describe, expect, test } from 'vitest'
import { allowedRedirect } from '../../../src/features/sign-in/redirect.ts'

const config = {
  publicUrl: new URL('https://login.example.com'),
  pagesUrl: new URL('https://app.example.com/my/'),
  allowedOrigins: ['https://app.example.com', 'http://localhost:5173'],
}

test.each([
  ['/', '/'],
  ['/notes', '/notes'],
  ['/notes?next=//evil.example&a=%2F#top', '/notes?next=//evil.example&a=%2F#top'],
  ['/a/../b', '/b'],
  ['/@evil.example', '/@evil.example'],
  ['/caf%C3%A9%20au%20lait', '/caf%C3%A9%20au%20lait'],
  ['https://login.example.com', 'https://login.example.com/'],
  ['HTTPS://LOGIN.example.com/x', 'https://login.example.com/x'],
  ['https://login.example.com:443/x', 'https://login.example.com/x'],
  ['https://app.example.com/inbox?x=1#y', 'https://app.example.com/inbox?x=1#y'],
  ['http://localhost:5173/', 'http://localhost:5173/'],
])('%s leads to %s', (text, expected) => {
  expect(allowedRedirect(text, config)).toBe(expected)
})

describe('M10: nobody is led away', () => {
  test.each([
    '',
    ' ',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\\/evil.example',
    '\\/evil.example',
    'https:evil.example',
    'https:/evil.example',
    'https:///evil.example',
    'https:\\\\evil.example',
    'http://app.example.com',
    'https://evil.example',
    'https://app.example.com.evil.example',
    'https://app.example.com@evil.example',
    'https://app.example.com:pw@evil.example',
    'https://u:p@app.example.com/',
    'https://u@app.example.com/',
    'https://@app.example.com/',
    'https://evil.example#@app.example.com',
    'https://evil.example?https://app.example.com',
    'https://app.example.com:8443/',
    'https://app.example.com\\.evil.example',
    'https://app.example.com%2eevil.example/',
    'https://app。example。com.evil.example',
    'https://ａpp.example.com/',
    '/\tevil',
    '\t//evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\u0000/x',
    '/x\u0000',
    ' /x',
    '/x ',
    '/\u2028x',
    '/%2f%2fevil.example',
    '/%2fevil.example',
    '/%2F%2Fevil.example',
    '/%5cevil.example',
    '/%5C%5Cevil.example',
    '/%252f%252fevil.example',
    '/%25252f%25252fevil.example',
    '/a%2f..%2f%2fevil.example',
    '/a/..//evil.example',
    '/.//evil.example',
    '/%2e%2e//evil.example',
    '/a/%2e%2e//evil.example',
    '/%0d%0aSet-Cookie:x',
    '/%00',
    '/%09/evil',
    '/%',
    '/%zz',
    '/%ff',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://app.example.com/x',
    'file:///etc/passwd',
    'ftp://app.example.com/',
    'notes',
    './notes',
    '../notes',
    '@evil.example',
    '.evil.example',
    ':80',
    '?x',
    '#x',
    'app.example.com',
    'null',
    `/${'x'.repeat(2_000)}`,
  ])('%j is refused', (text) => {
    expect(() => allowedRedirect(text, config)).toThrow(expect.objectContaining({ code: 'REDIRECT_NOT_ALLOWED' }))
  })

  test('whatever comes back stays at home when a browser reads it', () => {
    const pieces = ['/', '\\', '..', '%2f', '%5c', '@', 'evil.example', '?', '\t', 'https:', 'x']
    for (const a of pieces)
      for (const b of pieces)
        for (const c of pieces)
          for (const d of pieces) {
            const text = a + b + c + d
            let allowed: string
            try {
              allowed = allowedRedirect(text, config)
            } catch {
              continue
            }
            const { origin } = new URL(allowed, config.publicUrl)
            if (origin !== config.publicUrl.origin) throw new Error(`${JSON.stringify(text)} leads to ${origin}`)
            if (/^\/[/\\]/.test(allowed)) throw new Error(`${JSON.stringify(text)} gives ${allowed}`)
          }
  })
})

test('the refusal does not repeat what was asked for', () => {
  expect(() => allowedRedirect('https://evil.example', config)).toThrow(/^(?!.*evil).*$/)
})

test.each([
  '/auth/verify',
  '/auth/verify#token',
  '/x/../auth/verify',
  '/sign-in',
  'https://login.example.com/auth/verify',
  'https://app.example.com/my/auth/verify#token',
  'https://app.example.com/My/Sign-In?back=/',
  '/my/auth/verify#token',
])('%s does not lead back into signing in, where somebody else’s link could wait', (text) => {
  expect(() => allowedRedirect(text, config)).toThrow(expect.objectContaining({ code: 'REDIRECT_NOT_ALLOWED' }))
})
