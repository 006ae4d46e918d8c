import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bindToOwner } from '../../../src/platform/db/bind-to-owner.ts'
import type { AccessLog } from '../../../src/platform/db/types.ts'
import { providers } from './fresh-database.ts'
import { call, giveRows, type Row } from './support/rows.ts'
import { openWorld, recordAccesses, type Client, type World } from './support/world.ts'

const ANN = 'ann'
const BOB = 'robert'

describe.each(providers)('the scoped client on %s', (provider) => {
  let world: World
  let db: Client

  beforeAll(async () => {
    world = await openWorld(provider, 2)
    await giveRows(world, BOB)
  })
  beforeEach(async () => {
    await giveRows(world, ANN)
    db = world.as(ANN)
  })
  afterAll(() => world.close())

  const lines = async () =>
    (await call(world.server, 'auditEntry', 'findMany', { where: { action: { contains: '.' } } })) as Row[]
  const notes = (operation: string, args?: unknown, client = db) => call(client, 'note', operation, args)

  describe('D1: has nothing but owned models', () => {
    test.each(['$queryRaw', '$queryRawUnsafe', '$executeRaw', '$executeRawUnsafe', '$extends', '$on', '$connect', '$disconnect', 'user', 'magicLink', 'serverFact', 'unknown', '$parent', '_engine', 'constructor'])(
      '%s is refused by its name', (name) => {
        expect(() => (db as Row)[name]).toThrow(`There is no \`db.${name}\``)
        expect(name in db).toBe(false)
      }) // prettier-ignore

    test('its delegates have the known operations alone, and do not lead back to the client', () => {
      expect(() => db['note']?.['$parent']).toThrow(/no `db\.note\.\$parent`/)
      expect(() => db['note']?.['findRaw']).toThrow(/no `db\.note\.findRaw`/)
    })

    test('it cannot be changed, and is no promise', async () => {
      expect(Reflect.set(db, 'note', {})).toBe(false)
      expect(Reflect.deleteProperty(db, 'note')).toBe(false)
      expect(await Promise.resolve(db)).toBe(db)
      expect('record' in db && '$transaction' in db).toBe(true)
    })

    test('a list of queries is no transaction', async () => {
      await expect(Reflect.apply(Reflect.get(db, '$transaction') as () => Promise<void>, db, [[]])).rejects.toThrow(
        /takes a function/,
      )
    })

    test('nobody is no user', () => {
      expect(() => world.as('')).toThrow(/needs a user/)
    })

    const throughUser: Row[] = [
      { include: { user: true } }, { select: { user: { select: { email: true } } } }, { where: { user: { email: { contains: '' } } } },
      { where: { OR: [{ NOT: { user: { is: {} } } }] } }, { orderBy: { user: { email: 'asc' } } }, { include: { folder: { include: { user: true } } } },
      { where: { folder: { user: { id: ANN } } } }, { include: { folder: { select: { notes: { where: { user: {} } } } } } },
      { include: { folder: { select: { notes: { cursor: { id: 'x' } } } } } }, { where: { nobody: 1 } }, { rejectOnNotFound: true },
    ] // prettier-ignore
    test.each(throughUser)('a server model is out of reach through %j', async (args) => {
      await expect(notes('findMany', args)).rejects.toThrow(/scoped client (refuses|does not know)/)
    })

    const nested: Row[] = [
      { folder: { connect: { userId_id: { userId: BOB, id: 'Folder-robert-1' } } } }, { folder: { create: { name: 'n' } } }, { folder: { disconnect: true } },
      { user: { connect: { id: BOB } } }, { userId: BOB }, { userId: { set: BOB } }, JSON.parse('{"__proto__": {"folder": {"disconnect": true}}}') as Row,
      Object.create({ folder: { disconnect: true } }) as Row,
    ] // prettier-ignore
    test.each(nested)('a write through a relation, or to another user, is refused: %j', async (data) => {
      const row = Object.assign(Object.create(Object.getPrototypeOf(data) as object) as Row, data, {
        slug: 'new',
        body: '',
      })
      if (Object.hasOwn(data, '__proto__'))
        Object.defineProperty(row, '__proto__', { value: data['__proto__'], enumerable: true })
      await expect(notes('update', { where: { id: 'Note-ann-1' }, data })).rejects.toThrow(/scoped client refuses/)
      await expect(notes('create', { data: row })).rejects.toThrow(/scoped client refuses/)
      await expect(notes('createMany', { data: [{ slug: 'first', body: '' }, row] })).rejects.toThrow(
        /scoped client refuses/,
      )
      await expect(notes('upsert', { where: { slug: 'new' }, create: row, update: {} })).rejects.toThrow(
        /scoped client refuses/,
      )
    })

    test('what binds a call refuses what has no user, no owner, is unknown, or would be batched', () => {
      const bind = (name: string, operation: string, userId = ANN) => {
        const model = world.models.get(name)
        if (!model) throw new Error(`No model ${name}.`)
        return bindToOwner(world.models, model, operation, {}, userId)
      }
      expect(() => bind('Note', 'findMany', '')).toThrow('No user')
      expect(() => bind('User', 'findMany')).toThrow('User: it is not owned')
      for (const operation of ['findUnique', 'findUniqueOrThrow', 'findRaw', 'aggregateRaw', 'toString', '__proto__']) {
        expect(() => bind('Note', operation)).toThrow(`refuses the operation ${operation}`)
      }
      expect(bind('Note', 'findMany')).toEqual({ where: { userId: ANN } })
    })

    class Odd {
      toJSON() {
        return { user: { email: { contains: '' } } }
      }
    }
    test.each([
      ['where', new Odd()],
      ['where', { AND: [new Odd()] }],
      ['where', Object.create({ userId: BOB })],
      ['where', { folder: { is: new Odd() } }],
      ['orderBy', [new Odd()]],
      ['cursor', new Odd()],
    ])('%s may hold plain objects alone', async (name, value) => {
      await expect(notes('findMany', { [name]: value as unknown })).rejects.toThrow(/not plain objects/)
    })
  })

  describe('D3: in one turn of the event loop', () => {
    test('findUnique of several users finds each one’s own, in every shape', async () => {
      const clients = [ANN, BOB, ANN, BOB]
      const shapes: Row[] = [
        {},
        { select: { body: true } },
        { select: { folder: { select: { name: true, notes: { select: { body: true } } } } } },
        { include: { folder: true } },
      ]
      for (const shape of shapes) {
        const found = await Promise.all(clients.flatMap((me) => [ANN, BOB].map((owner) =>
          call(world.as(me), 'note', 'findUnique', { where: { userId_slug: { userId: owner, slug: `private-${owner}-slug-1` } }, ...shape })))) // prettier-ignore
        const expected = clients.flatMap((me) => [ANN, BOB].map((owner) => (me === owner ? owner : null)))
        expect(found.map((row) => (row ? /private-(\w+)-/.exec(JSON.stringify(row))?.[1] : null))).toEqual(expected)
      }
    })
  })

  describe('D4: a unique read', () => {
    test.each([{}, { id: undefined }, { id: null }, { id: { not: '' } }, { userId_slug: { userId: ANN } }, { userId_slug: null }, { body: 'private-ann-body-1' }])(
      'needs a whole key of plain values: %j', async (where) => {
        await expect(notes('findUnique', { where })).rejects.toThrow(/needs one of its keys|given whole/)
        await expect(notes('findUniqueOrThrow', { where })).rejects.toThrow(/needs one of its keys|given whole/)
      }) // prettier-ignore

    test('keeps the conditions beside the key, and throws like Prisma where nothing is there', async () => {
      const key = { userId_slug: { userId: ANN, slug: 'private-ann-slug-1' } }
      expect(await notes('findUnique', { where: { ...key, size: 3001 } })).toMatchObject({ id: 'Note-ann-1' })
      expect(await notes('findUnique', { where: { ...key, size: 1 } })).toBeNull()
      await expect(notes('findUniqueOrThrow', { where: { id: 'Note-robert-1' } })).rejects.toMatchObject({
        code: 'P2025',
      })
    })
  })

  describe('D1: the security log', () => {
    const entry = { id: 'mine', action: 'mine', timestamp: new Date(0) }

    test('takes rows of the user’s own, and they are not logged in turn', async () => {
      const log = recordAccesses()
      await call(world.as(ANN, 'all', log), 'auditEntry', 'createMany', { data: [entry] })
      await world
        .as(ANN, 'all', log)
        .$transaction((tx) => call(tx, 'auditEntry', 'create', { data: { ...entry, id: 'mine too' } }))
      expect(await call(world.server, 'auditEntry', 'findUnique', { where: { id: 'mine' } })).toMatchObject({
        userId: ANN,
      })
      expect(log.accesses).toEqual([])
    })

    test.each(['update', 'updateMany', 'updateManyAndReturn', 'upsert', 'delete', 'deleteMany'])(
      '%s is refused',
      async (operation) => {
        const args = {
          where: { id: 'AuditEntry-ann-1' },
          ...(operation.startsWith('delete') ? {} : { data: { action: 'x' } }),
        }
        await expect(call(db, 'auditEntry', operation, args)).rejects.toThrow(/its rows are only added/)
        await expect(db.$transaction((tx) => call(tx, 'auditEntry', operation, args))).rejects.toThrow(
          /its rows are only added/,
        )
      },
    )
  })

  describe('tells of each access', () => {
    const told = async (run: (client: Client) => Promise<unknown>) => {
      const log = recordAccesses()
      const answer = await run(world.as(ANN, 'all', log))
      return { answer, accesses: log.accesses.map(({ table, kind, ids, count }) => ({ table, kind, ids, count })) }
    }
    const both = ['Note-ann-1', 'Note-ann-2']

    test.each([{}, { select: { body: true } }, { omit: { id: true, size: true } }, { select: { id: true } }])(
      'a read names its rows, asked for or not: %j',
      async (args) => {
        const { answer, accesses } = await told((client) =>
          notes('findMany', { ...args, orderBy: { id: 'asc' } }, client),
        )
        expect(accesses).toEqual([{ table: 'notes', kind: 'read', ids: both, count: 2 }])
        expect(Object.keys((answer as Row[])[0] ?? {}).sort()).toEqual(
          Object.keys(((await notes('findMany', args, world.server)) as Row[])[0] ?? {}).sort(),
        )
      },
    )

    test('rows that come through a relation are read, too', async () => {
      const { answer, accesses } = await told((client) =>
        call(client, 'folder', 'findFirst', {
          where: { id: 'Folder-ann-1' },
          select: { notes: { select: { size: true }, orderBy: { id: 'asc' } }, _count: { select: { children: true } } },
        }),
      )
      expect(answer).toEqual({ notes: [{ size: 3001 }, { size: 3002 }], _count: { children: 1 } })
      expect(accesses).toEqual([
        { table: 'folders', kind: 'read', ids: ['Folder-ann-1'], count: 1 },
        { table: 'notes', kind: 'read', ids: both, count: 2 },
        { table: 'folders', kind: 'read', ids: [], count: 1 },
      ])
    })

    test.each([
      ['count', {}, 2], ['count', { select: { _all: true } }, { _all: 2 }],
      ['aggregate', { _sum: { size: true } }, { _sum: { size: 6003 } }], ['aggregate', { _count: true }, { _count: 2 }],
      ['aggregate', { _count: { id: true } }, { _count: { id: 2 } }], ['aggregate', { _count: { _all: true } }, { _count: { _all: 2 } }],
    ])('%s %j answers as Prisma does, and says how many rows were reached', async (operation, args, expected) => {
      const { answer, accesses } = await told((client) => notes(operation, args, client))
      expect(answer).toEqual(expected)
      expect(accesses).toEqual([{ table: 'notes', kind: 'read', ids: [], count: 2 }])
    }) // prettier-ignore

    const row = { slug: 'new', body: 'b', id: 'new' }
    test.each([
      ['create', { data: row, select: { body: true } }, { body: 'b' }, 'created', ['new']],
      ['createMany', { data: [row, { ...row, id: 'n2', slug: 'n2' }] }, { count: 2 }, 'created', ['new', 'n2']],
      ['update', { where: { id: 'Note-ann-1' }, data: { size: 1 }, select: { size: true } }, { size: 1 }, 'updated', ['Note-ann-1']],
      ['updateMany', { data: { size: { increment: 1 } } }, { count: 2 }, 'updated', both],
      ['updateManyAndReturn', { data: { size: 5 }, select: { size: true } }, [{ size: 5 }, { size: 5 }], 'updated', both],
      ['upsert', { where: { id: 'new' }, create: row, update: {}, select: { slug: true } }, { slug: 'new' }, 'updated', ['new']],
      ['delete', { where: { id: 'Note-ann-2' }, select: { size: true } }, { size: 3002 }, 'deleted', ['Note-ann-2']],
      ['deleteMany', { where: { size: { gt: 0 } } }, { count: 2 }, 'deleted', both],
      ['deleteMany', { where: { size: { gt: 0 } }, limit: 1 }, { count: 1 }, 'deleted', [expect.any(String)]],
    ])('%s %j answers as Prisma does, and names its rows', async (operation, args, expected, kind, ids) => {
      const { answer, accesses } = await told((client) => notes(operation, args, client))
      expect(answer).toEqual(expected)
      expect(accesses.map((access) => ({ ...access, ids: [...access.ids].sort() }))).toEqual([{ table: 'notes', kind, ids: [...ids].sort(), count: ids.length }])
    }) // prettier-ignore

    test('of very many deleted rows it tells the number alone', async () => {
      const data = Array.from({ length: 501 }, (_, index) => ({ slug: `many-${index}`, body: 'many', userId: ANN }))
      await notes('createMany', { data }, world.server)
      const { answer, accesses } = await told((client) => notes('deleteMany', { where: { body: 'many' } }, client))
      expect(answer).toEqual({ count: 501 })
      expect(accesses).toEqual([{ table: 'notes', kind: 'deleted', ids: [], count: 501 }])
    })

    test('a write that reaches nothing leaves no line', async () => {
      const before = await lines()
      await notes('updateMany', { where: { id: 'none' }, data: { size: 1 } })
      await notes('deleteMany', { where: { id: 'Note-robert-1' } })
      await expect(notes('update', { where: { id: 'none' }, data: { size: 1 } })).rejects.toMatchObject({
        code: 'P2025',
      })
      expect(await lines()).toEqual(before)
    })
  })

  describe('the line of a write is in the write’s transaction', () => {
    test('both are there, or neither', async () => {
      const before = await lines()
      await notes('update', { where: { id: 'Note-ann-1' }, data: { size: 7 } })
      const [line, ...more] = (await lines()).filter(({ id }) => !before.some((old) => old['id'] === id))
      expect([line, more]).toMatchObject([{ userId: ANN, action: 'Note.updated' }, []])

      const halfway = db.$transaction(async (tx) => {
        await notes('update', { where: { id: 'Note-ann-1' }, data: { size: 8 } }, tx)
        throw new Error('stop')
      })
      await expect(halfway).rejects.toThrow('stop')
      expect(await notes('findUnique', { where: { id: 'Note-ann-1' } })).toMatchObject({ size: 7 })
      expect(await lines()).toHaveLength(before.length + 1)
    })

    test('the steps of a transaction see what they wrote, and nobody else sees it before the end', async () => {
      const size = await db.$transaction(async (tx) => {
        await notes('updateMany', { data: { size: 9 } }, tx)
        expect(await notes('count', { where: { size: 9 } })).toBe(0)
        return notes('count', { where: { size: 9 } }, tx)
      })
      expect(size).toBe(2)
    })

    const failing: Record<string, AccessLog['wrote']> = {
      'a line that the database refuses': ({ model }) => ({
        id: 'AuditEntry-ann-1',
        action: model,
        timestamp: new Date(0),
      }),
      'a log that throws': () => {
        throw new Error('no log')
      },
    }
    test.each(Object.keys(failing))('%s undoes the write', async (name) => {
      const client = world.as(ANN, 'all', { read: () => {}, wrote: failing[name] ?? (() => null) })
      await expect(notes('create', { data: { slug: 'unlogged', body: '' } }, client)).rejects.toThrow()
      await expect(client.$transaction((tx) => notes('deleteMany', {}, tx))).rejects.toThrow()
      expect(await call(world.server, 'note', 'count', { where: { userId: ANN } })).toBe(2)
      expect(await call(world.server, 'note', 'count', { where: { slug: 'unlogged' } })).toBe(0)
    })

    test('a line is the user’s, whatever the log says', async () => {
      const line = { id: 'forged', action: 'Note.forged', userId: BOB, timestamp: new Date(0) }
      await notes('updateMany', { data: { size: 1 } }, world.as(ANN, 'all', { read: () => {}, wrote: () => line }))
      expect(await call(world.server, 'auditEntry', 'findUnique', { where: { id: 'forged' } })).toMatchObject({
        userId: ANN,
      })
    })

    test('a write that nobody waits for is logged as well, and one after the end is refused', async () => {
      const before = await lines()
      let late: Client | undefined
      await db.$transaction((tx) => {
        late = tx
        void notes('updateMany', { data: { size: 2 } }, tx)
        return Promise.resolve()
      })
      expect(await lines()).toHaveLength(before.length + 1)
      await expect(notes('updateMany', { data: { size: 3 } }, late)).rejects.toThrow('The transaction has ended')
    })
  })

  describe('D2: with the other locks off, the composite key', () => {
    test('refuses a row that points at another user’s, on create and on update', async () => {
      const folderId = 'Folder-robert-1'
      await expect(
        notes('create', { data: { userId: ANN, slug: 'x', body: '', folderId } }, world.server),
      ).rejects.toMatchObject({ code: 'P2003' })
      await expect(
        notes('update', { where: { id: 'Note-ann-1' }, data: { folderId } }, world.server),
      ).rejects.toMatchObject({ code: 'P2003' })
      await expect(
        notes('update', { where: { id: 'Note-ann-1' }, data: { userId: BOB } }, world.server),
      ).rejects.toMatchObject({ code: 'P2003' })
      const parent = { where: { userId_id: { userId: ANN, id: 'Folder-ann-1' } }, data: { parentId: folderId } }
      await expect(call(world.server, 'folder', 'update', parent)).rejects.toMatchObject({ code: 'P2003' })
    })
  })
})
