import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
const db = new Database('/tmp/lkb/latchkey.db', { readonly: true })
const st = db.prepare('SELECT u.id, u.email, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ?')
const rs = db.prepare('SELECT id, collection, title, data, revision, created_at AS createdAt, updated_at AS updatedAt FROM records WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?')
const yoga = createYoga({
  schema: createSchema({ typeDefs: 'type User { id: ID! email: String! } type R { id: ID! collection: String! title: String data: JSON revision: Int! createdAt: String! updatedAt: String! } scalar JSON type E { node: R! } type P { hasNextPage: Boolean! endCursor: String } type C { pageInfo: P! edges: [E!]! } type Query { me: User records(first: Int): C! }', resolvers: { Query: { me: (_, __, c) => c.user, records: (_, { first }, c) => { const rows = rs.all(c.user.id, first + 1); return { pageInfo: { hasNextPage: rows.length > first, endCursor: rows[first-1].id }, edges: rows.slice(0, first).map((r) => ({ node: { ...r, data: JSON.parse(r.data), createdAt: new Date(r.createdAt).toISOString(), updatedAt: new Date(r.updatedAt).toISOString() } })) } } } } }),
  context: ({ req }) => {
    const m = /latchkey-session=([^;]+)/.exec(req.headers.cookie ?? '')
    return { user: m ? st.get(createHash('sha256').update(m[1]).digest('base64url')) : null }
  },
  logging: false, cors: false, graphiql: false, landingPage: false,
})
createServer(yoga).listen(4101, '127.0.0.1')
