import type { IncomingHttpHeaders } from 'node:http'

/** The headers of a request, as node:http or as the Fetch API gives them. */
export type RequestHeaders = IncomingHttpHeaders | { get(name: string): string | null }

/** One header's value, repeated ones joined with a comma; null when it was not sent. The name in lower case. */
export function headerOf(headers: RequestHeaders, name: string): string | null {
  // Asked by type: a request may carry a header that is called "get".
  if (typeof headers.get === 'function') return headers.get(name)
  // With `get` out of the way, what is left of the union is node's own.
  const value = (headers as IncomingHttpHeaders)[name]
  return Array.isArray(value) ? value.join(', ') : (value ?? null)
}
