import { describe, expect, onTestFinished, test } from 'vitest'
import { openLog } from '../../src/platform/log.ts'
import type { Mail, Mailer } from '../../src/platform/mail/mailer.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { codeIn, tokenIn } from '../support/mailbox.ts'
import { askForLink, newAddress, REQUEST, VERIFY, VERIFY_CODE } from '../support/people.ts'
import { production, PUBLIC_URL, wrongCode } from './mail-links-support.ts'

describe('M9: the token is in the fragment, and in no log', () => {
  test('M9: the link has it behind the #, once in the text and once in the HTML', async () => {
    const app = await start({ env: production() })
    const { mail, token } = await askForLink(app, app.browser(), newAddress())

    const [link = ''] = /https:\S+/.exec(mail.text) ?? []
    expect(new URL(link)).toMatchObject({ origin: PUBLIC_URL, pathname: '/auth/verify', search: '', hash: `#${token}` })
    expect(mail.text.split(token)).toHaveLength(2)
    expect(mail.html.split(token)).toHaveLength(2)
    expect(mail.subject).not.toContain(token)
    expect(mail.subject).not.toMatch(/\d{3} ?\d{3}/)
  })

  test('M9: no page and no answer lets a browser send a referrer, or a cache keep it', async () => {
    const app = await start({ env: production() })
    for (const path of ['/auth/verify', '/', '/sign-in', '/nowhere', '/graphql?query={__typename}']) {
      const { headers } = await app.browser().fetch(path)
      expect(headers.get('referrer-policy'), path).toBe('no-referrer')
      expect(headers.get('cache-control'), path).toBe('no-store')
    }
    const page = await (await app.browser().fetch('/auth/verify')).text()
    // Nothing from elsewhere runs beside the token.
    for (const [, source] of page.matchAll(/(?:src|href)="([^"]*)"/g)) expect(source).toMatch(/^\/(?!\/)/)
  })

  test('M9: whatever is done with a link and a code, they stand in no line of the log at level debug', async () => {
    const lines: string[] = []
    const app = await start({ replacements: { log: collect(lines) } })
    const browser = app.browser()
    const secrets: string[] = []
    const ask = async () => {
      const { token, code } = await askForLink(app, browser, newAddress())
      secrets.push(token, code, ...(browser.cookies.get('latchkey-challenge') ?? '').split('.'))
      return { token, code }
    }
    const first = await ask()
    await app.browser().fetch(`/auth/verify?token=${first.token}`)
    await app.browser().fetch(`/nowhere/${first.token}?code=${first.code}`)
    await app.browser().graphql(VERIFY, { token: first.token })
    await app.browser().graphql(VERIFY, { token: `${first.token}x` })
    await app.browser().graphql(VERIFY, { token: [first.token] })
    await app.browser().graphql(`mutation { verifyMagicLink(input: { token: "${first.token}" }) { nothing } }`)
    await app.browser().graphql(`mutation { verifyMagicLink(input: { token: "${first.token}" `)
    await browser.graphql(VERIFY_CODE, { code: wrongCode(first.code) })
    await browser.graphql(VERIFY, { token: first.token })
    await browser.graphql(VERIFY, { token: first.token })
    const second = await ask()
    await browser.graphql(VERIFY_CODE, { code: second.code })
    secrets.push(browser.cookies.get('latchkey-session') ?? '')
    await app.services.database.systemDb.$executeRawUnsafe('ALTER TABLE magic_links RENAME TO lost')
    await browser.graphql(VERIFY, { token: second.token, confirm: true })
    await app.browser().graphql(REQUEST, { email: newAddress() })

    expect(lines.join('')).toContain('"mail.sent"')
    expect(lines.join('')).toContain('"graphql.unexpected"')
    expectNone(lines, secrets)
  })

  test('M9: not even where the mail provider repeats the whole mail in its error', async () => {
    const lines: string[] = []
    const refused: Mail[] = []
    const mailer: Mailer = {
      name: 'talkative',
      send(mail) {
        refused.push(mail)
        const cause = new Error(mail.text)
        return Promise.reject(
          Object.assign(new Error(`550 ${mail.to}: ${mail.text} ${mail.html}`, { cause }), { code: 'EENVELOPE', mail }),
        )
      },
      close: () => Promise.resolve(),
    }
    const app = await start({ replacements: { mailer, log: collect(lines) } })
    const email = newAddress('talked-about')
    await app.browser().graphql(REQUEST, { email })
    await app.services.outbox.sendDue()

    const [mail] = refused
    if (!mail) throw new Error('No mail was tried.')
    expect(lines.join('')).toContain('"mail.not-sent-yet"')
    expectNone(lines, [tokenIn(mail), codeIn(mail), email])
  })

  function expectNone(lines: readonly string[], secrets: readonly string[]): void {
    for (const secret of secrets.filter(Boolean)) {
      // Six digits only by themselves: in an id or a time they may stand without being the code.
      const digits = new RegExp(`(?<![\\w.:-])${secret.slice(0, 3)} ?${secret.slice(3)}(?![\\w.:-])`)
      const isSpoken = (line: string) => (/^\d{6}$/.test(secret) ? digits.test(line) : line.includes(secret))
      expect(lines.filter(isSpoken)).toEqual([])
    }
  }
})

async function start(options: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(options)
  onTestFinished(() => app.close())
  return app
}

function collect(lines: string[]) {
  return openLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) })
}
