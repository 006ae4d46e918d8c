import { describe, expect, test } from 'vitest'
import { magicLinkMail } from '../../../src/features/magic-link/emails.ts'

const token = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE'

const asUsual = {
  to: 'ada@example.com',
  link: `https://notes.example/auth/verify#${token}`,
  code: '042137',
  expiresInMinutes: 10,
  asked: {
    at: new Date('2026-03-12T14:05:00Z'),
    deviceName: 'Chrome on macOS',
    ipAddress: '203.0.113.7' as string | null,
  },
  rememberDevice: false,
  publicHost: 'notes.example',
}

const mailFrom = (deviceName: string) => magicLinkMail({ ...asUsual, asked: { ...asUsual.asked, deviceName } })

/** What a reader of the HTML sees. */
const wordsOf = (html: string) =>
  html
    .replace(/<style>[^]*<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
const count = (text: string, part: string) => text.split(part).length - 1

test('both forms hold the link, the code, how long they work, who asked, and what to do if it was not you', () => {
  const mail = magicLinkMail(asUsual)
  expect(mail.to).toBe('ada@example.com')
  expect(mail.subject).toBe('Sign in to notes.example')
  expect(mail.text).toContain(`\n${asUsual.link}\n`)
  expect(mail.html).toContain(`href="${asUsual.link}"`)
  for (const form of [mail.text, wordsOf(mail.html)]) {
    expect(form).toContain('042 137')
    expect(form).toContain('10 minutes')
    expect(form).toContain('The link works in any browser, the code only in the one that asked.')
    expect(form).toContain('12 March 2026 at 14:05 UTC, from Chrome on macOS at 203.0.113.7.')
    expect(form).toContain('nobody gets in without this mail')
    expect(form).toContain('Do not forward it')
  }
})

test('the token stands in the link alone, once in each form, and neither token nor code in the subject or the preview', () => {
  const { subject, text, html } = magicLinkMail(asUsual)
  expect(count(text, token)).toBe(1)
  expect(count(html, token)).toBe(1)
  expect(count(wordsOf(html), token)).toBe(0)
  expect(subject).not.toMatch(/\d{3}/)
  expect(/display:none[^>]*>([^<]*)</.exec(html)?.[1]).toBe('Your link works for 10 minutes.')
})

test('nothing is loaded from anywhere, and nothing counts who opens it', () => {
  const { html } = magicLinkMail(asUsual)
  expect(html).not.toMatch(/<img|<script|<link|<iframe|url\(|@import|\bsrc=/i)
  expect(html.match(/https?:\/\/[^"\s<]+/g)).toEqual([asUsual.link])
})

test('it says that the device stays signed in only where that was asked', () => {
  expect(magicLinkMail(asUsual).text).not.toContain('stay signed in')
  expect(magicLinkMail({ ...asUsual, rememberDevice: true }).text).toContain('stay signed in')
})

test.each([
  [1, '1 minute.'],
  [2.9, '2 minutes.'],
  [0.5, '1 minute.'],
])('%d minutes are told as %j', (expiresInMinutes, told) => {
  expect(magicLinkMail({ ...asUsual, expiresInMinutes }).text).toContain(`once, for ${told}`)
})

test.each([null, 'unknown', '203.0.113.7 <b>', 'evil.example'])('an address of %j is left out', (ipAddress) => {
  const { text } = magicLinkMail({ ...asUsual, asked: { ...asUsual.asked, ipAddress } })
  expect(text).toContain('from Chrome on macOS.')
})

test('an IPv6 address is told', () => {
  const { text } = magicLinkMail({ ...asUsual, asked: { ...asUsual.asked, ipAddress: '2001:db8::7' } })
  expect(text).toContain('at 2001:db8::7.')
})

describe('M7: what a stranger wrote stays words', () => {
  test('HTML in the device name', () => {
    const { html, text } = mailFrom('<img src=x onerror=alert(1)>"><script>alert(1)</script>')
    expect(html).not.toMatch(/<img|<script|onerror=/i)
    expect(text).not.toMatch(/[<>]/)
  })

  test('HTML in the address and in the host', () => {
    const { html } = magicLinkMail({ ...asUsual, to: '"<b>x</b>&"@example.com', publicHost: '<i>notes</i>' })
    expect(html).not.toMatch(/<b>|<i>/)
    expect(html).toContain('&lt;b&gt;x&lt;/b&gt;&amp;')
  })

  test('a link that would leave its attribute', () => {
    const { html } = magicLinkMail({ ...asUsual, link: 'https://notes.example/"><script>alert(1)</script>' })
    expect(html).not.toContain('<script>')
  })

  test.each([
    ['line breaks', 'Chrome\r\nBcc: eve@example.org\r\n\r\nHello'],
    ['line separators', 'Chrome\u2028Hello\u2029Hello\u0085Hello'],
    ['terminal sequences', 'Chrome\u001b[2J\u001b]8;;https://evil.example\u0007here\u001b]8;;\u0007'],
    ['directions of writing', 'Chrome\u202egnihsihp\u2066x\u2069\u200f'],
    ['the invisible', 'Chr\u200bome\ufeff\u00ad\u{e0041}'],
  ])('%s in the device name', (_, deviceName) => {
    const { subject, text, html } = mailFrom(deviceName)
    for (const form of [subject, text, html])
      expect(form.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(text.split('\n')).toHaveLength(mailFrom('Chrome').text.split('\n').length)
  })

  test.each([
    'Visit https://evil.example/now',
    'www.evil.example',
    'evil。example',
    'eve@evil.example',
    'Call tel:+100',
  ])('a mail program makes no link of %j', (deviceName) => {
    const { text, html } = mailFrom(deviceName)
    for (const form of [text, wordsOf(html)]) {
      const asked = /from (.*?) at 203/.exec(form)?.[1] ?? ''
      expect(asked).toBeTruthy()
      expect(asked).not.toMatch(/\w\.[a-z]|[@:/。]/i)
    }
  })

  test('a name without end is cut, and an empty one called unknown', () => {
    expect(mailFrom('A'.repeat(10_000)).text.length).toBeLessThan(1_000)
    expect(mailFrom('\u202e\u0000').text).toContain('from an unknown device at')
  })
})
