import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLog } from '../../../src/platform/log.ts'
import { startTestApp } from '../../support/app.ts'
import type { TestApp } from '../../support/app.ts'
import type { Visitor } from '../../support/browser-like.ts'
import { signIn } from '../../support/people.ts'
import { made, newId, read, rowId, update } from './support.ts'

const PLAIN = 'the plain text of a secret'

let app: TestApp
let log: string[]
beforeAll(async () => {
  log = []
  const replacements = { log: openLog({ level: 'debug', pretty: false }, { write: (line) => log.push(line) }) }
  app = await startTestApp({ replacements })
})
afterAll(() => app.close())

const records = () => app.services.database.systemDb.record
const rowOf = (userId: string, id: string) => ({ where: { userId_id: { userId: rowId(userId), id: rowId(id) } } })

/** That a record's secret cannot be read, that the answer says nothing of why, and that the log knows. */
async function expectUnreadable(browser: Visitor, id: string): Promise<void> {
  const { data, errors, code } = await read(browser, id)
  expect(code).toBe('INTERNAL')
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatchObject({ message: 'Unexpected error.', path: ['record', 'secret'] })
  expect(Object.keys(errors[0]?.extensions ?? {}).sort()).toEqual(['code', 'errorId'])
  expect(data?.record).toMatchObject({ id, secret: null })
  const line = log.find((entry) => entry.includes(String(errors[0]?.extensions['errorId'])))
  expect(line).toBeDefined()
  expect(JSON.stringify([data, errors, line])).not.toContain(PLAIN)
}

describe('a secret at rest', () => {
  test('is sealed: nothing of it stands in the row, and equal secrets look different', async () => {
    const { browser, userId } = await signIn(app)
    const ids = [(await made(browser, { secret: PLAIN })).id, (await made(browser, { secret: PLAIN })).id]
    const rows = await Promise.all(ids.map((id) => records().findUniqueOrThrow(rowOf(userId, id))))

    for (const row of rows) {
      expect(row.secretSealed).toMatch(/^v1\.test\.[A-Za-z0-9_-]+$/)
      const stored = Buffer.concat([
        Buffer.from(JSON.stringify(row)),
        Buffer.from(row.secretSealed?.split('.')[2] ?? '', 'base64url'),
      ])
      for (const form of ['utf8', 'hex', 'base64', 'base64url'] as const)
        expect(stored.includes(Buffer.from(PLAIN).toString(form))).toBe(false)
    }
    expect(rows[0]?.secretSealed).not.toBe(rows[1]?.secretSealed)
  })

  test('a write of another field leaves the sealed text as it is', async () => {
    const { browser, userId } = await signIn(app)
    const { id } = await made(browser, { secret: PLAIN })
    const before = await records().findUniqueOrThrow(rowOf(userId, id))
    await update(browser, { id, revision: 1, title: 'new' })

    expect((await records().findUniqueOrThrow(rowOf(userId, id))).secretSealed).toBe(before.secretSealed)
  })

  test('it opens in its own place alone: not in another record, nor for another user', async () => {
    const [owner, other] = [await signIn(app), await signIn(app)]
    const id = newId()
    await made(owner.browser, { id, secret: PLAIN })
    const elsewhere = await made(owner.browser, { secret: 'mine' })
    await made(other.browser, { id, secret: 'theirs' })
    const { secretSealed } = await records().findUniqueOrThrow(rowOf(owner.userId, id))

    await records().update({ ...rowOf(owner.userId, elsewhere.id), data: { secretSealed } })
    await expectUnreadable(owner.browser, elsewhere.id)
    await records().update({ ...rowOf(other.userId, id), data: { secretSealed } })
    await expectUnreadable(other.browser, id)
    expect((await read(owner.browser, id)).data?.record?.secret).toBe(PLAIN)
  })

  test('damaged, cut short, of another form or of another key, it does not open', async () => {
    const { browser, userId } = await signIn(app)
    const { id } = await made(browser, { secret: PLAIN })
    const sealed = (await records().findUniqueOrThrow(rowOf(userId, id))).secretSealed ?? ''
    const flipped = sealed.slice(0, -3) + (sealed.at(-3) === 'A' ? 'B' : 'A') + sealed.slice(-2)
    const damaged = [
      flipped,
      sealed.slice(0, -4),
      sealed.slice(0, 20),
      '',
      PLAIN,
      JSON.stringify(PLAIN),
      sealed.replace('v1', 'v0'),
      sealed.replace('test', 'other'),
    ]
    for (const secretSealed of damaged) {
      await records().update({ ...rowOf(userId, id), data: { secretSealed } })
      await expectUnreadable(browser, id)
    }
  })

  test('a secret that cannot be opened takes no other record of its page with it', async () => {
    const { browser, userId } = await signIn(app)
    const { id } = await made(browser, { secret: PLAIN })
    await made(browser, { secret: 'good' })
    await records().update({ ...rowOf(userId, id), data: { secretSealed: 'v1.test.AAAA' } })
    const { data, errors } = await browser.graphql('{ records { edges { node { secret } } } }')

    expect(data).toEqual({ records: { edges: [{ node: { secret: 'good' } }, { node: { secret: null } }] } })
    expect(errors).toHaveLength(1)
  })
})

describe('a change of the master keys', () => {
  test('what an old key sealed still opens while it is named, and what is written is sealed under the new one', async () => {
    const server = await startTestApp()
    try {
      const { browser, userId } = await signIn(server)
      const { id } = await made(browser, { secret: PLAIN })
      const newKey = `new:${randomBytes(32).toString('base64url')}`
      await server.restart({ MASTER_KEYS: `${newKey},${server.env['MASTER_KEYS']}` })

      expect((await read(browser, id)).data?.record?.secret).toBe(PLAIN)
      await update(browser, { id, revision: 1, secret: 'again' })
      const row = await server.services.database.systemDb.record.findUniqueOrThrow(rowOf(userId, id))
      expect(row.secretSealed).toMatch(/^v1\.new\./)
      expect((await read(browser, id)).data?.record?.secret).toBe('again')
    } finally {
      await server.close()
    }
  })
})
