import { describe, expect } from 'vitest'
import { openLog } from '../../src/platform/log.ts'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { layCable } from '../support/cable.ts'
import type { Cable } from '../support/cable.ts'
import { provider } from '../support/databases.ts'
import { newAddress, REQUEST, signIn } from '../support/people.ts'
import type { Person } from '../support/people.ts'

const GIVEN_AWAY = /SELECT|INSERT|127\.0\.0\.1|ECONN|postgres|redis|prisma|\.ts:|stack/i

// SQLite is a file that is open, and cannot go away.
describe.skipIf(provider === 'sqlite')('L7: what the server leans on goes away', () => {
  const lines: string[] = []

  /** A server whose line to PostgreSQL or Redis can be cut, and a person who is signed in to it. */
  async function onCable(
    setting: 'DATABASE_URL' | 'REDIS_URL',
    steps: (app: TestApp, cable: Cable, person: Person) => Promise<void>,
  ): Promise<void> {
    lines.length = 0
    const log = openLog({ level: 'debug', pretty: false }, { write: (line) => lines.push(line) })
    const first = await startTestApp({ replacements: { log } })
    const cable = await layCable(first.env[setting] ?? '')
    try {
      const app = await first.second({ [setting]: cable.url.href })
      await steps(app, cable, await signIn(app))
    } finally {
      await first.close()
      await cable.cut()
    }
  }

  test('L7: without the database every call ends with UNAVAILABLE and 503, nobody is signed in, and it comes back by itself', () =>
    onCable('DATABASE_URL', async (app, cable, person) => {
      await cable.cut()
      const email = newAddress()
      const calls = [
        '{ me { id } }',
        '{ sessions { id } }',
        'mutation { logout }',
        'mutation { revokeOtherSessions { id } }',
      ]
      const answers = [
        ...(await Promise.all(calls.map((call) => person.browser.graphql(call)))),
        await app.browser().graphql(REQUEST, { email }),
      ]
      for (const { status, data, errors } of answers) {
        expect([status, Object.values(data ?? {}).filter(Boolean)]).toEqual([503, []])
        expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'UNAVAILABLE' }])
        expect(JSON.stringify(errors)).not.toMatch(GIVEN_AWAY)
      }
      expect((await app.browser().fetch('/healthz')).status).toBe(200)
      const ready = await app.browser().fetch('/readyz')
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('database')])

      await cable.mend()
      const { data } = await person.browser.graphql('{ me { id } }')
      expect(data).toEqual({ me: { id: person.userId } })
      expect(await app.services.database.systemDb.magicLink.count({ where: { email } })).toBe(0)
    }))

  test('L7: without Redis what sends mail is refused with UNAVAILABLE and 503, and what reads goes on', () =>
    onCable('REDIS_URL', async (app, cable, person) => {
      await cable.cut()
      const email = newAddress()
      const { status, errors } = await app.browser().graphql(REQUEST, { email })
      expect([status, errors.map(({ extensions }) => extensions)]).toEqual([503, [{ code: 'UNAVAILABLE' }]])
      expect(JSON.stringify(errors)).not.toMatch(GIVEN_AWAY)
      expect(await app.services.database.systemDb.magicLink.count({ where: { email } })).toBe(0)

      const read = await person.browser.graphql('{ me { id } records { totalCount } }')
      expect(read.data).toMatchObject({ me: { id: person.userId }, records: { totalCount: 0 } })
      expect(lines.filter((line) => line.includes('"event":"redis.away"'))).toHaveLength(1)
    }))
})
