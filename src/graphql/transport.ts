import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { cookieNames } from '../platform/http/cookies.ts'
import { answerPreflight, corsHeaders, isJson, mayCarryCookies } from '../platform/http/origins.ts'
import type { Services } from '../services.ts'
import type { ErrorCode } from '../shared/error-codes.ts'
import type { GraphQLServer } from './yoga.ts'

/** The largest body that is read: all fields of a record at their limits, and room for the document. */
export const MAX_BODY_BYTES = 384 * 1024

/** A request that never becomes GraphQL, and how it is answered. */
type Refusal = { status: number; code: ErrorCode; message: string; errorId?: string }

/**
 * /graphql, from node:http straight to Yoga. Only a POST of JSON from an allowed origin may carry cookies; a POST that
 * brings one of ours from elsewhere is refused, and a GET that brings one is nobody's.
 */
export function graphqlTransport(services: Services, yoga: GraphQLServer) {
  const { config, log } = services
  const ours = Object.values(cookieNames(config))

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await answer(request, response)
    } catch (error) {
      if (error instanceof ClientGoneError) return
      const errorId = randomUUID()
      log.error('graphql.transport-failed', { errorId, error })
      if (response.headersSent) response.destroy()
      else refuse(response, { status: 500, code: 'INTERNAL', message: 'Unexpected error.', errorId })
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setHeaders(response, corsHeaders(request.headers, config))
    if (request.method === 'OPTIONS') return answerPreflight(request, response, config)
    const cookies = request.headers.cookie ?? ''
    const bringsOurs = ours.some((name) => cookies.includes(name))
    const refusal = refusalFor(request, bringsOurs)
    if (refusal) return refuse(response, refusal)

    const isPost = request.method === 'POST'
    const body = isPost ? await readBody(request) : ''
    if (body === null) return refuse(response, TOO_LARGE)
    const cookieHeader = isPost && bringsOurs ? cookies : null
    await yoga.handle(request, response, { req: request, res: response, body, cookieHeader })
  }

  function refusalFor({ method = '', headers }: IncomingMessage, bringsOurs: boolean): Refusal | null {
    if (method !== 'POST' && method !== 'GET') {
      return { status: 405, code: 'REQUEST_REFUSED', message: 'Ask by POST, or by GET for a query without a session.' }
    }
    if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return TOO_LARGE
    if (method === 'POST' && !isJson(headers)) {
      return {
        status: 415,
        code: 'REQUEST_REFUSED',
        message: 'The body must be JSON: send Content-Type: application/json.',
      }
    }
    return method === 'POST' && bringsOurs && !mayCarryCookies(headers, config) ? FOREIGN : null
  }
}

const FOREIGN: Refusal = {
  status: 403,
  code: 'REQUEST_REFUSED',
  message: 'A request with a session must send the Origin of this site, or of one that ALLOWED_ORIGINS names.',
}

const TOO_LARGE: Refusal = {
  status: 413,
  code: 'TOO_LARGE',
  message: `The body is larger than ${MAX_BODY_BYTES} bytes.`,
}

/** Reads a body no further than the limit. Null when it is larger. */
function readBody(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BODY_BYTES) chunks.push(chunk)
      else resolve(null)
    })
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    request.once('error', reject)
    request.once('close', () => {
      if (!request.complete) reject(new ClientGoneError())
    })
  })
}

class ClientGoneError extends Error {}

/** Answers in the form of a GraphQL answer. */
export function refuse(response: ServerResponse, { status, code, message, errorId }: Refusal): void {
  // The rest of a body that is too large is not waited for.
  if (status === 413) response.setHeader('Connection', 'close')
  if (status === 405) response.setHeader('Allow', 'GET, POST, OPTIONS')
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify({ errors: [{ message, extensions: { code, ...(errorId && { errorId }) } }] }))
}

/** Sets headers that Yoga's answer keeps. */
export function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}
