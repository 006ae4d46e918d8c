import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PrismaClient } from '../../../src/generated/sqlite/client.ts'
import { createLock } from '../../../src/platform/db/lock.ts'
import { migrateSqlite } from '../../../src/platform/db/migrate-sqlite.ts'
import { readMigrations } from '../../../src/platform/db/migrations.ts'
import { openSqlite, type Sqlite } from '../../../src/platform/db/sqlite.ts'

let folder: string
let sqlite: Sqlite
let db: PrismaClient

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'latchkey-lock-'))
  const file = path.join(folder, 'data', 'latchkey.db')
  migrateSqlite(file, readMigrations('sqlite'))
  sqlite = await openSqlite(file)
  db = new PrismaClient({ adapter: sqlite.adapter, transactionOptions: { maxWait: 5000, timeout: 5000 } })
})

afterEach(async () => {
  await db.$disconnect()
  sqlite.close()
  fs.rmSync(folder, { recursive: true })
})

const emails = async () => (await db.user.findMany({ orderBy: { email: 'asc' } })).map(({ email }) => email)
const setName = (displayName: string) => db.user.update({ where: { email: 'ann@x.test' }, data: { displayName } })

describe('a statement beside an open transaction', () => {
  test('reads what has been committed, and does not wait for the transaction', async () => {
    await db.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 'ann@x.test' } })
      expect(await tx.user.count()).toBe(1)
      expect(await db.user.count()).toBe(0)
      expect(sqlite.read({ name: 'count', text: 'SELECT count(*) AS n FROM users' }, [])).toEqual([{ n: 0 }])
    })
    expect(await db.user.count()).toBe(1)
  })

  test('is not undone by the rollback of the transaction', async () => {
    let acknowledged: Promise<unknown> = Promise.resolve()
    const transaction = db.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 'ann@x.test' } })
      acknowledged = db.user.create({ data: { email: 'bob@x.test' } })
      acknowledged.catch(() => {})
      await tx.user.count()
      throw new Error('changed my mind')
    })
    await expect(transaction).rejects.toThrow('changed my mind')
    await acknowledged
    expect(await emails()).toEqual(['bob@x.test'])
  })

  test('writes after it, in the order of asking', async () => {
    const order: string[] = []
    const writes: Promise<unknown>[] = []
    const insert = async (name: string) => {
      await sqlite.insertRows('INSERT INTO server_facts (name, value) VALUES (?, ?)', [[name, '']])
      order.push(name)
    }
    await db.$transaction(async (tx) => {
      writes.push(insert('second'), insert('third'))
      await tx.serverFact.create({ data: { name: 'first', value: '' } })
      order.push('first')
    })
    await Promise.all(writes)
    expect(order).toEqual(['first', 'second', 'third'])
  })
})

describe('the turn to write is given on', () => {
  const writesAgain = async () => {
    await db.user.upsert({ where: { email: 'zoe@x.test' }, create: { email: 'zoe@x.test' }, update: {} })
    expect(await emails()).toContain('zoe@x.test')
  }

  test('when a statement in the transaction fails', async () => {
    await db.user.create({ data: { email: 'ann@x.test' } })
    const failing = db.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 'bob@x.test' } })
      await tx.user.create({ data: { email: 'ann@x.test' } })
    })
    await expect(failing).rejects.toMatchObject({ code: 'P2002' })
    expect(await emails()).toEqual(['ann@x.test'])
    await writesAgain()
  })

  test('when the commit fails', async () => {
    const failing = db.$transaction(async (tx) => {
      await tx.$executeRawUnsafe('PRAGMA defer_foreign_keys = ON')
      await tx.recordUsage.create({ data: { userId: 'nobody' } })
    })
    await expect(failing).rejects.toThrow()
    expect(await db.recordUsage.count()).toBe(0)
    await writesAgain()
  })

  test('when the transaction takes too long, and what it does later changes nothing', async () => {
    let late: Promise<unknown> = Promise.resolve()
    const slow = db.$transaction(
      async (tx) => {
        await tx.user.create({ data: { email: 'ann@x.test' } })
        await setName('waits for itself').catch(() => {}) // a mistake that no lock can save from, but for the timeout
        late = tx.user.create({ data: { email: 'bob@x.test' } })
        await late
      },
      { timeout: 100 },
    )
    await expect(slow).rejects.toMatchObject({ code: 'P2028' })
    await expect(late).rejects.toMatchObject({ code: 'P2028' })
    expect(await emails()).toEqual([])
    await writesAgain()
  })

  test('when a transaction gave up waiting before its turn came', async () => {
    let impatient: Promise<unknown> = Promise.resolve()
    await db.$transaction(async (tx) => {
      impatient = db.$transaction((other) => other.user.create({ data: { email: 'bob@x.test' } }), { maxWait: 20 })
      await expect(impatient).rejects.toMatchObject({ code: 'P2028' })
      await tx.user.create({ data: { email: 'ann@x.test' } })
    })
    expect(await emails()).toEqual(['ann@x.test'])
    await writesAgain()
  })

  test('when SQLite has ended the transaction by itself: the rest of it does not run', async () => {
    const broken = db.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 'ann@x.test' } })
      await tx
        .$executeRawUnsafe('INSERT OR ROLLBACK INTO users (id, email) SELECT id, email FROM users')
        .catch(() => {})
      await tx.user.create({ data: { email: 'bob@x.test' } })
    })
    await expect(broken).rejects.toThrow()
    expect(await emails()).toEqual([])
    await writesAgain()
  })

  test('when a batch of rows cannot be inserted: none of them is', async () => {
    const text = 'INSERT INTO server_facts (name, value) VALUES (?, ?)'
    await expect(
      sqlite.insertRows(text, [
        ['a', '1'],
        ['b', null],
      ]),
    ).rejects.toThrow('NOT NULL')
    expect(await db.serverFact.count()).toBe(0)
    await writesAgain()
  })

  test('when the database is closed: who still waits is refused', async () => {
    let waiting: Promise<unknown> = Promise.resolve()
    const open = db.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 'ann@x.test' } })
      waiting = setName('too late')
      waiting.catch(() => {})
      sqlite.close()
      await tx.user.count()
    })
    await expect(open).rejects.toThrow()
    await expect(waiting).rejects.toThrow()
  })
})

test('a hundred transactions that read and then write lose no update', async () => {
  await db.user.create({ data: { id: 'ann', email: 'ann@x.test' } })
  await db.recordUsage.create({ data: { userId: 'ann' } })
  const addOne = () =>
    db.$transaction(async (tx) => {
      const { count } = await tx.recordUsage.findUniqueOrThrow({ where: { userId: 'ann' } })
      await tx.recordUsage.update({ where: { userId: 'ann' }, data: { count: count + 1 } })
    })
  await Promise.all(Array.from({ length: 100 }, addOne))
  expect(await db.recordUsage.findFirst()).toMatchObject({ count: 100 })
})

test('the lock is given to whom asked first, and a second release changes nothing', async () => {
  const lock = createLock()
  const order: number[] = []
  const release = await lock.take()
  const waiting = [1, 2, 3].map((n) => lock.hold(() => void order.push(n)))
  expect(order).toEqual([])
  release()
  release()
  await Promise.all(waiting)
  expect(order).toEqual([1, 2, 3])
})

test('the file commits to the disk, keeps foreign keys, and is for its owner alone', async () => {
  const [row] = await db.$queryRawUnsafe<Record<string, unknown>[]>('PRAGMA synchronous')
  expect(Number(row?.['synchronous'])).toBe(2)
  const [mode] = await db.$queryRawUnsafe<Record<string, unknown>[]>('PRAGMA journal_mode')
  expect(mode).toEqual({ journal_mode: 'wal' })
  await expect(db.recordUsage.create({ data: { userId: 'nobody' } })).rejects.toMatchObject({ code: 'P2003' })
  expect(fs.statSync(path.join(folder, 'data')).mode & 0o077).toBe(0)
  for (const file of fs.readdirSync(path.join(folder, 'data'))) {
    expect(fs.statSync(path.join(folder, 'data', file)).mode & 0o077, file).toBe(0)
  }
})
