// A program of its own: Latchkey's GraphQL over HTTP as it is, but for how a user's rows are reached (REACH).
import { createServer } from 'node:http'
import { createApp } from '../../src/app.ts'
import { graphqlTransport } from '../../src/graphql/transport.ts'
import { openYoga } from '../../src/graphql/yoga.ts'
import { buildSchema } from '../../src/schema/index.ts'
import { reachBy, REACHES } from './reach.ts'

const reach = REACHES.find((each) => each === process.env['REACH'])
if (!reach) throw new Error(`REACH must be one of ${REACHES.join(', ')}.`)
const { services } = await createApp(process.env)
const { database } = services
const reaching = { ...services, database: { ...database, scopeToUser: reachBy(reach, database) } }
const graphql = graphqlTransport(reaching, openYoga(reaching, buildSchema()))
createServer((request, response) => void graphql(request, response)).listen(Number(process.env['PORT']), '127.0.0.1')
