import { afterAll, beforeAll, describe, expect } from 'vitest'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { tokenIn } from '../support/mailbox.ts'
import { askForLink, newAddress, REQUEST, signIn, VERIFY } from '../support/people.ts'
import type { Verified } from '../support/people.ts'

describe('M6: odd addresses have one canonical recipient, or are refused', () => {
  // What is written, and the one address that it means.
  const SAME: Record<string, [written: string, canonical: string]> = {
    'capitals and spaces around': ['  Ada@Example.COM\r\n', 'ada@example.com'],
    'a ligature before the @': ['oﬃce@example.com', 'office@example.com'],
    'a ligature in the domain': ['ada@eﬃcient.example', 'ada@efficient.example'],
    'full-width letters': ['ａｄａ@ｅｘａｍｐｌｅ.com', 'ada@example.com'],
    'a full stop of another script': ['ada@example。com', 'ada@example.com'],
    'the Kelvin sign': ['\u212Aelvin@example.com', 'kelvin@example.com'],
    'a domain in composed letters': ['ada@b\u00fccher.example', 'ada@xn--bcher-kva.example'],
    'the same domain decomposed (NFD)': ['ada@bu\u0308cher.example', 'ada@xn--bcher-kva.example'],
  }

  describe('M6: made canonical', () => {
    let app: TestApp
    beforeAll(async () => {
      app = await startTestApp()
    })
    afterAll(() => app.close())

    test.each(Object.entries(SAME))('M6: %s', async (_name, [written, canonical]) => {
      await app.browser().graphql(REQUEST, { email: written })
      await app.services.outbox.sendDue()

      expect(app.mailbox.mails.splice(0).map(({ to }) => to)).toEqual([canonical])
      const { magicLink } = app.services.database.systemDb
      expect(await magicLink.findMany({ select: { email: true } })).toEqual([{ email: canonical }])
      await magicLink.deleteMany()
    })
  })

  test('M6: two spellings of an address are one person', async ({ app }) => {
    const plain = await signIn(app, 'office@example.com')
    const browser = app.browser()
    await browser.graphql(REQUEST, { email: 'Oﬃce@EXAMPLE.com' })
    const token = tokenIn(await app.mailbox.latest('office@example.com', 2))

    const { data } = await browser.graphql<Verified>(VERIFY, { token })

    expect(data?.verifyMagicLink).toMatchObject({ user: { id: plain.userId, email: 'office@example.com' } })
    expect(await app.services.database.systemDb.user.count()).toBe(1)
  })

  const ODD: Record<string, unknown> = {
    'a full-width @': 'ada＠example.com',
    'a full-width @ besides a plain one': 'ada@example.com＠evil.test',
    'a small @': 'ada﹫example.com',
    'two @': 'ada@example.com@evil.test',
    'a zero width space': 'a\u200bda@example.com',
    'a zero width joiner in the domain': 'ada@exa\u200dmple.com',
    'a soft hyphen': 'a\u00adda@example.com',
    'a right-to-left override': '\u202eada@example.com',
    'decomposed letters before the @': 'ade\u0301@example.com',
    'a letter of another script that looks alike': 'аda@example.com',
    'the Turkish capital I': 'İda@example.com',
    'two addresses with a comma': 'ada@example.com,eve@evil.test',
    'a comma before the @': 'eve,ada@example.com',
    'a full-width comma': 'ada@example.com，eve@evil.test',
    'two addresses with a semicolon': 'ada@example.com;eve@evil.test',
    'two addresses with a space': 'ada@example.com eve@evil.test',
    'a line break and a header': 'ada@example.com\r\nBcc: eve@evil.test',
    'a line feed alone': 'ada@example.com\nBcc:eve@evil.test',
    'an encoded line break': 'ada%0d%0aBcc:eve@example.com@evil.test',
    'a line separator': 'ada@example.com\u2028eve@evil.test',
    'a NUL': 'ada@example.com\u0000@evil.test',
    'a name and <>': 'Ada <ada@example.com>',
    '<> alone': '<ada@example.com>',
    'a quoted local part': '"eve@evil.test, ada"@example.com',
    'a comment': 'ada(eve@evil.test)@example.com',
    'a group': 'friends:ada@example.com,eve@evil.test;',
    'an address literal': 'ada@[127.0.0.1]',
    'a number for a domain': 'ada@127.0.0.1',
    'a name without a dot': 'ada@localhost',
    'a dot at the end of the domain': 'ada@example.com.',
    'two dots': 'ada@example..com',
    'a percent sign in the domain': 'ada@example%2ecom',
    'a slash in the domain': 'ada@example.com/evil.test',
    'an encoded word': '=?utf-8?q?eve=40evil.test=3E?=@example.com',
    'a route with a percent sign': 'eve%evil.test@example.com',
    'a route with an exclamation mark': 'evil.test!eve@example.com',
    'a long one': `${'a'.repeat(65)}@example.com`,
    nothing: '',
  }

  describe('M6: refused', () => {
    let app: TestApp
    beforeAll(async () => {
      app = await startTestApp()
    })
    afterAll(() => app.close())

    test.each(Object.entries(ODD))('M6: %s', async (_name, email) => {
      const { code, data } = await app.browser().graphql(REQUEST, { email })
      expect(code).toBe('EMAIL_INVALID')
      expect(data).toBeNull()
      await expectNothing()
    })

    const NO_TEXT: Record<string, unknown> = {
      'a list': ['ada@example.com', 'eve@evil.test'],
      'a list of one': ['ada@example.com'],
      'an object': { address: 'ada@example.com', toString: 'eve@evil.test' },
      'a number': 1,
      null: null,
    }
    test.each(Object.entries(NO_TEXT))('M6: %s in place of a text', async (_name, email) => {
      expect((await app.browser().graphql(REQUEST, { email })).code).toBe('BAD_INPUT')
      await expectNothing()
    })

    async function expectNothing(): Promise<void> {
      await app.services.outbox.sendDue()
      expect(app.mailbox.mails).toEqual([])
      expect(await app.services.database.systemDb.magicLink.count()).toBe(0)
      expect(await app.services.database.systemDb.outboxMessage.count()).toBe(0)
    }
  })
})

describe('M7: what a stranger writes is escaped in the mail', () => {
  test('M7: letters of an address that mean something in HTML', async ({ app }) => {
    const email = "o'neil&ltb&amp@example.com"
    const { mail } = await askForLink(app, app.browser(), email)

    expect(mail.to).toBe(email)
    expect(mail.text).toContain(`Sent to ${email} `)
    expect(mail.html).toContain('Sent to o&#39;neil&amp;ltb&amp;amp@example.com ')
    expect(mail.html).not.toContain("o'neil")
  })

  test('M7: an address with markup in it is refused', async ({ app }) => {
    for (const email of [
      '<b>ada</b>@example.com',
      '"<script>alert(1)</script>"@example.com',
      'ada@<img src=x>.example.com',
    ]) {
      expect((await app.browser().graphql(REQUEST, { email })).code).toBe('EMAIL_INVALID')
    }
  })

  test('M7: a user agent brings no markup, no link and no word of its own', async ({ app }) => {
    const userAgents = [
      'Mozilla/5.0 <img src=x onerror=alert(1)> Chrome/142.0 </p><script src=//evil.test/x.js></script>',
      'Click https://evil.test/now to keep your account',
      '<a href="https://evil.test">Chrome</a> on "macOS" & \'evil.test\'',
      'Chrome/142.0 (evil.test; <b>Windows NT 10.0</b>) evil.test/1.0',
    ]
    for (const userAgent of userAgents) {
      const { mail } = await askForLink(app, app.browser(userAgent), newAddress())

      expect(mail.html).not.toMatch(/<script|onerror|<img|<b>/)
      expect([...mail.html.matchAll(/\shref=/g)]).toHaveLength(1)
      expect(`${mail.subject} ${mail.text} ${mail.html}`).not.toMatch(/evil|Click/)
    }
  })
})
