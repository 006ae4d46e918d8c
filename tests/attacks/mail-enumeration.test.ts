import { randomInt } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { newAddress, REQUEST } from '../support/people.ts'

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

  test(`M8: the same time, over ${PAIRS} interleaved pairs (${signUp})`, { timeout: 180_000 }, async () => {
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
    for (let pair = 0; pair < 40; pair++) await timeOf(pair % 2 === 0 ? known : unknown, pair) // compiled, and cached

    let knownTookLonger = 0
    for (let pair = 0; pair < PAIRS; pair++) {
      // A coin says who goes first: what one request leaves to do may slow down the next one.
      const knownFirst = randomInt(2) === 0
      const first = await timeOf(knownFirst ? known : unknown, pair)
      const second = await timeOf(knownFirst ? unknown : known, pair)
      if (knownFirst ? first > second : second > first) knownTookLonger += 1
    }

    expect(knownTookLonger).toBeGreaterThanOrEqual(FEWEST)
    expect(knownTookLonger).toBeLessThanOrEqual(PAIRS - FEWEST)
  })
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
    headers: [...headers].map(([name, value]) => [
      name,
      /^(date|ratelimit-reset|retry-after)$/.test(name) ? 'a time' : withoutTokens(value),
    ]),
    // The outbox looks for mails at its own pace too.
    statements: statements.filter((text) => !/^SELECT\b.*\boutbox_messages\b/s.test(text)),
  }
}

function withoutTokens(value: string): string {
  return value.replace(/[\w-]{43}/g, 'a token')
}
