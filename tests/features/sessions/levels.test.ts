import { describe, expect } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'
import { made, READ } from '../records/support.ts'

const MINUTE = 60_000

const levelOf = async ({ browser }: Person) =>
  (await browser.graphql<{ session: { level: string } }>('{ session { level } }')).data?.session.level

describe('the level of a session', () => {
  test('falls to SESSION fifteen minutes after the proof, to the millisecond', async () => {
    let now = new Date('2027-01-01T12:00:00Z')
    const after = (ms: number) => new Date(Date.parse('2027-01-01T12:00:00Z') + ms)
    const app = await startTestApp({ replacements: { now: () => now } })
    try {
      const person = await signIn(app)
      expect(await levelOf(person)).toBe('STRONG')
      now = after(15 * MINUTE - 1)
      expect(await levelOf(person)).toBe('STRONG')
      now = after(15 * MINUTE)
      expect(await levelOf(person)).toBe('SESSION')
    } finally {
      await app.close()
    }
  })

  test('rises with a new sign-in in the same browser, which keeps its session', async ({ app }) => {
    const person = await signIn(app)
    app.clock.advance(16 * MINUTE)
    expect(await levelOf(person)).toBe('SESSION')
    const again = await signIn(app, person.email, { browser: person.browser })

    expect(again.sessionId).toBe(person.sessionId)
    expect(await levelOf(again)).toBe('STRONG')
  })

  test('is as long as FRESH_MINUTES says', async ({ app }) => {
    const person = await signIn(app)
    await app.restart({ FRESH_MINUTES: '1' })
    expect(await levelOf(person)).toBe('STRONG')
    app.clock.advance(MINUTE)
    expect(await levelOf(person)).toBe('SESSION')
  })
})

describe('a secret when the proof is old', () => {
  test('is refused with the level and the methods that would do, and the rest of the record is answered', async ({
    app,
  }) => {
    const { browser } = await signIn(app)
    const record = await made(browser, { title: 'title', data: [1], secret: 'the secret' })
    app.clock.advance(15 * MINUTE)
    const { status, data, errors } = await browser.graphql(READ, { id: record.id })

    expect(status).toBe(200)
    expect(data).toEqual({ record: { ...record, secret: null } })
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({
      path: ['record', 'secret'],
      extensions: { code: 'REAUTHENTICATION_REQUIRED', level: 'FRESH', methods: ['MAGIC_LINK'] },
    })
  })

  test('is refused also where there is none, so that the refusal tells nothing', async ({ app }) => {
    const { browser } = await signIn(app)
    const { id } = await made(browser)
    app.clock.advance(15 * MINUTE)

    expect((await browser.graphql(READ, { id })).code).toBe('REAUTHENTICATION_REQUIRED')
  })

  test('is refused once for each record of a page, and in what a write answers', async ({ app }) => {
    const { browser } = await signIn(app)
    await made(browser, { secret: 1 })
    await made(browser, { secret: 2 })
    app.clock.advance(15 * MINUTE)
    const page = await browser.graphql('{ records { edges { node { collection secret } } } }')
    expect(page.errors.map(({ extensions }) => extensions.code)).toEqual([
      'REAUTHENTICATION_REQUIRED',
      'REAUTHENTICATION_REQUIRED',
    ])
    expect(page.data).toEqual({ records: { edges: Array(2).fill({ node: { collection: 'notes', secret: null } }) } })

    const written = await browser.graphql(
      'mutation { createRecord(input: { collection: "notes", secret: 3 }) { revision secret } }',
    )
    expect(written.code).toBe('REAUTHENTICATION_REQUIRED')
    expect(written.data).toEqual({ createRecord: { revision: 1, secret: null } })
    expect(await app.services.database.systemDb.record.count()).toBe(3)
  })

  test('is read again after a new sign-in', async ({ app }) => {
    const { browser, email } = await signIn(app)
    const { id } = await made(browser, { secret: 'the secret' })
    app.clock.advance(15 * MINUTE)
    await signIn(app, email, { browser })

    expect((await browser.graphql(READ, { id })).data).toMatchObject({ record: { secret: 'the secret' } })
  })
})
