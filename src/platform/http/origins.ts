import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../../config.ts'
import { headerOf } from './headers.ts'
import type { RequestHeaders } from './headers.ts'

type Origins = Pick<Config, 'publicUrl' | 'allowedOrigins'>

const PREFLIGHT_SECONDS = 600
const EXPOSED = 'Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy'

/**
 * True when a POST may act with its cookies: a body of JSON, from the site's own origin or an allowed one. A browser
 * names the origin of every POST, so a request that names none is refused with the foreign ones.
 */
export function mayCarryCookies(headers: RequestHeaders, config: Origins): boolean {
  const origin = headerOf(headers, 'origin')
  if (!isJson(headers) || origin === null || !isAllowed(origin, config)) return false
  const site = headerOf(headers, 'sec-fetch-site')
  // A browser that calls the site's own origin foreign tells of a forged Origin.
  return site === null || site === 'same-origin' || origin !== config.publicUrl.origin
}

/** True for a body of JSON, whatever its parameters. */
export function isJson(headers: RequestHeaders): boolean {
  const [mediaType = ''] = (headerOf(headers, 'content-type') ?? '').split(';')
  return mediaType.trim().toLowerCase() === 'application/json'
}

/** The CORS headers of an answer: the asking origin if it stands in the exact list, else none but `Vary`. */
export function corsHeaders(headers: RequestHeaders, config: Origins): Record<string, string> {
  const origin = headerOf(headers, 'origin')
  if (origin === null || !isAllowed(origin, config)) return { Vary: 'Origin' }
  return {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Expose-Headers': EXPOSED,
  }
}

/**
 * Answers an OPTIONS request: 204 and what may be sent, for an allowed origin that asks for POST, else 403. The headers
 * of `corsHeaders` stand on the answer already.
 */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, config: Origins): void {
  const { origin, 'access-control-request-method': method } = request.headers
  const allowed = origin !== undefined && isAllowed(origin, config) && method === 'POST'
  if (allowed) {
    response.setHeader('Access-Control-Allow-Methods', 'POST')
    response.setHeader('Access-Control-Allow-Headers', 'Content-Type')
    response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS)
  }
  response.writeHead(allowed ? 204 : 403).end()
}

// "null" (a sandbox, a file) is in no list, because a list holds origins of http and https alone.
function isAllowed(origin: string, { publicUrl, allowedOrigins }: Origins): boolean {
  return origin === publicUrl.origin || allowedOrigins.includes(origin)
}
