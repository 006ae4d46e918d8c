import { expect, test } from 'vitest'
import { reauthenticationMail } from '../../../src/features/reauthentication/emails.ts'

const asUsual = {
  to: 'ada@example.com',
  code: '042137',
  expiresInMinutes: 10,
  asked: { at: new Date('2026-03-12T14:05:00Z'), deviceName: 'Chrome on macOS', ipAddress: '203.0.113.7' },
  publicHost: 'notes.example',
}

/** What a reader of the HTML sees. */
const wordsOf = (html: string) =>
  html
    .replace(/<style>[^]*<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

test('both forms hold the code, how long it works, who asked, and what to do if it was not you', () => {
  const { to, text, html } = reauthenticationMail(asUsual)
  expect(to).toBe('ada@example.com')
  for (const form of [text, wordsOf(html)]) {
    expect(form).toContain('042 137')
    expect(form).toContain('10 minutes')
    expect(form).toContain('only in the browser that asked')
    expect(form).toContain('12 March 2026 at 14:05 UTC, from Chrome on macOS at 203.0.113.7.')
    expect(form).toContain('somebody else is signed in to your account')
    expect(form).toContain('end the sessions that you do not know')
  }
})

test('the code stands neither in the subject nor in the preview', () => {
  const { subject, html } = reauthenticationMail(asUsual)
  expect(subject).toBe('Confirm that it is you at notes.example')
  expect(/display:none[^>]*>([^<]*)</.exec(html)?.[1]).toBe('The code works for 10 minutes.')
})

test('there is no link, nothing is loaded from anywhere, and nothing counts who opens it', () => {
  const { text, html } = reauthenticationMail(asUsual)
  expect(html).not.toMatch(/<a\b|<img|<script|<link|<iframe|url\(|@import|\bsrc=|\bhref=/i)
  for (const form of [text, html]) expect(form).not.toMatch(/https?:/)
})

test('M7: what a stranger wrote stays words', () => {
  const asked = {
    ...asUsual.asked,
    deviceName: '<script>alert(1)</script> https://evil.example\r\nBcc: eve@example.org',
  }
  const { text, html } = reauthenticationMail({
    ...asUsual,
    to: '"<b>x</b>"@example.com',
    publicHost: '<i>x</i>',
    asked,
  })
  expect(html).not.toMatch(/<script|<b>|<i>/)
  expect(text).not.toMatch(/https?:|evil\.example|^Bcc/m)
})
