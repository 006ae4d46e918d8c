import type { IncomingMessage, ServerResponse } from 'node:http'
import { EnvelopArmorPlugin } from '@escape.tech/graphql-armor'
import { GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { GraphQLParams, Plugin, YogaServerInstance } from 'graphql-yoga'
import { makeContext } from '../context.ts'
import type { Context } from '../context.ts'
import type { Services } from '../services.ts'
import type { ErrorCode } from '../shared/error-codes.ts'
import { codedErrors, maskError } from './errors.ts'
import { accessLogBeforeAnswer } from './access-log-before-answer.ts'
import { documentCache, noCache } from './document-cache.ts'
import { measured } from './measured.ts'

/** What the transport hands to Yoga with each request. */
export type NodeContext = { req: IncomingMessage; res: ServerResponse; body: string; cookieHeader: string | null }

export type GraphQLServer = YogaServerInstance<NodeContext, Context>

/** What a document may cost. A query of every field of a page of records and its log stays well below. */
const DOCUMENT_LIMITS = { depth: 10, cost: 5_000, aliases: 15, tokens: 1_000, directives: 20 }

/** The GraphQL engine: our schema behind the limits on documents, with masked errors and the log of accesses. */
export function openYoga(services: Services, schema: GraphQLSchema): GraphQLServer {
  const { config } = services
  return createYoga<NodeContext, Context>({
    schema,
    context: ({ req, res, cookieHeader }) => makeContext(services, req, res, cookieHeader),
    graphqlEndpoint: '/graphql',
    // Ours: the transport answers CORS, health and the pages before Yoga sees a request.
    cors: false,
    landingPage: false,
    graphiql: false,
    batching: false,
    multipart: false,
    logging: false,
    // The transport has read the body, no further than its own limit.
    maxRequestBodySize: false,
    parserAndValidationCache: { documentCache: documentCache(), errorCache: noCache },
    maskedErrors: { maskError: (error) => maskError(services, error) },
    plugins: [
      readBodyOnce,
      streamHeaders,
      ...(config.introspection ? [] : [withoutIntrospection]),
      documentLimits(config.introspection),
      codedErrors(services),
      accessLogBeforeAnswer(services),
      measured(services),
    ],
  })
}

function documentLimits(introspection: boolean): Plugin {
  return EnvelopArmorPlugin({
    maxDepth: { n: DOCUMENT_LIMITS.depth, ignoreIntrospection: introspection, flattenFragments: true },
    costLimit: { maxCost: DOCUMENT_LIMITS.cost, ignoreIntrospection: introspection, flattenFragments: true },
    maxAliases: { n: DOCUMENT_LIMITS.aliases },
    maxDirectives: { n: DOCUMENT_LIMITS.directives },
    maxTokens: { n: DOCUMENT_LIMITS.tokens },
    blockFieldSuggestion: { enabled: !introspection },
  })
}

// Yoga would read the body through the Fetch API, at several times the cost.
const readBodyOnce: Plugin<object, NodeContext> = {
  onRequestParse({ request, url, serverContext, setRequestParser }) {
    setRequestParser(() => (request.method === 'POST' ? parseParams(serverContext.body) : paramsIn(url.searchParams)))
  },
}

// A stream is private, and must reach its reader as it comes: nothing on the way keeps it, or waits for more of it.
const streamHeaders: Plugin = {
  onResponse({ response: { headers } }) {
    if (!headers.get('content-type')?.startsWith('text/event-stream')) return
    headers.set('cache-control', 'no-store, no-transform')
    headers.set('x-accel-buffering', 'no')
    headers.delete('content-encoding') // Yoga writes "none", which no client has to know
  },
}

function paramsIn(search: URLSearchParams): GraphQLParams {
  const params: Record<string, unknown> = {}
  for (const name of ['query', 'operationName']) params[name] = search.get(name) ?? undefined
  for (const name of ['variables', 'extensions']) params[name] = parseJson(search.get(name) || 'null', name)
  return params
}

function parseParams(body: string): GraphQLParams {
  const params = parseJson(body)
  if (Array.isArray(params)) throw badRequest('One operation in a request: batches are not taken.')
  if (typeof params !== 'object' || params === null) throw badRequest('The body must be a JSON object with a query.')
  return params
}

function parseJson(text: string, what = 'The body'): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest(`${what} is not JSON.`)
  }
}

function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_INPUT' satisfies ErrorCode, http: { status: 400 } } })
}

const withoutIntrospection: Plugin = {
  onValidate: ({ addValidationRule }) => addValidationRule(NoSchemaIntrospectionCustomRule),
}
