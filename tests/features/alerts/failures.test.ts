import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { askForLink, newAddress, signIn, VERIFY, VERIFY_CODE } from '../../support/people.ts'
import { rowId } from './support.ts'

async function started(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startTestApp({ env })
  onTestFinished(() => app.close())
  return app
}

/** Fails to sign in to an address so many times, by wrong codes: each link takes five. */
async function fail(app: TestApp, email: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const browser = app.browser()
    const { code } = await askForLink(app, browser, email)
    const wrong = code === '000000' ? '000001' : '000000'
    for (let tries = 0; tries < 4 && done < times; tries++, done++) await browser.graphql(VERIFY_CODE, { code: wrong })
  }
  await app.services.background.settled()
}

// Redis counts by its own clock, which no test sets.
const BY_OUR_CLOCK = { REDIS_URL: '' }

const alertsOf = ({ services }: TestApp) =>
  services.database.systemDb.securityAlert.findMany({ where: { kind: 'login.repeated-failures' } })

/** What happens to a process that ends before the warning is written: its transaction is as if it had never been. */
async function dyingInTheMiddle({ services: { outbox } }: TestApp, work: () => Promise<void>): Promise<void> {
  const { enqueue } = outbox
  let died = false
  outbox.enqueue = () => {
    died = true
    return Promise.reject(new Error('The process has ended.'))
  }
  await work()
  outbox.enqueue = enqueue
  expect(died).toBe(true)
}

/** The networks that an administrator was told of, sorted. */
async function wordsToAdmins({ services, mailbox }: TestApp): Promise<(string | undefined)[]> {
  await services.outbox.sendDue()
  const mails = mailbox.mails.filter(({ to }) => to === 'root@example.com')
  return mails.map(({ text }) => /Network: (\S+)/.exec(text)?.[1]).sort()
}

describe('repeated failures', () => {
  test('the fifth within an hour warns the owner, once a day; four do not', async () => {
    const app = await started(BY_OUR_CLOCK)
    app.clock.set(new Date('2027-03-01T08:00:00Z'))
    const ada = await signIn(app)
    await fail(app, ada.email, 4)
    expect(await alertsOf(app)).toEqual([])
    await fail(app, ada.email, 1)
    expect(await alertsOf(app)).toMatchObject([{ userId: rowId(ada.userId), deviceName: 'Chrome on macOS' }])
    await fail(app, ada.email, 12)
    app.clock.advance(3_600_000)
    await fail(app, ada.email, 6)
    expect(await alertsOf(app)).toHaveLength(1)
    app.clock.advance(24 * 3_600_000)
    await fail(app, ada.email, 5)
    expect(await alertsOf(app)).toHaveLength(2)
  })

  test('four in an hour and four in the next are not many', async () => {
    const app = await started(BY_OUR_CLOCK)
    const ada = await signIn(app)
    await fail(app, ada.email, 4)
    app.clock.advance(3_600_000)
    await fail(app, ada.email, 4)
    expect(await alertsOf(app)).toEqual([])
  })

  test('x50 together warn once', async ({ app }) => {
    const ada = await signIn(app)
    const { token } = await askForLink(app, app.browser(), ada.email)
    await app.browser().graphql(VERIFY, { token, confirm: true })
    let tries = 0
    const stop = app.services.database.onStatement(
      (text) => void (tries += Number(/insert.*security_alerts/i.test(text))),
    )
    await Promise.all(Array.from({ length: 50 }, () => app.browser().graphql(VERIFY, { token, confirm: true })))
    await app.services.background.settled()
    stop()
    expect(await alertsOf(app)).toHaveLength(1)
    expect(tries).toBe(1)
  })

  test('a warning that was counted and not written is raised by the next failure within the hour, once', async () => {
    const app = await started(BY_OUR_CLOCK)
    app.clock.set(new Date('2027-03-01T08:00:00Z'))
    const ada = await signIn(app)
    const { token } = await askForLink(app, app.browser(), ada.email)
    await app.browser().graphql(VERIFY, { token, confirm: true })
    const failOnce = async () => {
      await app.browser().graphql(VERIFY, { token, confirm: true })
      await app.services.background.settled()
    }
    for (let times = 0; times < 4; times++) await failOnce()
    await dyingInTheMiddle(app, failOnce)
    expect(await alertsOf(app)).toEqual([])
    app.clock.advance(30_000)
    await failOnce()
    expect(await alertsOf(app)).toHaveLength(1)
    app.clock.advance(30_000)
    await failOnce()
    expect(await alertsOf(app)).toHaveLength(1)
  })

  test('an hour that reaches over midnight is told of once', async () => {
    const app = await started(BY_OUR_CLOCK)
    app.clock.set(new Date('2027-03-01T23:50:00Z'))
    const ada = await signIn(app)
    await fail(app, ada.email, 5)
    expect(await alertsOf(app)).toHaveLength(1)
    app.clock.advance(20 * 60_000)
    await fail(app, ada.email, 2)
    expect(await alertsOf(app)).toHaveLength(1)
  })

  test('M8: to an address without an account the same happens in answers, headers and statements of the request', async ({
    app,
  }) => {
    const ada = await signIn(app)
    const observe = async (email: string) => {
      const seen: unknown[] = []
      for (let tries = 0; tries < 5; tries++) {
        const browser = app.browser()
        const { code } = await askForLink(app, browser, email)
        const { background } = app.services
        await background.settled()
        // What is done behind the answer's back waits, so that the statements of the request are alone.
        const run = background.run
        const put: (() => Promise<unknown>)[] = []
        background.run = (_name, work) => void put.push(work)
        const statements: string[] = []
        const stop = app.services.database.onStatement((text) => void (/outbox/.test(text) || statements.push(text)))
        const { status, errors } = await browser.graphql(VERIFY_CODE, { code: code === '000000' ? '000001' : '000000' })
        stop()
        background.run = run
        for (const work of put) await work()
        seen.push({ status, errors, statements, behind: put.length })
      }
      return seen
    }
    const nobody = await observe(newAddress('nobody'))
    expect(await observe(ada.email)).toEqual(nobody)
    expect(await alertsOf(app)).toHaveLength(1)
  })

  test('the twentieth from one network tells the administrators, once a day, and is in the log as nobody’s', async () => {
    const app = await started({ ADMIN_EMAILS: 'root@example.com' })
    const failOnce = () => app.browser().graphql(VERIFY, { token: 'x' })
    for (let times = 0; times < 19; times++) await failOnce()
    await app.services.background.settled()
    const lines = () => app.services.database.systemDb.auditEntry.findMany({ where: { action: 'network.repeated-failures' } }) // prettier-ignore
    expect(await lines()).toEqual([])
    for (let times = 0; times < 50; times++) await failOnce()
    await app.services.background.settled()
    app.clock.advance(3_600_000)
    for (let times = 0; times < 25; times++) await failOnce()
    await app.services.background.settled()
    expect(await lines()).toMatchObject([{ userId: null, success: false }])
    await app.services.outbox.sendDue()
    const mails = app.mailbox.mails.filter(({ to }) => to === 'root@example.com')
    expect(mails.map(({ subject }) => subject)).toEqual([
      `Alert: Many failed sign-ins from one network (${app.url.host})`,
    ])
    expect(mails[0]?.text).toContain('Network: 127.0.0.0/24')
    expect(await app.services.database.systemDb.securityAlert.count()).toBe(0)
  })

  test('the word to the administrators that was counted and not written is given by the next failure', async () => {
    const app = await started({ ...BY_OUR_CLOCK, ADMIN_EMAILS: 'root@example.com' })
    const failOnce = async () => {
      await app.browser().graphql(VERIFY, { token: 'x' })
      await app.services.background.settled()
    }
    for (let times = 0; times < 19; times++) await failOnce()
    await dyingInTheMiddle(app, failOnce)
    expect(await wordsToAdmins(app)).toEqual([])
    app.clock.advance(30_000)
    await failOnce()
    app.clock.advance(30_000)
    await failOnce()
    expect(await wordsToAdmins(app)).toEqual(['127.0.0.0/24'])
  })

  test('administrators hear once of one neighbourhood, however many of its networks fail, and of each other one', async () => {
    const app = await started({ ADMIN_EMAILS: 'root@example.com', TRUSTED_PROXIES: '127.0.0.1,::1' })
    const failFrom = async (address: string) => {
      const init = { headers: { 'x-forwarded-for': address } }
      for (let times = 0; times < 20; times++) await app.browser().graphql(VERIFY, { token: 'x' }, init)
      await app.services.background.settled()
    }
    for (const address of ['203.0.113.7', '203.0.113.8', '203.0.113.250']) await failFrom(address)
    expect(await wordsToAdmins(app)).toEqual(['203.0.113.0/24'])
    await failFrom('203.0.112.7')
    for (const network of ['1', '2', 'ffff']) await failFrom(`2001:db8:1:${network}::7`)
    await failFrom('2001:db8:2:1::7')
    expect(await wordsToAdmins(app)).toEqual(['2001:db8:1::/48', '2001:db8:2::/48', '203.0.112.0/24', '203.0.113.0/24'])
  })

  test('a limiter or a database that fails behind the answer changes no answer, and is logged', async () => {
    const lines: string[] = []
    const write = (event: string) => void lines.push(event)
    const log = { debug: write, info: write, warn: write, error: write, child: () => log }
    const app = await startTestApp({ replacements: { log } })
    onTestFinished(() => app.close())
    app.services.limits.reaches = () => Promise.reject(new Error('away'))
    expect((await app.browser().graphql(VERIFY, { token: 'x' })).code).toBe('LINK_INVALID')
    await app.services.background.settled()
    expect(lines).toContain('background.failed')
  })
})
