import { randomBytes } from 'node:crypto'
import { test as base } from 'vitest'
import { createApp } from '../../src/app.ts'
import type { App, Replacements } from '../../src/app.ts'
import type { Services } from '../../src/services.ts'
import { visit } from './browser-like.ts'
import type { Visitor } from './browser-like.ts'
import { freshDatabase } from './databases.ts'
import { testMailbox } from './mailbox.ts'
import type { TestMailbox } from './mailbox.ts'
import { quietPort } from './quiet-port.ts'

/** A clock that a test sets. It goes with the real one until it is told otherwise. */
export type TestClock = { now: () => Date; advance(ms: number): void; set(time: Date): void }

/** A server on a database of its own, over HTTP on a port of its own. */
export type TestApp = {
  url: URL
  env: Record<string, string>
  services: Services
  mailbox: TestMailbox
  clock: TestClock
  /** A browser without cookies, at this server. */
  browser(userAgent?: string): Visitor
  /** A second process's worth of server on the same database, keys and Redis. Closed with the first. */
  second(env?: Record<string, string>): Promise<TestApp>
  /** Stops the server and starts it again on what it left. */
  restart(env?: Record<string, string>): Promise<void>
  close(): Promise<void>
}

type Options = { env?: Record<string, string>; replacements?: Partial<Replacements> }

export async function startTestApp({ env = {}, replacements = {} }: Options = {}): Promise<TestApp> {
  const database = await freshDatabase()
  const fullEnv = {
    LOG_LEVEL: 'silent',
    MASTER_KEYS: `test:${randomBytes(32).toString('base64url')}`,
    MAIL_FROM: 'latchkey@example.com',
    ...database.env,
    ...env,
  }
  const app = await startOn(fullEnv, { clock: testClock(), mailbox: testMailbox(), replacements })
  const { close } = app
  return Object.assign(app, {
    close: async () => {
      await close()
      await database.drop()
    },
  })
}

type Shared = { clock: TestClock; mailbox: TestMailbox; replacements: Partial<Replacements> }

async function startOn(env: Record<string, string>, shared: Shared): Promise<TestApp> {
  const { clock, mailbox, replacements } = shared
  const port = String(await quietPort())
  const site = { PUBLIC_URL: `http://localhost:${port}`, ...env, PORT: port }
  const others: TestApp[] = []
  const open = (extra: Record<string, string> = {}): Promise<App> =>
    createApp({ ...site, ...extra }, { now: clock.now, mailer: mailbox.mailer, ...replacements })
  let app = await open()
  await app.listen()
  const url = new URL(`http://localhost:${port}`)

  const testApp: TestApp = {
    url,
    env: site,
    get services() {
      return app.services
    },
    mailbox,
    clock,
    browser: (userAgent) => visit(url, new URL(site.PUBLIC_URL).origin, userAgent),
    async second(extra = {}) {
      const other = await startOn({ ...site, ...extra }, shared)
      others.push(other)
      return other
    },
    async restart(extra = {}) {
      await app.close()
      app = await open(extra)
      await app.listen()
      // Connections that were kept alive end with the server. One question finds that out, so that no test's does.
      await fetch(new URL('/healthz', url)).then(
        (answer) => answer.text(),
        () => null,
      )
    },
    async close() {
      for (const other of others) await other.close()
      await app.close()
    },
  }
  return testApp
}

function testClock(): TestClock {
  let offset = 0
  return {
    now: () => new Date(Date.now() + offset),
    advance(ms) {
      offset += ms
    },
    set(time) {
      offset = time.getTime() - Date.now()
    },
  }
}

/** Tests that get a server of their own: `test('...', async ({ app }) => { ... })`. */
export const test = base.extend<{ app: TestApp }>({
  // eslint-disable-next-line no-empty-pattern -- vitest reads the fixtures that one needs from this pattern
  app: async ({}, use) => {
    const app = await startTestApp()
    await use(app)
    await app.close()
  },
})
