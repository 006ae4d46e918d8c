import { createHash } from 'node:crypto'
import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import { askForLink, newAddress, REQUEST } from '../../support/people.ts'

const MINUTE = 60_000

describe('asking for a link', () => {
  test('sends one mail, with a link to our own page and a code in two groups of three', async ({ app }) => {
    const email = newAddress()
    const { mail, token } = await askForLink(app, app.browser(), email)

    expect(mail.to).toBe(email)
    expect(mail.subject).toBe(`Sign in to ${app.url.host}`)
    expect(mail.text).toContain(`Open this link:\n${app.url.origin}/auth/verify#${token}\n`)
    expect(mail.text).toMatch(/\n\d{3} \d{3}\n/)
    expect(app.mailbox.mails).toHaveLength(1)
  })

  test('says in the mail who asked, from where, until when it works, and what to do if it was not you', async ({
    app,
  }) => {
    app.clock.set(new Date('2031-03-04T05:06:07Z')) // ahead: the server's clock never goes back
    const { mail } = await askForLink(app, app.browser(), newAddress())

    for (const text of [mail.text, mail.html]) {
      expect(text).toContain('Asked for on 4 March 2031 at 05:06 UTC, from Chrome on macOS at 127.0.0.1.')
      expect(text).toContain('for 10 minutes')
      expect(text).toContain('Was it not you?')
      expect(text).not.toContain('stay signed in')
    }
  })

  test('says in the mail that the device will be remembered, when that was asked', async ({ app }) => {
    const { mail } = await askForLink(app, app.browser(), newAddress(), { rememberDevice: true })
    expect(mail.text).toContain('You will stay signed in on that device')
  })

  test('answers with a message and with the time at which the link ends', async ({ app }) => {
    const now = new Date('2031-03-04T05:06:07Z')
    app.clock.set(now)
    const { answer } = await askForLink(app, app.browser(), newAddress())

    const { message, expiresAt } = answer.data?.['requestMagicLink'] as { message: string; expiresAt: string } // as REQUEST asks
    expect(message).toContain('is on its way')
    expect(new Date(expiresAt).getTime() - now.getTime()).toBeGreaterThanOrEqual(10 * MINUTE)
    expect(new Date(expiresAt).getTime() - now.getTime()).toBeLessThan(11 * MINUTE)
  })

  test('gives the browser a challenge that no script can read, for ten minutes', async ({ app }) => {
    const { answer } = await askForLink(app, app.browser(), newAddress())
    const [cookie, ...others] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^latchkey-challenge=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(others).toEqual([])
  })

  test('gives it in a __Host- cookie over https', async () => {
    const app = await startTestApp({ env: { PUBLIC_URL: 'https://id.example.test', SMTP_URL: 'smtp://localhost' } })
    onTestFinished(() => app.close())
    const { headers } = await app.browser().graphql(REQUEST, { email: newAddress() })
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-latchkey-challenge=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ])
  })

  test('keeps neither the token nor the code nor the challenge, only what tells them', async ({ app }) => {
    const browser = app.browser()
    const { token, code } = await askForLink(app, browser, newAddress())
    const challenge = browser.cookies.get('latchkey-challenge') ?? ''
    const hash = (text: string) => createHash('sha256').update(text).digest('base64url')

    const row = await app.services.database.systemDb.magicLink.findFirstOrThrow()

    expect(row).toMatchObject({
      tokenHash: hash(token),
      challengeHash: hash(challenge),
      codeTries: 0,
      consumedAt: null,
    })
    expect(row.codeHash).toMatch(/^test\.[\w-]{43}$/)
    expect(row.codeHash).not.toContain(hash(code))
    expect(JSON.stringify(row)).not.toContain(token)
    expect(JSON.stringify(row)).not.toContain(challenge)
  })

  test('makes no account before the link is redeemed', async ({ app }) => {
    await askForLink(app, app.browser(), newAddress())
    expect(await app.services.database.systemDb.user.count()).toBe(0)
  })

  test('sends a mail that waited for too long never, rather than late', async () => {
    let isAway = true
    const sent: string[] = []
    const mailer = {
      name: 'away',
      send: (mail: { to: string }) =>
        isAway ? Promise.reject(new Error('away')) : Promise.resolve(void sent.push(mail.to)),
      close: () => Promise.resolve(),
    }
    const app = await startTestApp({ replacements: { mailer } })
    onTestFinished(() => app.close())
    await app.browser().graphql(REQUEST, { email: newAddress() })
    await app.services.outbox.sendDue()
    isAway = false
    app.clock.advance(11 * MINUTE)
    await app.services.outbox.sendDue()

    expect(sent).toEqual([])
    expect(await app.services.database.systemDb.outboxMessage.count()).toBe(0)
  })
})
