import { describe, expect } from 'vitest'
import { test } from '../../support/app.ts'
import { signIn } from '../../support/people.ts'
import { ACKNOWLEDGE, ALERTS, ORIGIN, raise, rowId } from './support.ts'
import type { AlertPage } from './support.ts'

describe('the list of alerts', () => {
  test('has all that the alert says, the newest first', async ({ app }) => {
    const ada = await signIn(app)
    const first = await raise(app, ada, { kind: 'login.repeated-failures' })
    const second = await raise(app, ada)
    const { data } = await ada.browser.graphql<AlertPage>(ALERTS)
    expect(data?.securityAlerts.edges.map(({ node }) => node.id)).toEqual([`alert_${second}`, `alert_${first}`])
    expect(data?.securityAlerts.edges[0]?.node).toMatchObject({
      kind: 'login.new-device',
      message: 'Your account was signed in to from a device that it did not know: Chrome on macOS.',
      ipAddress: ORIGIN.ipAddress,
      deviceName: 'Chrome on macOS',
      acknowledgedAt: null,
    })
  })

  test('is paged in both directions, each alert once', async ({ app }) => {
    const ada = await signIn(app)
    const ids: string[] = []
    for (let count = 0; count < 5; count++) ids.unshift(`alert_${await raise(app, ada)}`)
    const page = async (variables: Record<string, unknown>) => {
      const { data } = await ada.browser.graphql<AlertPage>(ALERTS, variables)
      if (!data) throw new Error('There is no page.')
      return data.securityAlerts
    }
    const first = await page({ first: 2 })
    const second = await page({ first: 2, after: first.pageInfo.endCursor })
    const third = await page({ first: 2, after: second.pageInfo.endCursor })
    expect([first, second, third].flatMap(({ edges }) => edges.map(({ node }) => node.id))).toEqual(ids)
    expect([first, second, third].map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, true, false])
    const back = await page({ last: 2, before: third.pageInfo.startCursor })
    expect(back).toMatchObject({ edges: second.edges })
  })

  test('needs a session', async ({ app }) => {
    expect((await app.browser().graphql(ALERTS)).code).toBe('UNAUTHENTICATED')
  })
})

describe('acknowledgeAlert', () => {
  test('notes when it was seen, once, and writes it in the log', async ({ app }) => {
    const ada = await signIn(app)
    const id = await raise(app, ada)
    const seen = await ada.browser.graphql<{ acknowledgeAlert: { acknowledgedAt: string } }>(ACKNOWLEDGE, { id: `alert_${id}` }) // prettier-ignore
    expect(seen.data?.acknowledgeAlert.acknowledgedAt).toEqual(expect.any(String))
    app.clock.advance(60_000)
    expect((await ada.browser.graphql(ACKNOWLEDGE, { id: `alert_${id}` })).data).toEqual(seen.data)
    const lines = await app.services.database.systemDb.auditEntry.findMany({
      where: { userId: rowId(ada.userId), action: 'securityAlert.updated' },
    })
    expect(lines.map(({ recordId }) => recordId)).toEqual([id])
  })

  test("S3: another's is not found, in the list, by its id and in the node field, and is not changed", async ({
    app,
  }) => {
    const [ada, eve] = [await signIn(app), await signIn(app)]
    const id = await raise(app, ada)
    const refused = await eve.browser.graphql(ACKNOWLEDGE, { id: `alert_${id}` })
    expect(refused).toMatchObject({ code: 'NOT_FOUND', data: null })
    expect((await eve.browser.graphql('query ($id: ID!) { node(id: $id) { id } }', { id: `alert_${id}` })).data).toEqual({ node: null }) // prettier-ignore
    expect((await eve.browser.graphql<AlertPage>(ALERTS)).data?.securityAlerts.edges).toEqual([])
    const row = await app.services.database.systemDb.securityAlert.findUniqueOrThrow({ where: { id } })
    expect(row.acknowledgedAt).toBeNull()
    const own = await ada.browser.graphql('query ($id: ID!) { node(id: $id) { id } }', { id: `alert_${id}` })
    expect(own.data).toEqual({ node: { id: `alert_${id}` } })
  })

  test('an id of another kind, or of none, is refused by name', async ({ app }) => {
    const { browser, sessionId } = await signIn(app)
    for (const id of [sessionId, 'alert_x', ''])
      expect((await browser.graphql(ACKNOWLEDGE, { id })).errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'id' }) // prettier-ignore
    const unknown = 'alert_0198c5b2-0000-7000-8000-000000000000'
    expect((await browser.graphql(ACKNOWLEDGE, { id: unknown })).code).toBe('NOT_FOUND')
  })
})
