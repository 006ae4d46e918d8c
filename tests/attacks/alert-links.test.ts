import { describe, expect, onTestFinished } from 'vitest'
import { ALERTS, DISOWN, notMeTokenIn, raise, rowId } from '../features/alerts/support.ts'
import type { AlertPage } from '../features/alerts/support.ts'
import { startTestApp, test } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { askForLink, signIn, VERIFY } from '../support/people.ts'
import type { Person } from '../support/people.ts'

const DAY = 24 * 3_600_000

/** Warns a person, and gives the token of the mail that says so. */
async function warned(app: TestApp, ada: Person): Promise<{ id: string; token: string }> {
  const before = app.mailbox.mails.length
  const id = await raise(app, ada)
  await app.services.outbox.sendDue()
  const mail = app.mailbox.mails
    .slice(before)
    .find(({ to, text }) => to === ada.email && text.includes('/auth/not-me#'))
  if (!mail) throw new Error('No mail has come.')
  return { id, token: notMeTokenIn(mail) }
}

const isIn = async ({ browser }: Pick<Person, 'browser'>) =>
  (await browser.graphql<{ me: unknown }>('{ me { id } }')).data?.me !== null

/** Everything that a disowning would change. */
async function everything({ services }: TestApp) {
  const db = services.database.systemDb
  return Promise.all([
    db.session.findMany({ orderBy: { id: 'asc' } }),
    db.knownDevice.findMany({ orderBy: { deviceHash: 'asc' } }),
    db.magicLink.findMany({ orderBy: { id: 'asc' } }),
    db.securityAlert.findMany({ orderBy: { id: 'asc' } }),
    db.auditEntry.count(),
  ])
}

describe('"this was not me"', () => {
  test('M2: opening the page, by GET and HEAD, changes nothing', async ({ app }) => {
    const ada = await signIn(app)
    const { token } = await warned(app, ada)
    const before = await everything(app)
    for (const method of ['GET', 'HEAD']) {
      const answer = await app.browser().fetch(`/auth/not-me#${token}`, { method })
      expect(answer.status).toBe(200)
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    }
    expect(await everything(app)).toEqual(before)
  })

  test('throws everybody out, forgets the devices, ends open links, and is in the log', async ({ app }) => {
    const ada = await signIn(app)
    const other = await signIn(app, ada.email)
    const bystander = await signIn(app)
    const asking = app.browser()
    const open = await askForLink(app, asking, ada.email)
    const { id, token } = await warned(app, ada)

    const stranger = app.browser()
    expect((await stranger.graphql(DISOWN, { token })).data).toEqual({ disownAlert: true })
    expect(await Promise.all([ada, other, bystander].map(isIn))).toEqual([false, false, true])
    expect(await isIn({ browser: stranger })).toBe(false)
    expect((await asking.graphql(VERIFY, { token: open.token })).code).toBe('LINK_INVALID')
    const db = app.services.database.systemDb
    const userId = rowId(ada.userId)
    expect(await db.knownDevice.count({ where: { userId } })).toBe(0)
    expect(await db.knownDevice.count()).toBe(1)
    expect(await db.securityAlert.findUniqueOrThrow({ where: { id } })).toMatchObject({
      notMeHash: null,
      acknowledgedAt: expect.any(Date) as Date,
    })
    const lines = await db.auditEntry.findMany({ where: { action: 'alert.disowned' } })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ userId, recordId: id, success: true, sessionId: null })
  })

  test('whoever is told of as new once is told of again after it', async ({ app }) => {
    const ada = await signIn(app)
    const eve = await signIn(app, ada.email)
    const { token } = await warned(app, ada)
    await ada.browser.graphql(DISOWN, { token })
    const db = app.services.database.systemDb
    const before = await db.securityAlert.count({ where: { kind: 'login.new-device' } })
    await signIn(app, ada.email, { browser: eve.browser })
    expect(await db.securityAlert.count({ where: { kind: 'login.new-device' } })).toBe(before + 1)
  })

  test("the asking browser's own session stays, and must prove itself anew", async ({ app }) => {
    const ada = await signIn(app)
    const other = await signIn(app, ada.email)
    const { token } = await warned(app, ada)
    const both = `mutation ($token: String!) { disownAlert(token: $token) }`
    await ada.browser.graphql(both, { token })
    expect(await isIn(ada)).toBe(true)
    expect(await isIn(other)).toBe(false)
    expect((await ada.browser.graphql('{ session { level } }')).data).toEqual({ session: { level: 'SESSION' } })
    const row = await app.services.database.systemDb.session.findFirstOrThrow()
    expect(row).toMatchObject({ provedAt: new Date(0), strongProvedAt: null })
  })

  test("another account's session neither stays by it nor is lowered", async ({ app }) => {
    const [ada, eve] = [await signIn(app), await signIn(app)]
    const { token } = await warned(app, ada)
    await eve.browser.graphql(DISOWN, { token })
    expect(await Promise.all([ada, eve].map(isIn))).toEqual([false, true])
    expect((await eve.browser.graphql('{ session { level } }')).data).toEqual({ session: { level: 'STRONG' } })
  })

  test('M1: x50 together, it works once', async ({ app }) => {
    const ada = await signIn(app)
    const { token } = await warned(app, ada)
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.browser().graphql(DISOWN, { token })))
    expect(answers.filter(({ data }) => data?.['disownAlert'] === true)).toHaveLength(1)
    expect(answers.filter(({ code }) => code === 'LINK_INVALID')).toHaveLength(49)
    const done = await app.services.database.systemDb.auditEntry.count({
      where: { action: 'alert.disowned', success: true },
    })
    expect(done).toBe(1)
  })

  test('seven days to the second', async ({ app }) => {
    const ada = await signIn(app)
    const [early, late] = [await warned(app, ada), await warned(app, ada)]
    app.clock.advance(7 * DAY - 5_000)
    expect((await app.browser().graphql(DISOWN, { token: early.token })).data).toEqual({ disownAlert: true })
    app.clock.advance(5_000)
    expect((await app.browser().graphql(DISOWN, { token: late.token })).code).toBe('LINK_INVALID')
  })

  test.each(['', 'x', 'a'.repeat(43), 'a'.repeat(10_000), '%', "' OR 1=1 --"])(
    'a token that is none (%j) is refused alike, and changes nothing but the log',
    async (token) => {
      const app = await started()
      const ada = await signIn(app)
      await warned(app, ada)
      const [sessions, devices, links, alerts] = await everything(app)
      const { code, errors } = await ada.browser.graphql(DISOWN, { token })
      expect([code, errors[0]?.extensions['field']]).toEqual(['LINK_INVALID', 'token'])
      expect((await everything(app)).slice(0, 4)).toEqual([sessions, devices, links, alerts])
    },
  )

  test("S3: the token is in no answer that the account's own sessions get", async ({ app }) => {
    const ada = await signIn(app)
    const { id, token } = await warned(app, ada)
    const row = await app.services.database.systemDb.securityAlert.findUniqueOrThrow({ where: { id } })
    const { data } = await ada.browser.graphql<AlertPage>(ALERTS)
    for (const secret of [token, row.notMeHash ?? 'none']) expect(JSON.stringify(data)).not.toContain(secret)
    expect((await ada.browser.graphql('{ securityAlerts { edges { node { notMeHash } } } }')).code).toBe('GRAPHQL_VALIDATION_FAILED') // prettier-ignore
  })

  test('D6: neither token nor webhook secret is in a log line, nor in clear in the outbox', async () => {
    const lines: unknown[] = []
    const write = (event: string, fields?: unknown) => void lines.push([event, fields])
    const log = { debug: write, info: write, warn: write, error: write, child: () => log }
    const app = await startTestApp({
      replacements: { log },
      env: {
        ALERT_WEBHOOK_URL: 'http://127.0.0.1:1/hook/canary-path',
        ALERT_WEBHOOK_SECRET: 'canary-secret-of-24-characters',
      },
    })
    onTestFinished(() => app.close())
    const ada = await signIn(app)
    const { token } = await warned(app, ada)
    const waiting = await app.services.database.systemDb.outboxMessage.findMany()
    expect(waiting.map(({ channel }) => channel)).toEqual(['webhook'])
    await app.browser().graphql(DISOWN, { token })
    await app.browser().graphql(DISOWN, { token })
    const said = JSON.stringify([lines, waiting])
    expect(said).toContain('webhook.not-sent-yet')
    for (const secret of [token, 'canary', ada.email, 'did not know']) expect(said).not.toContain(secret)
  })
})

async function started(): Promise<TestApp> {
  const app = await startTestApp()
  onTestFinished(() => app.close())
  return app
}
