import { expect, test } from 'vitest'
import { cleanUserAgent, deviceNameOf } from '../../src/platform/user-agent.ts'

test.each([
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    'Chrome on macOS',
  ],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0', 'Firefox on Windows'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  [
    'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1',
    'Safari on iPad',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36',
    'Samsung Internet on Android',
  ],
  ['curl/8.7.1', 'curl'],
  ['node', 'Node.js'],
  ['PostmanRuntime/7.39.0', 'Postman'],
  ['Mozilla/5.0 (Windows NT 10.0)', 'an unknown browser on Windows'],
  ['', 'an unknown browser'],
  [null, 'an unknown browser'],
])('%s is %s', (userAgent, name) => {
  expect(deviceNameOf(userAgent)).toBe(name)
})

test('M7: no word of a hostile user agent comes out, and nothing throws', () => {
  const hostile = [
    '<script>alert(1)</script>/1.0 (x)',
    'Your bank/1 (call 555-1234)',
    'x'.repeat(100_000),
    '\u0000\ud800',
    '((((((((',
    'Mozilla/5.0 (iPhone<b>; x) evil/1',
    'curl<b>/1',
    'Macintosh',
    'iphone evil',
    'Version/',
    '\u202eChrome',
    'Mozilla/5.0 (Macintosh; \r\nIntel',
  ]
  for (const userAgent of hostile) {
    expect(deviceNameOf(userAgent)).toMatch(/^(an unknown browser|[A-Z][A-Za-z. ]+)( on [A-Za-z ]+)?$/)
    expect(deviceNameOf(userAgent)).not.toMatch(/<|evil|bank|script/)
  }
})

test('a user agent is kept without control characters, whole, and at most 400 characters long', () => {
  expect(cleanUserAgent('a\r\nb\u001b[31m\u2028c\u202e')).toBe('a b [31m c')
  expect(cleanUserAgent('x'.repeat(1_000))).toHaveLength(400)
  expect(cleanUserAgent(`${'x'.repeat(399)}😀`)).toBe('x'.repeat(399))
  expect(cleanUserAgent('\ud800x')).toBe('x')
  expect(cleanUserAgent(' \r\n')).toBeNull()
  expect(cleanUserAgent(null)).toBeNull()
})
