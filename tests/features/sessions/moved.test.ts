import { describe, expect, test } from 'vitest'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { codeIn } from '../../support/mailbox.ts'
import { signIn } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'
import { made, READ } from '../records/support.ts'
import { ASK, givePasskey, PROVE, rowId } from '../reauthentication/support.ts'
import type { Proved } from '../reauthentication/support.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0'

type From = { ip?: string; agent?: string }
const from = ({ ip = '203.0.113.7', agent }: From) => ({
  headers: { 'x-forwarded-for': ip, ...(agent && { 'user-agent': agent }) },
})

async function withApp(steps: (app: TestApp) => Promise<void>): Promise<void> {
  const app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1,::1' } })
  try {
    await steps(app)
  } finally {
    await app.close()
  }
}

/** Somebody whose session was last proved at 203.0.113.7, in Chrome. */
async function someone(app: TestApp): Promise<Person> {
  const person = await signIn(app)
  await app.services.database.systemDb.session.update({
    where: { id: rowId(person.sessionId) },
    data: { ipAddress: '203.0.113.7' },
  })
  return person
}

async function levelFrom({ browser }: Person, place: From): Promise<string | undefined> {
  const { data } = await browser.graphql<{ session: { level: string } | null }>(
    '{ session { level } }',
    {},
    from(place),
  )
  return data?.session?.level
}

/** Proves the session again by a code, from a place, and gives the level that it then has. */
async function proveFrom(app: TestApp, { browser, email }: Person, place: From): Promise<string | undefined> {
  const isOurs = ({ subject }: { subject: string }) => subject.startsWith('Confirm')
  const before = app.mailbox.mails.filter((mail) => mail.to === email && isOurs(mail)).length
  await browser.graphql(ASK, {}, from(place))
  const code = codeIn(await app.mailbox.latest(email, before + 1, isOurs))
  const { data } = await browser.graphql<Proved>(PROVE, { code }, from(place))
  return data?.reauthenticateWithCode.level
}

describe('a session that is used from elsewhere than where it proved itself', () => {
  test.for<[string, From]>([
    ['another network', { ip: '203.0.113.8' }],
    ['another browser', { agent: FIREFOX }],
    ['a network of the other kind', { ip: '2001:db8::1' }],
    ['both', { ip: '198.51.100.1', agent: FIREFOX }],
  ])('falls to SESSION from %s, goes on, and is what it was at home', ([, place]) =>
    withApp(async (app) => {
      const person = await someone(app)
      const { id } = await made(person.browser, { secret: 'secret' })
      expect(await levelFrom(person, {})).toBe('STRONG')

      expect(await levelFrom(person, place)).toBe('SESSION')
      const { data, errors } = await person.browser.graphql(READ, { id }, from(place))
      expect(data).toMatchObject({ record: { id, secret: null } })
      expect(errors.map(({ extensions }) => extensions)).toEqual([
        { code: 'REAUTHENTICATION_REQUIRED', level: 'FRESH', methods: ['MAGIC_LINK'] },
      ])
      expect(errors[0]?.message).toContain('on this network')
      expect(await levelFrom(person, {})).toBe('STRONG')
    }),
  )

  test('does not fall within one /64', () =>
    withApp(async (app) => {
      const person = await someone(app)
      const { systemDb } = app.services.database
      await systemDb.session.updateMany({ data: { ipAddress: '2001:db8:0:1::1' } })
      expect(await levelFrom(person, { ip: '2001:db8:0:1:ffff::2' })).toBe('STRONG')
      expect(await levelFrom(person, { ip: '2001:db8:0:2::1' })).toBe('SESSION')
    }))

  test('comes back up by a proof there, and falls where it was before', () =>
    withApp(async (app) => {
      const person = await someone(app)
      const away = { ip: '198.51.100.1', agent: FIREFOX }
      expect(await proveFrom(app, person, away)).toBe('STRONG')
      expect(await levelFrom(person, away)).toBe('STRONG')
      expect(await levelFrom(person, {})).toBe('SESSION')

      const row = await app.services.database.systemDb.session.findUniqueOrThrow({
        where: { id: rowId(person.sessionId) },
      })
      expect(row).toMatchObject({ ipAddress: '198.51.100.1', userAgent: FIREFOX, deviceName: 'Firefox on Linux' })
      expect(await app.services.database.systemDb.session.count()).toBe(1)
    }))

  test('an older proof by passkey does not survive the move, neither there nor back at home', () =>
    withApp(async (app) => {
      const person = await someone(app)
      await givePasskey(app, person)
      const { systemDb } = app.services.database
      await systemDb.session.updateMany({ data: { strongProvedAt: app.clock.now() } })
      expect(await levelFrom(person, {})).toBe('STRONG')

      const away = { ip: '198.51.100.1' }
      expect(await levelFrom(person, away)).toBe('SESSION')
      expect(await proveFrom(app, person, away)).toBe('FRESH')
      expect(await levelFrom(person, away)).toBe('FRESH')
      expect(await levelFrom(person, {})).toBe('SESSION')
      expect(await proveFrom(app, person, {})).toBe('FRESH')
    }))

  test('a proof by mail where the passkey was proved leaves that proof as it is', () =>
    withApp(async (app) => {
      const person = await someone(app)
      await givePasskey(app, person)
      await app.services.database.systemDb.session.updateMany({ data: { strongProvedAt: app.clock.now() } })
      expect(await proveFrom(app, person, {})).toBe('STRONG')
      app.clock.advance(15 * 60_000)
      expect(await levelFrom(person, {})).toBe('SESSION')
      expect(await proveFrom(app, person, {})).toBe('FRESH')
    }))
})
