import { describe, expect } from 'vitest'
import { makeToken } from '../../src/platform/crypto/tokens.ts'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer, Visitor } from '../support/browser-like.ts'
import { provider } from '../support/databases.ts'
import { newAddress, REQUEST, signIn, VERIFY } from '../support/people.ts'

const PRODUCTION = { RATE_LIMIT_SCALE: '1' }
const LINKS_AN_HOUR = 3
const TRIES_OF_A_NETWORK = 30

/** A server for the steps, with the limits of production. */
async function withApp(env: Record<string, string>, steps: (app: TestApp) => Promise<void>): Promise<void> {
  const app = await startTestApp({ env: { ...PRODUCTION, ...env } })
  try {
    await steps(app)
  } finally {
    await app.close()
  }
}

const times = <Result>(count: number, make: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))

/** Codes of all errors in the answers, each with how often it came; 'passed' for the fields that were answered. */
function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  const count = (key: string) => (counts[key] = (counts[key] ?? 0) + 1)
  for (const { data, errors } of answers) {
    for (const value of Object.values(data ?? {})) if (value !== null) count('passed')
    for (const { extensions } of errors) count(extensions.code)
  }
  return counts
}

const linksTo = (app: TestApp, email: string) => app.services.database.systemDb.magicLink.count({ where: { email } })

describe('L1: three mails an hour to an address, however they are asked for', () => {
  test('L1: by a hundred requests at once', () =>
    withApp({}, async (app) => {
      const email = newAddress()
      const answers = await times(100, () => app.browser().graphql(REQUEST, { email }))
      expect(tally(answers)).toEqual({ passed: LINKS_AN_HOUR, RATE_LIMITED: 97 })
      expect(await linksTo(app, email)).toBe(LINKS_AN_HOUR)
    }))

  // Without Redis there is one server alone.
  test.skipIf(provider === 'sqlite')('L1: by a hundred requests over two servers', () =>
    withApp({}, async (app) => {
      const other = await app.second()
      const email = newAddress()
      const answers = await times(100, (i) => (i % 2 ? app : other).browser().graphql(REQUEST, { email }))
      expect(tally(answers)).toEqual({ passed: LINKS_AN_HOUR, RATE_LIMITED: 97 })
      expect(await linksTo(app, email)).toBe(LINKS_AN_HOUR)
    }),
  )

  test('L1: by aliases, as many as a document may have, in several documents at once', () =>
    withApp({}, async (app) => {
      const email = newAddress()
      const aliases = Array.from(
        { length: 15 },
        (_, i) => `a${i}: requestMagicLink(input: { email: "${email}" }) { message }`,
      )
      await times(7, () => app.browser().graphql(`mutation { ${aliases.join(' ')} }`))
      expect(await linksTo(app, email)).toBe(LINKS_AN_HOUR)
    }))

  test('L1: by more aliases than a document may have, or by a batch: none', () =>
    withApp({}, async (app) => {
      const email = newAddress()
      const call = `requestMagicLink(input: { email: "${email}" }) { message }`
      const aliases = Array.from({ length: 100 }, (_, i) => `a${i}: ${call}`)
      const inFragments = Array.from(
        { length: 10 },
        (_, i) => `fragment F${i} on Mutation { ${aliases.slice(2 * i, 2 * i + 2).join(' ')} }`,
      )
      const documents = [
        `mutation { ${aliases.join(' ')} }`,
        `mutation { ${aliases.slice(0, 16).join(' ')} }`,
        `mutation { ${inFragments.map((_, i) => `...F${i}`).join(' ')} } ${inFragments.join(' ')}`,
        `mutation { ${aliases
          .slice(0, 20)
          .map((alias) => `... on Mutation { ${alias} }`)
          .join(' ')} }`,
      ]
      for (const document of documents) expect((await app.browser().graphql(document)).code).toBe('QUERY_REFUSED')

      const one = { query: `mutation { ${call} }` }
      for (const batch of [[one], Array.from({ length: 100 }, () => one)]) {
        const { status, code } = await app.browser().graphql('', {}, { body: JSON.stringify(batch) })
        expect([status, code]).toEqual([400, 'BAD_INPUT'])
      }
      expect(await linksTo(app, email)).toBe(0)
    }))

  test('L1: by other spellings of the address', () =>
    withApp({}, async (app) => {
      const email = newAddress()
      const spellings = [email, email.toUpperCase(), ` ${email} `, email.replace('example', 'Ｅxample')]
      const answers = await times(20, (i) => app.browser().graphql(REQUEST, { email: spellings[i % 4] }))
      expect(tally(answers)).toEqual({ passed: LINKS_AN_HOUR, RATE_LIMITED: 17 })
    }))

  // On Redis the clock is Redis' own, which no test sets.
  test.skipIf(provider === 'postgresql')('L1: again after the hour is over, and no sooner', async () => {
    let now = Date.now()
    const app = await startTestApp({ env: PRODUCTION, replacements: { now: () => new Date(now) } })
    try {
      const email = newAddress()
      const ask = async () => (await app.browser().graphql(REQUEST, { email })).code
      expect([await ask(), await ask(), await ask(), await ask()]).toEqual([null, null, null, 'RATE_LIMITED'])
      now += 3_600_000 - 1
      expect(await ask()).toBe('RATE_LIMITED')
      now += 1
      expect(await ask()).toBeNull()
    } finally {
      await app.close()
    }
  })

  test('L1: the refusal says when to come back, and is the same for a known and an unknown address', () =>
    withApp({ SIGN_UP: 'open' }, async (app) => {
      const [known, unknown] = [newAddress('known'), newAddress('unknw')]
      await signIn(app, known)
      const refused = async (email: string): Promise<Answer> => {
        for (;;) {
          const answer = await app.browser().graphql(REQUEST, { email })
          if (answer.code) return answer
        }
      }
      const answers = [await refused(known), await refused(unknown)]
      for (const { code, headers, errors } of answers) {
        const retryAfter = errors[0]?.extensions['retryAfter']
        expect(code).toBe('RATE_LIMITED')
        expect(retryAfter).toBeGreaterThan(3_500)
        expect(retryAfter).toBeLessThanOrEqual(3_600)
        expect(headers.get('retry-after')).toBe(String(retryAfter))
        expect([headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual(['3', '0'])
        expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(3_500)
      }
      const [first, second] = answers.map(({ status, data, errors, headers }) => {
        const named = [...headers]
          .map(([name, value]) => `${name}: ${value}`)
          .filter((line) => !line.startsWith('date'))
        // The seconds that are left differ by those that went by.
        return JSON.stringify([status, data, errors, named]).replace(/\b(35\d\d|3600|59|60)\b/g, '#')
      })
      expect(first).toBe(second)
    }))

  test('L1: an answer that passed says what is left', () =>
    withApp({}, async (app) => {
      const { headers } = await app.browser().graphql(REQUEST, { email: newAddress() })
      expect([headers.get('ratelimit-limit'), headers.get('ratelimit-remaining'), headers.get('retry-after')]).toEqual([
        '3',
        '2',
        null,
      ])
    }))
})

const PROXY = { TRUSTED_PROXIES: '127.0.0.1,::1,10.0.0.0/8' }

/** Tries a link that is none, as it comes over a proxy: whether the network still had a try. */
async function tryFrom(browser: Visitor, headers: Record<string, string>): Promise<boolean> {
  const { code } = await browser.graphql(VERIFY, { token: makeToken() }, { headers })
  if (code !== 'LINK_INVALID' && code !== 'RATE_LIMITED') throw new Error(`The try ended with ${code}.`)
  return code === 'LINK_INVALID'
}

async function passedFrom(
  app: TestApp,
  count: number,
  headers: (index: number) => Record<string, string>,
): Promise<number> {
  const browser = app.browser()
  let passed = 0
  for (let from = 0; from < count; from += 50) {
    const tries = await times(Math.min(50, count - from), (i) => tryFrom(browser, headers(from + i)))
    passed += tries.filter(Boolean).length
  }
  return passed
}

const forwarded = (value: string) => ({ 'x-forwarded-for': value })

describe('L2: a network is counted, not its addresses', () => {
  test('L2: a thousand addresses of one /64 are one bucket, and the next /64 is another', () =>
    withApp(PROXY, async (app) => {
      const hex = (number: number) => (number * 7_919).toString(16)
      expect(await passedFrom(app, 1_000, (i) => forwarded(`2001:db8:0:1:${hex(i % 7)}::${hex(i % 8)}`))).toBe(
        TRIES_OF_A_NETWORK,
      )
      expect(await passedFrom(app, 1, () => forwarded('2001:db8:0:2::1'))).toBe(1)
    }))

  test('L2: ::ffff:1.2.3.4 is 1.2.3.4, however it is written', () =>
    withApp(PROXY, async (app) => {
      const spellings = [
        '1.2.3.4',
        '::ffff:1.2.3.4',
        '::FFFF:102:304',
        '0:0:0:0:0:ffff:1.2.3.4',
        '[::ffff:1.2.3.4]:443',
        '1.2.3.4:5678',
      ]
      expect(await passedFrom(app, 60, (i) => forwarded(spellings[i % 6] ?? ''))).toBe(TRIES_OF_A_NETWORK)
      expect(await passedFrom(app, 1, () => forwarded('1.2.3.5'))).toBe(1)
    }))
})

describe('L3: nobody chooses the address that they come from', () => {
  const KIN = [
    'x-forwarded-for',
    'x-real-ip',
    'x-client-ip',
    'true-client-ip',
    'cf-connecting-ip',
    'fastly-client-ip',
    'x-cluster-client-ip',
    'x-forwarded',
    'forwarded-for',
    'x-originating-ip',
    'x-remote-ip',
    'x-azure-clientip',
  ]
  const spoofed = (i: number, names = KIN) => ({
    ...Object.fromEntries(names.map((name) => [name, `198.51.100.${i + 1}`])),
    forwarded: `for=198.51.100.${i + 1}`,
  })

  /** The address that the server notes of a sign-in with these headers. */
  async function notedAddress(app: TestApp, headers: Record<string, string>): Promise<string | null> {
    const email = newAddress()
    await app.browser().graphql(REQUEST, { email }, { headers })
    const link = await app.services.database.systemDb.magicLink.findFirst({ where: { email } })
    return link?.ipAddress ?? null
  }

  test('L3: without a trusted proxy every such header is ignored', () =>
    withApp({}, async (app) => {
      expect(await passedFrom(app, 40, (i) => spoofed(i))).toBe(TRIES_OF_A_NETWORK)
      expect(await notedAddress(app, spoofed(1))).toBe('127.0.0.1')
    }))

  test('L3: from a peer that is not the trusted proxy too', () =>
    withApp({ TRUSTED_PROXIES: '10.0.0.1,198.51.100.0/24' }, async (app) => {
      expect(await passedFrom(app, 40, (i) => spoofed(i))).toBe(TRIES_OF_A_NETWORK)
      expect(await notedAddress(app, spoofed(1))).toBe('127.0.0.1')
    }))

  test('L3: from a trusted proxy X-Forwarded-For alone counts, from the right', () =>
    withApp(PROXY, async (app) => {
      const others = KIN.filter((name) => name !== 'x-forwarded-for')
      const behindProxy = (i: number) => ({ ...spoofed(i, others), ...forwarded(`198.51.100.${i + 1}, 203.0.113.7`) })
      expect(await passedFrom(app, 40, behindProxy)).toBe(TRIES_OF_A_NETWORK)

      const noted = async (value: string) => notedAddress(app, forwarded(value))
      expect(await noted('198.51.100.1, 203.0.113.8')).toBe('203.0.113.8')
      expect(await noted('198.51.100.1, 203.0.113.8, 10.0.0.3')).toBe('203.0.113.8')
      expect(await noted('203.0.113.8, nonsense')).toBe('127.0.0.1')
      expect(await noted('203.0.113.8, 10.0.0.3, unknown, 10.0.0.4')).toBe('10.0.0.4')
      expect(await notedAddress(app, spoofed(1, others))).toBe('127.0.0.1')
    }))
})
