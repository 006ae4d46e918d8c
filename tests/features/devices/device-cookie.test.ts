import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { askForLink, newAddress, signIn, VERIFY } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'
import { rowId } from '../reauthentication/support.ts'
import { alertsTo, browserWith, COOKIE, entriesOf, isKnown } from './support.ts'

const FORM = /^[\w-]{22}\.[\w-]{43}$/

describe('a browser that has signed in', () => {
  test('is known: the first is no news, a second is told once, and either again is none', async ({ app }) => {
    const person = await signIn(app)
    expect(await alertsTo(app, person)).toBe(0)

    const second = app.browser()
    expect(await isKnown(app, person, second)).toBe(false)
    expect(await isKnown(app, person, second)).toBe(true)
    expect(await isKnown(app, person, person.browser)).toBe(true)
    expect(await alertsTo(app, person)).toBe(1)
  })

  test('holds an entry of its own in an httpOnly cookie for 400 days', async ({ app }) => {
    const person = await signIn(app)
    const { token } = await askForLink(app, person.browser, person.email)
    const { headers } = await person.browser.graphql(VERIFY, { token })
    const line = headers.getSetCookie().find((each) => each.startsWith(`${COOKIE}=`))
    expect(line).toMatch(/; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(entriesOf(person.browser)).toEqual([expect.stringMatching(FORM)])
  })

  test('is still known after a log-out, in which it keeps its entry', async ({ app }) => {
    const person = await signIn(app)
    await signIn(app, person.email)
    const before = entriesOf(person.browser)
    await person.browser.graphql('mutation { logout }')
    expect(entriesOf(person.browser)).toEqual(before)
    expect(await isKnown(app, person, person.browser)).toBe(true)
  })

  test('is the same device in each of its sessions, and another than the next browser', async ({ app }) => {
    const person = await signIn(app)
    const { systemDb } = app.services.database
    const hashOf = async ({ sessionId }: Person) =>
      (await systemDb.session.findUniqueOrThrow({ where: { id: rowId(sessionId) } })).deviceHash
    const first = await hashOf(person)
    await person.browser.graphql('mutation { logout }')
    const again = await signIn(app, person.email, { browser: person.browser })
    const elsewhere = await signIn(app, person.email)

    expect(first).toMatch(/^[\w-]{43}$/)
    expect(await hashOf(again)).toBe(first)
    expect(await hashOf(elsewhere)).not.toBe(first)
    expect(entriesOf(person.browser).join()).not.toContain(first)
  })

  test('of nine people on it the last eight are known, and the first is new again', async ({ app }) => {
    const shared = app.browser()
    const people: Person[] = []
    for (let count = 0; count < 9; count++) {
      const elsewhere = await signIn(app)
      people.push(elsewhere)
      await signIn(app, elsewhere.email, { browser: shared })
    }
    expect(entriesOf(shared)).toHaveLength(8)
    const [first, second, ...others] = people
    if (!first || !second) throw new Error('Nine people were to come.')
    // Each sign-in puts its own entry first, so that the known are asked before the one who is not.
    for (const person of [...others, second]) expect(await isKnown(app, person, shared)).toBe(true)
    expect(await isKnown(app, first, shared)).toBe(false)
  })
})

describe('an entry that the server did not make for this address', () => {
  async function owner(app: TestApp) {
    const person = await signIn(app)
    return { person, entry: entriesOf(person.browser)[0] ?? '' }
  }
  const random = (bytes: number) => randomBytes(bytes).toString('base64url')

  test.for<[string, (entry: string) => string]>([
    ['of random bytes', () => `${random(16)}.${random(32)}`],
    ['with another id', (entry) => `${random(16)}${entry.slice(22)}`],
    ['with another signature', (entry) => `${entry.slice(0, 23)}${random(32)}`],
    ['cut short', (entry) => entry.slice(0, -1)],
    ['without its signature', (entry) => entry.slice(0, 22)],
    ['grown', (entry) => `${entry}A`],
    ['empty', () => ''],
    ['of separators', () => '~'.repeat(50)],
    ['without end', (entry) => `${'A'.repeat(5_000)}${entry}`],
    ['of odd signs', () => '%00%ff%F0%9F%98%80.__proto__~constructor'],
    [
      'behind more entries than a browser is given',
      (entry) =>
        `${Array(8)
          .fill(`${random(16)}.${random(32)}`)
          .join('~')}~${entry}`,
    ],
  ])('is none: %s', async ([, bend], { app }) => {
    const { person, entry } = await owner(app)
    const browser = browserWith(app, bend(entry))
    expect(await isKnown(app, person, browser)).toBe(false)
    expect(entriesOf(browser)[0]).toMatch(FORM)
    expect(entriesOf(browser)).not.toContain(bend(entry))
    expect(await isKnown(app, person, browser)).toBe(true)
  })

  test("is none: another person's", async ({ app }) => {
    const [a, b] = [await owner(app), await owner(app)]
    expect(await isKnown(app, a.person, browserWith(app, b.entry))).toBe(false)
    // The whole of it is what counts: neither half can be put together with another's.
    expect(await isKnown(app, a.person, browserWith(app, `${a.entry.slice(0, 23)}${b.entry.slice(23)}`))).toBe(false)
    expect(await isKnown(app, a.person, browserWith(app, `${b.entry.slice(0, 23)}${a.entry.slice(23)}`))).toBe(false)
    expect(await isKnown(app, a.person, browserWith(app, `${b.entry}~${a.entry}`))).toBe(true)
  })

  test('is none: planted beside the real one, so that neither can be told to be it', async ({ app }) => {
    const { person, entry } = await owner(app)
    const planted = entriesOf((await signIn(app)).browser)[0] ?? ''
    for (const cookies of [
      [entry, planted],
      [planted, entry],
      [entry, entry],
    ]) {
      const browser = app.browser()
      const { token } = await askForLink(app, browser, person.email)
      const challenge = `latchkey-challenge=${browser.cookies.get('latchkey-challenge')}`
      const before = await alertsTo(app, person)
      const cookie = [challenge, ...cookies.map((value) => `${COOKIE}=${value}`)].join('; ')
      const { errors } = await browser.graphql(VERIFY, { token }, { headers: { cookie } })
      expect(errors).toEqual([])
      expect(await alertsTo(app, person)).toBe(before + 1)
    }
  })

  test('signs nobody in, and shows nothing', async ({ app }) => {
    const { entry } = await owner(app)
    const browser = browserWith(app, entry)
    expect((await browser.graphql('{ me { id } session { id } }')).data).toEqual({ me: null, session: null })
    expect((await browser.graphql('{ sessions { id } }')).code).toBe('UNAUTHENTICATED')
  })
})

describe('the server’s keys', () => {
  test('an entry outlives a change of keys, as long as the old key is kept', async ({ app }) => {
    const person = await signIn(app, newAddress())
    const [before] = entriesOf(person.browser)
    await app.restart({ MASTER_KEYS: `new:${randomBytes(32).toString('base64url')},${app.env['MASTER_KEYS']}` })

    expect(await isKnown(app, person, person.browser)).toBe(true)
    expect(entriesOf(person.browser)).toEqual([before])
    expect(await isKnown(app, person, app.browser())).toBe(false)
  })
})
