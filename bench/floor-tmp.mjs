import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
const db = new Database('/tmp/lkb/latchkey.db', { readonly: true })
const st = db.prepare('SELECT u.id, u.email, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ?')
const yoga = createYoga({
  schema: createSchema({ typeDefs: 'type User { id: ID! email: String! } type Query { me: User }', resolvers: { Query: { me: (_, __, c) => c.user } } }),
  context: ({ req }) => {
    const m = /latchkey-session=([^;]+)/.exec(req.headers.cookie ?? '')
    return { user: m ? st.get(createHash('sha256').update(m[1]).digest('base64url')) : null }
  },
  logging: false, cors: false, graphiql: false, landingPage: false,
})
createServer(yoga).listen(4101, '127.0.0.1')
