import { describe, expect } from 'vitest'
import { startTestApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { DISOWN, notMeTokenIn, raise } from '../features/alerts/support.ts'
import type { Answer, Visitor } from '../support/browser-like.ts'
import { makeAuthenticator } from '../support/authenticator.ts'
import {
  BEGIN_LOGIN,
  BEGIN_REGISTRATION,
  COMPLETE_REGISTRATION,
  begin,
  COMPLETE_LOGIN,
  siteOf,
} from '../support/passkeys.ts'
import type { Creation, LoggedIn, Request } from '../support/passkeys.ts'
import { askForLink, newAddress, REQUEST, signIn, VERIFY } from '../support/people.ts'
import type { Person, Verified } from '../support/people.ts'
import { test } from '../support/app.ts'
import { outcomeOf } from './mail-links-support.ts'

const SETTINGS = { RATE_LIMIT_SCALE: '1', TRUSTED_PROXIES: '127.0.0.1,::1' }
const ALIASES = 15 // as many as a document may have
const REQUESTS = 10_000
const AT_ONCE = 25

/** A server with the limits of production, behind a proxy, so that each stranger has a network of their own. */
async function withApp(steps: (app: TestApp) => Promise<void>): Promise<void> {
  const app = await startTestApp({ env: SETTINGS })
  try {
    await steps(app)
  } finally {
    await app.close()
  }
}

/** Ten thousand calls of a field from strangers of as many networks as it takes: how each of them ended. */
async function flood(app: TestApp, field: string, expected: string): Promise<Record<string, number>> {
  const document = `mutation { ${Array.from({ length: ALIASES }, (_, i) => `a${i}: ${field}`).join(' ')} }`
  const counts: Record<string, number> = {}
  const count = (outcome: string) => (counts[outcome] = (counts[outcome] ?? 0) + 1)
  const documents = Math.ceil(REQUESTS / ALIASES)
  for (let from = 0; from < documents; from += AT_ONCE) {
    const answers: Answer[] = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, i) => {
        const number = from + i
        const headers = { 'x-forwarded-for': `198.18.${number >> 8}.${number & 255}` }
        return app.browser().graphql(document, {}, { headers })
      }),
    )
    for (const { data, errors } of answers) {
      if (data !== null) for (const value of Object.values(data ?? {})) if (value !== null) count(expected)
      for (const { extensions } of errors) count(extensions.code)
    }
  }
  return counts
}

const linksTo = (app: TestApp, { email }: Person) =>
  app.services.database.systemDb.magicLink.count({ where: { email } })

/** What comes of asking for a mail. */
const ask = async (browser: Visitor, email: string) => (await browser.graphql(REQUEST, { email })).code

describe('L4: strangers use up what an address may ask for', () => {
  test('L4: after ten thousand requests for the address its owner still signs in by mail, from a browser that is known', () =>
    withApp(async (app) => {
      const person = await signIn(app)
      await person.browser.graphql('mutation { logout }')
      const before = await linksTo(app, person)

      const counts = await flood(app, `requestMagicLink(input: { email: "${person.email}" }) { message }`, 'passed')

      // Two of the three mails of the hour: the owner's own sign-in was the first.
      expect(await linksTo(app, person)).toBe(before + 2)
      expect(counts['RATE_LIMITED']).toBeGreaterThan(600) // each document is refused whole by its first field
      expect(await ask(app.browser(), person.email)).toBe('RATE_LIMITED')

      const { token } = await askForLink(app, person.browser, person.email)
      expect(outcomeOf(await person.browser.graphql<Verified>(VERIFY, { token }))).toBe('SignedIn')
    }))

  test('L4: a known browser has three mails an hour of its own, and a stranger’s entry gives none', () =>
    withApp(async (app) => {
      const person = await signIn(app)
      const stranger = await signIn(app)
      while ((await ask(app.browser(), person.email)) === null);

      for (let count = 0; count < 3; count++) expect(await ask(person.browser, person.email)).toBeNull()
      expect(await ask(person.browser, person.email)).toBe('RATE_LIMITED')
      expect(await ask(stranger.browser, person.email)).toBe('RATE_LIMITED')
      // What the owner's browser has asked for is not taken from the stranger's account.
      expect(await ask(stranger.browser, stranger.email)).toBeNull()
    }))

  test('L4: a browser that was thrown out by "this was not me" has no mails of its own any more', () =>
    withApp(async (app) => {
      const person = await signIn(app)
      const thief = await signIn(app, person.email)
      while ((await ask(app.browser(), person.email)) === null);
      expect(await ask(thief.browser, person.email)).toBeNull()

      await raise(app, person)
      const mail = await app.mailbox.latest(person.email, 1, ({ text }) => text.includes('/auth/not-me#'))
      const token = notMeTokenIn(mail)
      expect((await app.browser().graphql(DISOWN, { token })).data).toEqual({ disownAlert: true })

      expect(await ask(thief.browser, person.email)).toBe('RATE_LIMITED')
    }))

  test('L4: over ten thousand tries to begin with a passkey, its owner still signs in by it', () =>
    withApp(async (app) => {
      const { person, authenticator } = await passkeyOwner(app)
      await person.browser.graphql('mutation { logout }')

      await flood(app, `beginPasskeyLogin(input: { email: "${person.email}" }) { challengeId }`, 'passed')
      expect((await app.browser().graphql(BEGIN_LOGIN, { email: person.email })).code).toBe('RATE_LIMITED')

      // In the browser that is known, and in a new one, where the passkey needs no address to be found.
      for (const [browser, email] of [
        [person.browser, person.email],
        [app.browser(), undefined],
      ] as const) {
        const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN, { email })
        const response = authenticator.get(options)
        const { data } = await browser.graphql<LoggedIn>(COMPLETE_LOGIN, { challengeId, response })
        expect(data?.completePasskeyLogin.user.email).toBe(person.email)
      }
    }))

  test('L4: strangers who try passkeys that are none use up their own network’s tries alone', () =>
    withApp(async (app) => {
      const { person, authenticator } = await passkeyOwner(app)
      const stranger = { headers: { 'x-forwarded-for': '198.18.0.1' } }
      const response = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: {} }
      const guess = { challengeId: '01900000-0000-7000-8000-000000000000', response }
      let tries = 0
      while ((await app.browser().graphql(COMPLETE_LOGIN, guess, stranger)).code !== 'RATE_LIMITED') tries += 1
      expect(tries).toBe(10)

      const browser = app.browser()
      const { challengeId, options } = await begin<Request>(browser, BEGIN_LOGIN, { email: person.email })
      const { data } = await browser.graphql<LoggedIn>(COMPLETE_LOGIN, {
        challengeId,
        response: authenticator.get(options),
      })
      expect(data?.completePasskeyLogin.user.email).toBe(person.email)
    }))

  test('L4: failed codes and links of strangers lock nobody out', async ({ app }) => {
    const person = await signIn(app)
    const { token } = await askForLink(app, person.browser, person.email)
    for (let count = 0; count < 20; count++) {
      const stranger = app.browser()
      await stranger.graphql('mutation { verifyMagicCode(input: { code: "000000" }) { __typename } }')
      await stranger.graphql(VERIFY, { token })
    }
    expect(outcomeOf(await person.browser.graphql<Verified>(VERIFY, { token }))).toBe('SignedIn')
  })
})

async function passkeyOwner(app: TestApp) {
  const person = await signIn(app, newAddress())
  const authenticator = makeAuthenticator(siteOf(app))
  const { challengeId, options } = await begin<Creation>(person.browser, BEGIN_REGISTRATION)
  const response = authenticator.create(options)
  const { errors } = await person.browser.graphql(COMPLETE_REGISTRATION, { challengeId, response })
  expect(errors).toEqual([])
  return { person, authenticator }
}
