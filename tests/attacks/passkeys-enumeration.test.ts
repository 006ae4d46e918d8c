import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import type { Visitor } from '../support/browser-like.ts'
import { newAddress, signIn } from '../support/people.ts'
import { begin, BEGIN_LOGIN, passkeyLogin, withPasskey } from '../support/passkeys.ts'
import type { Request } from '../support/passkeys.ts'
import { tally } from './mail-links-support.ts'

const OPTIONS = 'query ($email: String!) { signInOptions(email: $email) { methods } }'
const DAY = 24 * 3_600_000

const methodsIn = async (browser: Visitor, email: string) =>
  (await browser.graphql<{ signInOptions: { methods: string[] } }>(OPTIONS, { email })).data?.signInOptions.methods

describe('P4: nobody can tell who has an account, or a passkey', () => {
  test('P4: the same answers, headers and statements for an address with a passkey, without one, and unknown', async () => {
    const { app, addresses } = await threeAddresses()
    for (const document of [OPTIONS, BEGIN_LOGIN]) {
      const seen = []
      for (const email of addresses) seen.push(await observe(app, document, email))
      expect(seen[0]?.body).toMatchObject({ errors: [], data: expect.anything() as unknown })
      expect(seen[1]).toEqual(seen[0])
      expect(seen[2]).toEqual(seen[0])
    }
  })

  test('P4: and the same tomorrow and after a passkey was used', async () => {
    const { app, addresses, owner } = await threeAddresses()
    const today = []
    for (const email of addresses)
      today.push(await observe(app, BEGIN_LOGIN, email), await observe(app, OPTIONS, email))
    expect(tally([await passkeyLogin(app.browser(), owner.authenticator)])).toEqual({ SignedIn: 1 })
    app.clock.advance(DAY)

    const tomorrow = []
    for (const email of addresses)
      tomorrow.push(await observe(app, BEGIN_LOGIN, email), await observe(app, OPTIONS, email))

    expect(tomorrow).toEqual(today)
  })

  test('P4: no passkey is named, and each challenge is new', async ({ app }) => {
    const owner = await withPasskey(app)
    const browser = app.browser()
    const begun = []
    for (const email of [owner.email, owner.email, newAddress(), undefined])
      begun.push(await begin<Request>(browser, BEGIN_LOGIN, { email }))

    for (const { options } of begun) {
      expect(options).toEqual({
        rpId: 'localhost',
        challenge: expect.stringMatching(/^[\w-]{43}$/) as unknown,
        allowCredentials: [],
        timeout: 300_000,
        userVerification: 'required',
      })
    }
    expect(new Set(begun.map(({ options }) => options.challenge)).size).toBe(4)
    expect(new Set(begun.map(({ challengeId }) => challengeId)).size).toBe(4)
  })

  test('P4: an answer to it is refused alike for an address without an account', async ({ app }) => {
    const owner = await withPasskey(app)
    const [known, unknown] = [await withPasskey(app), newAddress('nobody')]

    const answers = []
    for (const email of [known.email, unknown]) {
      const { status, data, errors } = await passkeyLogin(app.browser(), owner.authenticator, { email })
      answers.push({ status, data, errors })
    }

    expect(answers[0]?.errors[0]?.extensions.code).toBe('PASSKEY_INVALID')
    expect(answers[1]).toEqual(answers[0])
  })

  test('P4: the same refusal once the limit of an address is reached, and the challenge of nobody goes on', async () => {
    const app = await start({ RATE_LIMIT_SCALE: '1' })
    const known = await withPasskey(app)
    const unknown = newAddress('nobody')
    for (const email of [known.email, unknown])
      for (let time = 0; time < 10; time++) expect((await observe(app, BEGIN_LOGIN, email)).body.errors).toEqual([])

    const [ofKnown, ofUnknown] = [
      await app.browser().graphql(BEGIN_LOGIN, { email: known.email }),
      await app.browser().graphql(BEGIN_LOGIN, { email: unknown }),
    ]

    expect([ofKnown.code, ofUnknown.code]).toEqual(['RATE_LIMITED', 'RATE_LIMITED'])
    // Without an address the network alone counts; and the owner's own browser has a count of its own.
    expect((await app.browser().graphql(BEGIN_LOGIN)).errors).toEqual([])
    expect((await known.browser.graphql(BEGIN_LOGIN, { email: known.email })).errors).toEqual([])
  })
})

describe('a browser that has signed in with the address', () => {
  test('P4: is told the truth, also after it signed out', async ({ app }) => {
    const [owner, plain] = [await withPasskey(app), await signIn(app)]
    for (const { browser } of [owner, plain]) await browser.graphql('mutation { logout }')

    expect(await methodsIn(owner.browser, owner.email)).toEqual(['PASSKEY', 'MAGIC_LINK'])
    expect(await methodsIn(plain.browser, plain.email)).toEqual(['MAGIC_LINK'])
    const [credential] = owner.authenticator.credentials
    const { options } = await begin<Request>(owner.browser, BEGIN_LOGIN, { email: owner.email })
    expect(options.allowCredentials).toEqual([
      { id: credential?.id.toString('base64url'), type: 'public-key', transports: ['hybrid', 'internal'] },
    ])
  })

  test("P4: is told nothing of another's address, in whatever spelling of its own", async ({ app }) => {
    const [owner, other] = [await withPasskey(app), await signIn(app)]

    expect(await methodsIn(owner.browser, other.email)).toEqual(['PASSKEY', 'MAGIC_LINK'])
    expect(await methodsIn(other.browser, owner.email)).toEqual(['PASSKEY', 'MAGIC_LINK'])
    expect(await methodsIn(other.browser, ` ${other.email.toUpperCase()} `)).toEqual(['MAGIC_LINK'])
    const { options } = await begin<Request>(other.browser, BEGIN_LOGIN, { email: owner.email })
    expect(options.allowCredentials).toEqual([])
  })

  test('P4: a device cookie that was made up proves nothing', async ({ app }) => {
    const [owner, other] = [await withPasskey(app), await signIn(app)]
    const forged = app.browser()
    for (const value of [
      other.browser.cookies.get('latchkey-device') ?? '',
      `${'A'.repeat(22)}.${'A'.repeat(43)}`,
      (owner.browser.cookies.get('latchkey-device') ?? '').replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
    ]) {
      forged.cookies.set('latchkey-device', value)
      const { options } = await begin<Request>(forged, BEGIN_LOGIN, { email: owner.email })
      expect(options.allowCredentials).toEqual([])
    }
  })
})

async function start(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startTestApp({ env })
  onTestFinished(() => app.close())
  return app
}

async function threeAddresses() {
  const app = await start()
  const owner = await withPasskey(app)
  const { email } = await signIn(app)
  await observe(app, BEGIN_LOGIN, newAddress('first')) // what is done once alone
  return { app, owner, addresses: [owner.email, email, newAddress('nobody')] }
}

/** All that a stranger can see, but times and random values, and what the database is asked. */
async function observe(app: TestApp, document: string, email: string) {
  await app.services.outbox.sendDue() // alerts that wait would go out in between
  const statements: string[] = []
  const stop = app.services.database.onStatement((text) => statements.push(text))
  const { status, headers, data, errors } = await app.browser().graphql(document, { email })
  stop()
  return {
    status,
    body: { data: JSON.parse(withoutChance(JSON.stringify(data))) as unknown, errors },
    headers: [...headers]
      .filter(([name]) => !name.startsWith('ratelimit-')) // those of the network count the calls of this test
      .map(([name, value]) => [name, name === 'date' ? 'a time' : withoutChance(value)]),
    statements: statements.filter((text) => !/outbox_messages/.test(text) || text.startsWith('INSERT')),
  }
}

function withoutChance(text: string): string {
  return text
    .replace(/[\w-]{43}/g, 'a token')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a time')
}
