// The floor: a program of its own that answers the bench's two questions by hand, with Yoga and prepared statements.
// No limits, no isolation, no security log, no check of the origin; Yoga's settings are those that anybody would take.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import BetterSqlite3 from 'better-sqlite3'
import { createSchema, createYoga } from 'graphql-yoga'
import pg from 'pg'

type User = { id: string; email: string; expiresAt: string | Date }
type Row = { id: string; data: string; createdAt: string | Date; updatedAt: string | Date }
type Statement = { name: string; text: string }

const SESSION: Statement = {
  name: 'session',
  text: `SELECT u.id, u.email, s.expires_at AS "expiresAt" FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.token_hash = $1`,
}
const PAGE: Statement = {
  name: 'page',
  text: `SELECT id, collection, title, data, revision, created_at AS "createdAt", updated_at AS "updatedAt"
    FROM records WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`,
}

const TYPES = /* GraphQL */ `
  scalar JSON
  type User {
    id: ID!
    email: String!
  }
  type Record {
    id: ID!
    collection: String!
    title: String
    data: JSON
    revision: Int!
    createdAt: String!
    updatedAt: String!
  }
  type Edge {
    node: Record!
  }
  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }
  type Page {
    pageInfo: PageInfo!
    edges: [Edge!]!
  }
  type Query {
    me: User
    records(first: Int!): Page!
  }
`

const all = open()
const yoga = createYoga<{ req: IncomingMessage }, { user: User | null }>({
  schema: createSchema({
    typeDefs: TYPES,
    resolvers: {
      Query: {
        me: (_root, _args, { user }) => user && { id: `user_${user.id}`, email: user.email },
        records: (_root, { first }: { first: number }, { user }) => page(user, first),
      },
    },
  }),
  context: async ({ req }) => ({ user: await userOf(req.headers.cookie ?? '') }),
  logging: false,
  cors: false,
  graphiql: false,
  landingPage: false,
})
createServer((request, response) => void yoga(request, response)).listen(Number(process.env['PORT']), '127.0.0.1')

async function userOf(cookies: string): Promise<User | null> {
  const token = /__Host-latchkey-session=([\w-]{43})/.exec(cookies)?.[1]
  if (!token) return null
  const [user] = await all<User>(SESSION, [createHash('sha256').update(token).digest('base64url')])
  return user && new Date(user.expiresAt) > new Date() ? user : null
}

async function page(user: User | null, first: number) {
  if (!user) throw new Error('Nobody is signed in.')
  const rows = await all<Row>(PAGE, [user.id, first + 1])
  const last = rows[Math.min(first, rows.length) - 1]
  return {
    pageInfo: { hasNextPage: rows.length > first, endCursor: last ? cursorOf(last) : null },
    edges: rows.slice(0, first).map((row) => ({
      node: {
        ...row,
        id: `record_${row.id}`,
        data: JSON.parse(row.data) as unknown,
        createdAt: new Date(row.createdAt).toISOString(),
        updatedAt: new Date(row.updatedAt).toISOString(),
      },
    })),
  }
}

function cursorOf({ createdAt, id }: Row): string {
  return Buffer.from(`${new Date(createdAt).getTime()}.${id}`).toString('base64url')
}

// Rows have the columns that the statements name.
function open(): <Found>(statement: Statement, values: unknown[]) => Found[] | Promise<Found[]> {
  const url = process.env['DATABASE_URL']
  if (url) {
    const pool = new pg.Pool({ connectionString: url, max: 10 })
    return async <Found>(statement: Statement, values: unknown[]) =>
      (await pool.query({ ...statement, values })).rows as Found[]
  }
  const db = new BetterSqlite3(`${process.env['DATA_DIR']}/latchkey.db`, { readonly: true })
  const prepared = new Map([SESSION, PAGE].map(({ name, text }) => [name, db.prepare(text.replaceAll(/\$\d/g, '?'))]))
  return <Found>({ name }: Statement, values: unknown[]) => (prepared.get(name)?.all(...values) ?? []) as Found[]
}
