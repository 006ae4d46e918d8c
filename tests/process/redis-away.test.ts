import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freshDatabase } from '../support/databases.ts'
import { REQUEST } from '../support/people.ts'
import { endAll, makeBuild, quietPort, read, startServer } from '../support/process.ts'
import type { ServerProcess } from '../support/process.ts'
import { contentAt, granted } from './deeds.ts'
import { signInAt } from './sign-in-at.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-redis-'))
const started: ChildProcess[] = []
beforeAll(makeBuild)
afterEach(async () => {
  await endAll()
  for (const redis of started.splice(0)) redis.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true }))

const CREATE = 'mutation ($data: JSON!) { createRecord(input: { collection: "notes", data: $data }) { id } }'

test.skipIf(withoutRedis())(
  'while Redis is away reads and writes go on and mails do not; when it comes back all is well',
  async () => {
    const database = await freshDatabase()
    const port = await quietPort()
    const server = startServer(
      { ...database.env, REDIS_URL: `redis://127.0.0.1:${port}`, LOG_LEVEL: 'info' },
      await quietPort(),
    )

    // Away at the start: the server starts, and says what it lacks.
    await server.listening
    await expectAway(server)
    expect(granted(await server.browser().graphql('{ me { id } }')).data).toEqual({ me: null })

    const redis = startRedis(port)
    await readyzSays(server, 'ready')
    const { browser } = await signInAt(server, 'first@example.com')
    const write = () => browser.graphql(CREATE, { data: contentAt(1) })
    granted(await write())

    // Away in the middle of work.
    redis.kill('SIGKILL')
    await once(redis, 'close')
    await expectAway(server)
    granted(await write())
    const { data } = granted(await browser.graphql('{ me { email } records { totalCount } }'))
    expect(data).toEqual({ me: { email: 'first@example.com' }, records: { totalCount: 2 } })

    startRedis(port)
    await readyzSays(server, 'ready')
    granted(await write())
    await signInAt(server, 'second@example.com')

    const { code, output } = await server.stop()
    expect(code).toBe(0)
    expect(output.match(/redis\.away/g)).toHaveLength(2) // told once for each time, not for each try
    expect(output.match(/redis\.back/g)).toHaveLength(2)
    await database.drop()
  },
)

async function expectAway(server: ServerProcess): Promise<void> {
  await readyzSays(server, 'not ready: redis')
  const { code } = await server.browser().graphql(REQUEST, { email: 'nobody@example.com' })
  expect(code).toBe('UNAVAILABLE')
}

async function readyzSays(server: ServerProcess, expected: string): Promise<void> {
  while ((await read(new URL('/readyz', server.url))).text !== expected) await delay(20)
}

function startRedis(port: number): ChildProcess {
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], {
    stdio: 'ignore',
  })
  started.push(redis)
  return redis
}

function withoutRedis(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return false
  console.warn('\n!!! LEFT OUT: what happens while Redis is away. Install redis-server. !!!\n')
  return true
}
