import { randomInt } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openLog } from '../../src/platform/log.ts'
import type { Mail, Mailer } from '../../src/platform/mail/mailer.ts'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { codeIn, tokenIn } from '../support/mailbox.ts'
import { askForLink, newAddress, REQUEST, VERIFY, VERIFY_CODE } from '../support/people.ts'
import { production, PUBLIC_URL, wrongCode } from './mail-links-support.ts'

const SIGN_UPS = ['open', 'closed'] as const

describe.each(SIGN_UPS)('M8: with sign-up %s, nobody can tell who has an account', (signUp) => {
  test(`M8: the same answer, the same headers and the same statements (${signUp})`, async () => {
    const time = new Date()
    const app = await start({ env: { SIGN_UP: signUp }, replacements: { now: () => time } })
    const [known, unknown] = [newAddress('known'), newAddress('nobody')]
    await makeAccounts(app, [known])
    await observe(app, newAddress('first')) // what is done once alone

    const [ofKnown, ofUnknown] = [await observe(app, known), await observe(app, unknown)]
    const [ofKnownAgain, ofUnknownAgain] = [await observe(app, known), await observe(app, unknown)]

    expect(ofKnown.statements.length).toBeGreaterThan(4)
    expect(ofUnknown).toEqual(ofKnown)
    expect(ofUnknownAgain).toEqual(ofKnownAgain)
    expect(app.mailbox.mails.filter(({ to }) => to === known)).toHaveLength(2)
    expect(app.mailbox.mails.filter(({ to }) => to === unknown)).toHaveLength(signUp === 'open' ? 2 : 0)
  })

  test(`M8: the same refusal once the limit is reached (${signUp})`, async () => {
    const time = new Date()
    const env = { SIGN_UP: signUp, RATE_LIMIT_SCALE: '1' }
    const app = await start({ env, replacements: { now: () => time } })
    const [known, unknown] = [newAddress('known'), newAddress('nobody')]
    await makeAccounts(app, [known])
    for (const email of [known, unknown, known, unknown, known, unknown]) await observe(app, email)

    const [ofKnown, ofUnknown] = [await observe(app, known), await observe(app, unknown)]

    expect(ofKnown.body).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
    expect(ofUnknown).toEqual(ofKnown)
    expect(ofKnown.statements).toEqual([])
  })

  // Were both alike, the share of pairs in which the known address takes longer would lie outside of these bounds once
  // in a million runs: the chance of 64 or fewer heads, or tails, in 200 throws of a coin is 4 in 10 million.
  const [PAIRS, FEWEST] = [200, 65]

  test(`M8: the same time, over ${PAIRS} interleaved pairs (${signUp})`, async () => {
    const app = await start({ env: { SIGN_UP: signUp } })
    const known = Array.from({ length: 20 }, () => newAddress('known'))
    const unknown = Array.from({ length: 20 }, () => newAddress('nobody'))
    await makeAccounts(app, known)
    const browser = app.browser()
    const timeOf = async (addresses: string[], pair: number) => {
      browser.cookies.clear()
      const email = addresses[pair % addresses.length]
      const startedAt = performance.now()
      await browser.graphql(REQUEST, { email })
      return performance.now() - startedAt
    }
    for (let pair = 0; pair < 60; pair++) await timeOf(pair % 2 === 0 ? known : unknown, pair) // compiled, and cached

    let knownTookLonger = 0
    for (let pair = 0; pair < PAIRS; pair++) {
      // A coin says who goes first: what one request leaves to do may slow down the next one.
      const knownFirst = randomInt(2) === 0
      const first = await timeOf(knownFirst ? known : unknown, pair)
      const second = await timeOf(knownFirst ? unknown : known, pair)
      if (knownFirst ? first > second : second > first) knownTookLonger += 1
    }

    console.log("SHARE", signUp, knownTookLonger)
    expect(knownTookLonger).toBeGreaterThanOrEqual(FEWEST)
    expect(knownTookLonger).toBeLessThanOrEqual(PAIRS - FEWEST)
  })
})

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
    await app.services.database.close() // what follows fails with an unexpected error
    await browser.graphql(VERIFY, { token: second.token, confirm: true }).catch(() => null)
    await app.browser().graphql(REQUEST, { email: newAddress() }).catch(() => null)

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
        return Promise.reject(Object.assign(new Error(`550 ${mail.to}: ${mail.text} ${mail.html}`, { cause }), { code: 'EENVELOPE', mail }))
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
      // Six digits by themselves: they may stand in an id or in a time without being the code.
      const spoken = /^\d{6}$/.test(secret) ? new RegExp(`(?<![\\w.:-])${secret.slice(0, 3)} ?${secret.slice(3)}(?![\\w.:-])`) : secret
      for (const line of lines) typeof spoken === 'string' ? expect(line).not.toContain(spoken) : expect(line).not.toMatch(spoken)
    }
  }
})

async function start(options: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(options)
  onTestFinished(() => app.close())
  return app
}

async function makeAccounts(app: TestApp, emails: readonly string[]): Promise<void> {
  await app.services.database.systemDb.user.createMany({ data: emails.map((email) => ({ email })) })
}

/** All that a stranger can see of a request for a link, but times and random values, and what the database is asked. */
async function observe(app: TestApp, email: string) {
  const { database, outbox } = app.services
  const statements: string[] = []
  const stop = database.onStatement((text) => statements.push(text))
  const { status, headers, data, errors } = await app.browser().graphql(REQUEST, { email })
  await outbox.sendDue()
  stop()
  return {
    status,
    body: { data, errors },
    headers: [...headers].map(([name, value]) => [name, /^(date|ratelimit-reset|retry-after)$/.test(name) ? 'a time' : withoutTokens(value)]),
    // The outbox looks for mails at its own pace too.
    statements: statements.filter((text) => !/^SELECT\b.*\boutbox_mails\b/s.test(text)),
  }
}

function withoutTokens(value: string): string {
  return value.replace(/[\w-]{43}/g, 'a token')
}

function collect(lines: string[]) {
  return openLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) })
}
