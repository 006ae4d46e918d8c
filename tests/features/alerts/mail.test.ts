import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { startTestApp, test } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import { newAddress, signIn } from '../../support/people.ts'
import { cityEntry, mmdbOf } from '../../support/mmdb.ts'
import { notMeTokenIn, ORIGIN, raise, rowId } from './support.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

async function started(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startTestApp({ env })
  onTestFinished(() => app.close())
  return app
}

const alertsTo = ({ mailbox }: TestApp, address: string) =>
  mailbox.mails.filter(({ to, text }) => to === address && text.includes('/auth/not-me#'))

describe('the mail of an alert', () => {
  test('says what happened, when, by what and what to do, and never the address', async ({ app }) => {
    const ada = await signIn(app)
    await raise(app, ada)
    const mail = await app.mailbox.latest(ada.email, 2)
    expect(mail.subject).toBe(`A sign-in from a new device (${app.url.host})`)
    for (const form of [mail.text, mail.html]) {
      expect(form).toContain('from a device that it did not know: Chrome on macOS.')
      expect(form).toMatch(/\d{1,2} \w+ \d{4} at \d\d:\d\d UTC, from Chrome on macOS\./)
      expect(form).toContain('Was it not you?')
      expect(form).not.toContain(ORIGIN.ipAddress)
    }
  })

  test('M9: the token stands in the link alone, in the fragment; of it the database has the hash', async ({ app }) => {
    const ada = await signIn(app)
    const id = await raise(app, ada)
    const mail = await app.mailbox.latest(ada.email, 2)
    const token = notMeTokenIn(mail)
    for (const form of [mail.text, mail.html]) expect(form.split(token)).toHaveLength(2)
    expect(mail.html).toContain(`href="${app.url.origin}/auth/not-me#${token}"`)
    expect(mail.subject).not.toContain(token)
    const row = await app.services.database.systemDb.securityAlert.findUniqueOrThrow({ where: { id } })
    expect(JSON.stringify(row)).not.toContain(token)
    expect(row.notMeHash).toHaveLength(43)
  })

  test('is written in the transaction of the alert: without it there is neither', async ({ app }) => {
    const ada = await signIn(app)
    const { database, outbox } = app.services
    const { raiseAlert } = await import('../../../src/features/alerts/raise-alert.ts')
    const user = { id: rowId(ada.userId), email: ada.email }
    const failing = database.systemDb.$transaction(async (tx) => {
      await raiseAlert(app.services, tx, { kind: 'login.new-device', user, onceKey: 'x', origin: ORIGIN })
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await outbox.sendDue()
    expect(alertsTo(app, ada.email)).toEqual([])
    expect(await database.systemDb.securityAlert.count()).toBe(0)
  })

  test('the same thing is told once, x50', async ({ app }) => {
    const ada = await signIn(app)
    const ids = await Promise.all(Array.from({ length: 50 }, () => raise(app, ada, { onceKey: 'one thing' })))
    expect(ids.filter((id) => id !== '')).toHaveLength(1)
    await app.services.outbox.sendDue()
    expect(alertsTo(app, ada.email)).toHaveLength(1)
  })
})

describe('devices and places', () => {
  test('the first device of an account is silent, another one is told once', async ({ app }) => {
    const email = newAddress()
    const ada = await signIn(app, email)
    await signIn(app, email, { browser: ada.browser })
    await app.services.outbox.sendDue()
    expect(alertsTo(app, email)).toEqual([])

    const other = app.browser(FIREFOX)
    for (let times = 0; times < 3; times++) await signIn(app, email, { browser: other })
    await app.services.outbox.sendDue()
    expect(alertsTo(app, email).map(({ subject }) => subject)).toEqual([
      `A sign-in from a new device (${app.url.host})`,
    ])
    expect(alertsTo(app, email)[0]?.text).toContain('Firefox on Linux')
  })

  const FROM = { TRUSTED_PROXIES: '127.0.0.1' }
  /** A browser whose requests come from an address. */
  function at(app: TestApp, browser: ReturnType<TestApp['browser']>, address: string) {
    const { graphql } = browser
    const from: typeof graphql = (query, variables, init) => {
      const headers = new Headers(init?.headers)
      headers.set('x-forwarded-for', address)
      return graphql(query, variables, { ...init, headers })
    }
    return { ...browser, graphql: from }
  }

  test('a known device from a new place is told of as a place; the neighbourhood is none', async () => {
    const app = await started(FROM)
    const email = newAddress()
    const browser = app.browser()
    for (const address of ['203.0.113.7', '203.0.113.200', '198.51.100.1', '198.51.100.2', '203.0.113.9'])
      await signIn(app, email, { browser: at(app, browser, address) })
    await app.services.outbox.sendDue()
    expect(alertsTo(app, email).map(({ subject }) => subject)).toEqual([`A sign-in from a new place (${app.url.host})`])
    expect(alertsTo(app, email)[0]?.text).toContain('from a network that it did not know, by Chrome on macOS')
    expect(alertsTo(app, email)[0]?.text).not.toContain('198.51')
  })

  test('where the server can tell, a place is a city, and the mail names it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'places-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'cities.mmdb')
    const berlin = ['203.0.113.0/24', '198.51.100.0/24'].map((network) => cityEntry(network, 'DE', 'Germany', 'Berlin'))
    await writeFile(file, mmdbOf([...berlin, cityEntry('192.0.2.0/24', 'FR', 'France', 'Paris')]))
    const app = await started({ ...FROM, GEOIP_DATABASE: file })
    const email = newAddress()
    const browser = app.browser()
    for (const address of ['203.0.113.7', '198.51.100.1', '192.0.2.1'])
      await signIn(app, email, { browser: at(app, browser, address) })
    await app.services.outbox.sendDue()
    const [mail, ...others] = alertsTo(app, email)
    expect(others).toEqual([])
    expect(mail?.text).toContain('from a place that it did not know: Chrome on macOS, in Paris, France.')
  })
})

describe('administrators', () => {
  test('hear of what they should, in words of their own, without a link', async () => {
    const app = await started({ ADMIN_EMAILS: 'root@example.com,second@example.com' })
    const ada = await signIn(app)
    await raise(app, ada, { kind: 'records.unusual-access' })
    await raise(app, ada, { kind: 'login.new-device' })
    await app.services.outbox.sendDue()
    for (const admin of ['root@example.com', 'second@example.com']) {
      const mails = app.mailbox.mails.filter(({ to }) => to === admin)
      expect(mails).toHaveLength(1)
      expect(mails[0]?.text).toContain(`Account: ${ada.email}`)
      expect(mails[0]?.text).toContain('Kind: records.unusual-access')
      expect(`${mails[0]?.text}${mails[0]?.html}`).not.toMatch(/not-me|href=/)
    }
  })
})
