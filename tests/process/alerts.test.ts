import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { codeOf, readStream } from '../features/alerts/support.ts'
import { freshDatabase, provider } from '../support/databases.ts'
import type { TestDatabase } from '../support/databases.ts'
import { VERIFY } from '../support/people.ts'
import { endAll, makeBuild, mailIn, quietPort, startServer } from '../support/process.ts'
import type { ServerProcess } from '../support/process.ts'
import { granted } from './deeds.ts'
import { linkFrom, signInAt } from './sign-in-at.ts'

beforeAll(makeBuild)

let database: TestDatabase
beforeEach(async () => {
  database = await freshDatabase()
})
afterEach(async () => {
  await endAll()
  await database.drop()
})

async function startSome(count: 1 | 2): Promise<readonly [ServerProcess, ServerProcess, string]> {
  const ports = [await quietPort(), await quietPort()] as const
  const origin = `http://localhost:${ports[0]}`
  const env = { ...database.env, PROCESSES: String(count), PUBLIC_URL: origin, LOG_LEVEL: 'warn' }
  const one = startServer(env, ports[0])
  const two = count === 2 ? startServer(env, ports[1]) : one
  await Promise.all([one.ready, two.ready])
  return [one, two, origin]
}

/** Signs in at a server by another browser: its owner is warned of a new device. Gives that browser. */
async function signInElsewhere(server: ServerProcess, email: string) {
  const browser = server.browser()
  const token = await linkFrom(server, email, browser, 2)
  granted(await browser.graphql(VERIFY, { token }))
  return browser
}

async function tellsOfNewDevice([reading, raising, origin]: readonly [ServerProcess, ServerProcess, string]) {
  const ada = await signInAt(reading, 'ada@example.com')
  const reader = await readStream(ada.browser, reading.url, origin)
  const elsewhere = await signInElsewhere(raising, 'ada@example.com')
  // Sooner than the stream looks by itself: it was woken.
  const part = await soon(reader.next())
  expect(part.value).toMatchObject({ data: { securityAlert: { kind: 'login.new-device' } } })
  expect((await mailIn(reading, 'ada@example.com', 3)).text).toContain('/auth/not-me#')
  return { ada, reader, elsewhere }
}

function soon<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('No alert within 8 seconds.')), 8_000)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

const inAll = async (servers: readonly ServerProcess[]) => {
  for (const server of new Set(servers)) expect((await server.stop()).output).not.toMatch(/ERROR|WARN/)
}

describe.runIf(provider === 'sqlite')('one process on SQLite', () => {
  test('an alert reaches its reader, and a stop ends the stream at once', async () => {
    const some = await startSome(1)
    const { reader } = await tellsOfNewDevice(some)
    const before = performance.now()
    const ends = reader.next()
    await inAll([some[0]])
    expect(performance.now() - before).toBeLessThan(5_000)
    expect((await ends).done).toBe(true)
  })
})

describe.runIf(provider === 'postgresql' && process.env['TEST_REDIS_URL'])(
  'two processes on PostgreSQL and Redis',
  () => {
    test('an alert that the other process raised reaches its reader', async () => {
      const some = await startSome(2)
      const { reader } = await tellsOfNewDevice(some)
      reader.leave()
      await inAll([some[0], some[1]])
    })

    test('S2: a session that the other process revokes ends its stream at once', async () => {
      const some = await startSome(2)
      const { ada, reader, elsewhere } = await tellsOfNewDevice(some)
      granted(await elsewhere.graphql('mutation ($id: ID!) { revokeSession(id: $id) { id } }', { id: ada.sessionId }))
      const before = performance.now()
      expect(codeOf(await reader.next())).toBe('UNAUTHENTICATED')
      expect(performance.now() - before).toBeLessThan(5_000) // and not only when the stream looks by itself
      expect((await reader.next()).done).toBe(true)
      await inAll([some[0], some[1]])
    })
  },
)
