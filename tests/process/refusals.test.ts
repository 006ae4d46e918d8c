import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freshDatabase, provider } from '../support/databases.ts'
import { endAll, makeBuild, quietPort, run, startedServer } from '../support/process.ts'
import type { Ended } from '../support/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-refusals-'))
beforeAll(makeBuild)
afterEach(endAll)
afterAll(() => rmSync(folder, { recursive: true }))

const key = () => randomBytes(32).toString('base64url')
const start = (env: Record<string, string>) => run('main', { DATA_DIR: folder, ...env }).ended
const doctor = (env: Record<string, string>) => run('doctor-main', { DATA_DIR: folder, ...env }).ended

/** Refused: exit code 1, said in plain words, without a stack. */
function expectRefusal({ code, signal, output }: Ended, ...words: (string | RegExp)[]): void {
  expect({ code, signal }).toEqual({ code: 1, signal: null })
  for (const expected of words) expect(output).toMatch(expected)
  expect(output).not.toMatch(/^\s+at |node:internal|\bcause\b/m)
}

describe('production does not start on what would be unsafe', () => {
  const good = {
    NODE_ENV: 'production',
    MASTER_KEYS: `key1:${key()}`,
    PUBLIC_URL: 'https://login.example.com',
    MAIL_FROM: 'login@example.com',
    SMTP_URL: 'smtp://127.0.0.1:1',
  }

  test('and names all that is missing at once, each with the line that mends it', async () => {
    const ended = await start({ NODE_ENV: 'production', PROCESSES: '2' })
    for (const name of ['MASTER_KEYS', 'PUBLIC_URL', 'POSTMARK_SERVER_TOKEN', 'MAIL_FROM', 'DATABASE_URL', 'REDIS_URL'])
      expectRefusal(ended, new RegExp(`^  ${name}: .*\n    mend: ${name}=`, 'm'))
  })

  test.each([
    ['no master key', { MASTER_KEYS: '' }, /MASTER_KEYS: It is not set/],
    ['no public URL', { PUBLIC_URL: '' }, /PUBLIC_URL: It is not set/],
    ['a public URL that is not https', { PUBLIC_URL: 'http://localhost:4000' }, /PUBLIC_URL: It is not https/],
    ['no mail provider', { SMTP_URL: '' }, /POSTMARK_SERVER_TOKEN: There is no mail provider/],
    [
      'several processes without PostgreSQL',
      { PROCESSES: '2', REDIS_URL: 'redis://127.0.0.1:1' },
      /DATABASE_URL: PROCESSES/,
    ],
    [
      'several processes without Redis',
      { PROCESSES: '2', DATABASE_URL: 'postgres://127.0.0.1:1/x' },
      /REDIS_URL: PROCESSES/,
    ],
  ])('%s', async (_, bad, words) => {
    const ended = await start({ ...good, ...bad })
    expectRefusal(ended, words)
    expect(ended.output.match(/mend:/g)).toHaveLength(1)
    expect((await doctor({ ...good, ...bad })).code).toBe(1)
  })

  test('but it starts on settings that are whole, and then its log is JSON and says where it listens', async () => {
    const server = await startedServer({ ...good, DATA_DIR: join(folder, 'whole'), HOST: '127.0.0.1' })
    const [line = ''] = server
      .output()
      .split('\n')
      .filter((text) => text.includes('server.listening'))
    expect(JSON.parse(line)).toMatchObject({
      event: 'server.listening',
      url: 'https://login.example.com/',
      port: server.port,
    })
    expect(await server.stop()).toMatchObject({ code: 0 })
  })
})

test('a port that is taken is named, and the exit code is 1', async () => {
  const server = await startedServer({ DATA_DIR: folder })
  expectRefusal(await start({ PORT: String(server.port) }), new RegExp(`EADDRINUSE.*:${server.port}\\n  mend: .*PORT`))
  expect(await server.stop()).toMatchObject({ code: 0 })
})

test('another key under the id of the one that the database was begun with is refused, with what to do', async () => {
  const database = await freshDatabase()
  const first = await startedServer({ ...database.env, MASTER_KEYS: `key1:${key()}` })
  await first.stop()
  const wrong = { ...database.env, MASTER_KEYS: `key1:${key()}` }
  const looked = await doctor(wrong)
  expect(looked.output).toMatch(/✗ The key "key1" in MASTER_KEYS/)
  expect(looked.code).toBe(1)
  const ended = await start({ ...wrong, PORT: String(await quietPort()) })
  expectRefusal(
    ended,
    /The key "key1" in MASTER_KEYS is not the one .* Put the right one back, or give the new one another id\./,
  )
  await database.drop()
})

test('a database that cannot be reached is named as such, and its password is not', async () => {
  const ended = await start({ DATABASE_URL: 'postgres://latchkey:c4nary@127.0.0.1:1/latchkey' })
  expectRefusal(ended, /PostgreSQL cannot be reached: .*ECONNREFUSED.*\n  mend: .*DATABASE_URL/)
  expect(ended.output).not.toContain('c4nary')
})

test.runIf(provider === 'postgresql')('a database that is not there is named as such', async () => {
  const url = new URL(process.env['TEST_POSTGRES_URL'] ?? '')
  url.pathname = '/latchkey_that_nobody_made'
  expectRefusal(
    await start({ DATABASE_URL: url.href }),
    /PostgreSQL cannot be reached: .*latchkey_that_nobody_made.*\n  mend: .*DATABASE_URL/,
  )
})

test.each([
  ['a data folder that is a file', { DATA_DIR: join(folder, 'file') }, /file.*\n  mend: .*DATA_DIR/],
  [
    'a database file that is something else',
    { DATABASE_URL: `file:${join(folder, 'file')}` },
    /not a database\n  mend: .*DATABASE_URL/,
  ],
])('%s is named, with what to do', async (_, env, words) => {
  writeFileSync(join(folder, 'file'), 'Shopping: bread, milk.\n'.repeat(100))
  expectRefusal(await run('main', { PORT: String(await quietPort()), ...env }).ended, words)
})

describe('the doctor', () => {
  test('says that all is well, prints the limits in force, and ends with 0', async () => {
    const database = await freshDatabase()
    const { code, output } = await doctor(database.env)
    expect(output).toMatch(/Limits in force[\s\S]*requestMagicLink\.address +300 +1h/)
    expect(output).not.toContain('✗')
    expect(code).toBe(0)
    await database.drop()
  })

  test('says what is wrong, and ends with 1', async () => {
    const { code, output } = await doctor({ PORT: 'none', DATABASE_URL: 'mysql://127.0.0.1/x' })
    expect(output).toMatch(/✗ PORT: [\s\S]*✗ DATABASE_URL: /)
    expect(code).toBe(1)
  })

  test('reads the .env beside it, as a start does', async () => {
    writeFileSync(join(folder, '.env'), 'PORT=none\n')
    const env = { DATA_DIR: folder }
    const [looked, started] = [await run('doctor-main', env, folder).ended, await run('main', env, folder).ended]
    rmSync(join(folder, '.env'))
    expect(looked.output).toMatch(/✗ PORT: /)
    expectRefusal(started, /PORT: /)
  })
})
