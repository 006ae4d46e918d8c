import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { makeScope } from '../../../../src/platform/db/isolation.ts'
import type { Datamodel, Models } from '../../../../src/platform/db/models.ts'
import { applyRowSecurity, ScopedPool, userInForce } from '../../../../src/platform/db/row-security.ts'
import { openSqlite, openSqliteHandle } from '../../../../src/platform/db/sqlite.ts'
import type { Access, AccessLog, SystemDb } from '../../../../src/platform/db/types.ts'
import { freshDatabase } from '../fresh-database.ts'
import { testModels } from './test-models.ts'

/** A client's delegates, without their types: these tests call every operation of every model. */
export type Client = Record<string, Record<string, (args?: unknown) => Promise<unknown>>> & {
  $transaction<Result>(steps: (tx: Client) => Promise<Result>): Promise<Result>
}

/** Which locks hold: all, the scoped client's alone, or row security's alone (a client that asks as the user, unbound). */
export type Locks = 'all' | 'scoped-client' | 'row-security'

/** A database with the test's models, and ways to reach it as the server and as a user. */
export type World = {
  provider: 'sqlite' | 'postgresql'
  models: Models
  datamodel: Datamodel
  server: Client
  as(userId: string, locks?: Locks, accessLog?: AccessLog): Client
  /** Each table's rows, sorted, as the server sees them. */
  everything(): Promise<Record<string, unknown[]>>
  /** Runs SQL: on PostgreSQL as the user, over the scoped pool; null is nobody. */
  sqlAs(userId: string | null, text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** Runs SQL as the server. */
  sql(text: string, values?: unknown[]): Promise<unknown[]>
  /** Of PostgreSQL's database. */
  url: string
  close(): Promise<void>
}

// A thousand users wait for two connections in these tests.
const transactionOptions = { maxWait: 300_000, timeout: 300_000 }

type Opened = Pick<World, 'sql' | 'sqlAs' | 'url' | 'close'> & {
  server: SystemDb
  scoped: SystemDb
  models: Models
  datamodel: Datamodel
}

export async function openWorld(provider: 'sqlite' | 'postgresql', connections = 4): Promise<World> {
  const { server, scoped, models, ...rest } =
    provider === 'sqlite' ? await openOnSqlite() : await openOnPostgresql(connections)
  const scopes = { all: makeScope(scoped, models), 'scoped-client': makeScope(server, models) }
  return {
    provider,
    models,
    server: server as unknown as Client,
    as: (userId, locks = 'all', log = silent) =>
      (locks === 'row-security' ? askAs(userId, scoped) : scopes[locks](userId, log)) as unknown as Client,
    everything: () => readEverything(models, server as unknown as Client),
    ...rest,
  }
}

async function openOnSqlite(): Promise<Opened> {
  const { config, drop } = await freshDatabase('sqlite')
  const { models, datamodel, tables, PrismaClient } = await testModels('sqlite')
  const file = 'file' in config ? config.file : ''
  const handle = openSqliteHandle(file)
  handle.exec(tables)
  const sqlite = await openSqlite(file)
  const client = new PrismaClient({ adapter: sqlite.adapter, errorFormat: 'minimal', transactionOptions })
  return {
    models,
    datamodel,
    server: client,
    scoped: client,
    url: '',
    sql: (text, values = []) => Promise.resolve(handle.prepare(text).all(...values)),
    sqlAs: () => Promise.reject(new Error('SQLite knows no users.')),
    async close() {
      await client.$disconnect()
      sqlite.close()
      handle.close()
      await drop()
    },
  }
}

async function openOnPostgresql(connections: number): Promise<Opened> {
  const { config, drop } = await freshDatabase('postgresql')
  const { models, datamodel, tables, PrismaClient } = await testModels('postgresql')
  const options = {
    connectionString: 'url' in config ? config.url : '',
    max: connections,
    options: '-c synchronous_commit=off',
  }
  const [pool, scopedPool] = [new pg.Pool(options), new ScopedPool(options)]
  // Connections that are still closing when the database is dropped are told so.
  for (const each of [pool, scopedPool]) each.on('error', () => {})
  await pool.query(tables)
  await applyRowSecurity((text, values) => pool.query(text, values), models)
  const open = (over: pg.Pool) =>
    new PrismaClient({ adapter: new PrismaPg(over), errorFormat: 'minimal', transactionOptions }) // the client is this provider's
  const [server, scoped] = [open(pool), open(scopedPool)]
  return {
    models,
    datamodel,
    server,
    scoped,
    url: options.connectionString,
    sql: async (text, values) => (await pool.query<Record<string, unknown>>(text, values)).rows,
    async sqlAs(userId, text, values) {
      const run = () => scopedPool.query<Record<string, unknown>>(text, values)
      return (await (userId === null ? run() : userInForce.run({ userId }, run))).rows
    },
    async close() {
      await Promise.all([server.$disconnect(), scoped.$disconnect()])
      await Promise.all([pool.end(), scopedPool.end()])
      await drop()
    },
  }
}

/** The plain client, unbound, while the user is in force: what is left when the scoped client is forgotten. */
function askAs(userId: string, client: object): object {
  return new Proxy(client, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property)
      if (typeof member === 'function')
        return (...args: unknown[]) =>
          userInForce.run({ userId }, async () => (await member.apply(target, args)) as unknown)
      return typeof member === 'object' && member !== null && typeof property === 'string'
        ? askAs(userId, member)
        : member
    },
  })
}

async function readEverything(models: Models, server: Client): Promise<Record<string, unknown[]>> {
  const entries = [...models.values()].map(async ({ delegate, primaryKey }) => {
    const rows = await server[delegate]?.['findMany']?.({ orderBy: primaryKey.map((field) => ({ [field]: 'asc' })) })
    return [delegate, rows as unknown[]] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

let line = 0
const silent: AccessLog = {
  read: () => {},
  wrote: ({ model, table, kind }) => ({
    id: `line-${++line}`,
    action: `${model}.${kind}`,
    tableName: table,
    timestamp: new Date(0),
  }),
}

/** Keeps what was reported, and gives a line for each write. */
export function recordAccesses(): AccessLog & { accesses: Access[] } {
  const accesses: Access[] = []
  return {
    accesses,
    read: (access) => void accesses.push(access),
    wrote(access) {
      accesses.push(access)
      return silent.wrote(access)
    },
  }
}
