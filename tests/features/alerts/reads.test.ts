import { describe, expect, onTestFinished } from 'vitest'
import { weighReads } from '../../../src/features/alerts/weigh-reads.ts'
import { removeOldAlerts } from '../../../src/features/alerts/remove-old-alerts.ts'
import { forgetUnseen } from '../../../src/features/devices/forget-unseen.ts'
import { startTestApp, test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'
import { newId } from '../records/support.ts'
import { ORIGIN, raise, rowId } from './support.ts'

const [HOUR, DAY] = [3_600_000, 24 * 3_600_000]

const weigh = ({ services }: TestApp) => weighReads.run(services)
const unusual = ({ services }: TestApp) =>
  services.database.systemDb.securityAlert.findMany({ where: { kind: 'records.unusual-access' } })
const tallies = ({ services }: TestApp) => services.database.systemDb.accessTally.findMany({ orderBy: { hour: 'asc' } })

/** Notes reads as the log of accesses does. */
function read({ services }: TestApp, { userId }: Person, rows: number, missing = 0): void {
  const ids = Array.from({ length: rows }, (_, index) => String(index))
  const access = { model: 'Record', table: 'records', kind: 'read', ids, count: rows, missing } as const
  services.tally.note(rowId(userId), access, ORIGIN)
}

describe('the tally of reads', () => {
  test('counts rows that were read, and ids that are none, over HTTP', async ({ app }) => {
    const ada = await signIn(app)
    const { graphql } = ada.browser
    const eve = await signIn(app)
    const made: string[] = []
    for (let count = 0; count < 3; count++) {
      const { data } = await graphql<{ createRecord: { id: string } }>('mutation { createRecord(input: { collection: "n" }) { id } }') // prettier-ignore
      made.push(data?.createRecord.id ?? '')
    }
    const byId = 'query ($id: ID!) { record(id: $id) { id } node(id: $id) { id } }'
    await graphql('{ records { totalCount edges { node { id } } } }') // 3 rows; a count shows none
    await graphql(byId, { id: made[0] }) // 2 rows
    await graphql(byId, { id: newId() }) // 2 missing
    await graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [made[1], newId(), newId()] }) // 1 row, 2 missing
    await graphql('{ records(collection: "none") { edges { node { id } } } sessions { id } }') // nothing that counts
    await eve.browser.graphql(byId, { id: made[0] }) // another's is missing
    await weigh(app)
    const rows = await tallies(app)
    expect(rows.find(({ userId }) => userId === rowId(ada.userId))).toMatchObject({ rows: 6, missing: 4 })
    expect(rows.find(({ userId }) => userId === rowId(eve.userId))).toMatchObject({ rows: 0, missing: 2 })
  })

  test('adds up over processes and runs, by the hour; a run without reads writes nothing', async ({ app }) => {
    const ada = await signIn(app)
    app.clock.set(new Date('2027-03-01T12:10:00Z'))
    const other = await app.second()
    for (const process of [app, other, app]) {
      read(process, ada, 10, 1)
      await weigh(process)
      await weigh(process)
    }
    app.clock.advance(HOUR)
    read(app, ada, 5)
    await weigh(app)
    expect((await tallies(app)).map(({ hour, rows, missing }) => [hour.toISOString(), rows, missing])).toEqual([
      ['2027-03-01T12:00:00.000Z', 30, 3],
      ['2027-03-01T13:00:00.000Z', 5, 0],
    ])
  })

  test('an account that is gone costs nobody else their counts', async ({ app }) => {
    const [gone, ada] = [await signIn(app), await signIn(app)]
    read(app, gone, 1)
    read(app, ada, 1)
    await app.services.database.systemDb.user.delete({ where: { id: rowId(gone.userId) } })
    await weigh(app)
    expect((await tallies(app)).map(({ userId }) => userId)).toEqual([rowId(ada.userId)])
  })
})

describe('unusual reads', () => {
  test.each([
    { past: 50, rows: 499, tells: false },
    { past: 49, rows: 500, tells: true },
    { past: 50, rows: 500, tells: false },
    { past: 50, rows: 501, tells: true },
    { past: 0, rows: 500, tells: true },
  ])('$rows rows in an hour, after $past in the highest of the past: told $tells', async ({ past, rows, tells }) => {
    const app = await started()
    const ada = await signIn(app)
    app.clock.advance(2 * DAY)
    if (past > 0) read(app, ada, past)
    await weigh(app)
    app.clock.advance(2 * HOUR)
    read(app, ada, rows)
    await weigh(app)
    expect(await unusual(app)).toHaveLength(tells ? 1 : 0)
  })

  test('what lies more than thirty days back is no past', async ({ app }) => {
    const ada = await signIn(app)
    read(app, ada, 10_000)
    await weigh(app)
    app.clock.advance(31 * DAY)
    read(app, ada, 600)
    await weigh(app)
    expect(await unusual(app)).toHaveLength(1)
  })

  test('an account of less than a day has no past to be compared with', async ({ app }) => {
    const ada = await signIn(app)
    read(app, ada, 5_000)
    await weigh(app)
    expect(await unusual(app)).toEqual([])
  })

  test('more than fifty ids that are none, also in a new account', async ({ app }) => {
    const ada = await signIn(app)
    read(app, ada, 0, 50)
    await weigh(app)
    expect(await unusual(app)).toEqual([])
    read(app, ada, 0, 1)
    await weigh(app)
    expect(await unusual(app)).toMatchObject([{ userId: rowId(ada.userId), deviceName: 'Chrome on macOS' }])
  })

  test('are told once a day', async ({ app }) => {
    const ada = await signIn(app)
    app.clock.set(new Date('2027-03-01T01:00:00Z'))
    for (let hours = 0; hours < 3; hours++) {
      read(app, ada, 0, 60)
      await weigh(app)
      app.clock.advance(HOUR)
    }
    expect(await unusual(app)).toHaveLength(1)
    app.clock.advance(DAY)
    read(app, ada, 0, 60)
    await weigh(app)
    expect(await unusual(app)).toHaveLength(2)
  })
})

describe('what is old is removed', () => {
  test('alerts with the log, tallies after 31 days', async ({ app }) => {
    const ada = await signIn(app)
    await raise(app, ada)
    read(app, ada, 1)
    await weigh(app)
    app.clock.advance(31 * DAY - 2 * HOUR)
    await removeOldAlerts.run(app.services)
    expect(await tallies(app)).toHaveLength(1)
    app.clock.advance(4 * HOUR)
    await removeOldAlerts.run(app.services)
    expect(await tallies(app)).toEqual([])
    expect(await app.services.database.systemDb.securityAlert.count()).toBe(1)
    app.clock.advance(335 * DAY)
    await removeOldAlerts.run(app.services)
    expect(await app.services.database.systemDb.securityAlert.count()).toBe(0)
  })

  test('devices and places after 400 days, but not those of an account that nobody uses', async ({ app }) => {
    const [active, dormant] = [await signIn(app), await signIn(app)]
    app.clock.advance(401 * DAY)
    await signIn(app, active.email)
    await forgetUnseen.run(app.services)
    const db = app.services.database.systemDb
    const left = async ({ userId }: Person) => db.knownDevice.count({ where: { userId: rowId(userId) } })
    expect([await left(active), await left(dormant)]).toEqual([1, 1])
    expect(await db.knownDevice.count({ where: { lastSeenAt: { lt: new Date(Date.now() + DAY) } } })).toBe(1)
    await signIn(app, dormant.email)
    expect(await db.securityAlert.count({ where: { userId: rowId(dormant.userId) } })).toBe(1)
  })
})

async function started(): Promise<TestApp> {
  const app = await startTestApp()
  onTestFinished(() => app.close())
  return app
}
