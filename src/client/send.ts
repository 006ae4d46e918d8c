import { LatchkeyError, readErrors } from './errors.ts'

/** How to reach the server. */
export type Transport = {
  /** The address of the server's /graphql: `https://id.example.com/graphql`. */
  url: string
  /** Used instead of the global `fetch`: `fetchWithCookies()` in a script, a double in a test. */
  fetch?: typeof fetch
  /** Whether the browser sends and keeps the session cookie. 'include' unless set: sign-in needs it. */
  credentials?: 'include' | 'same-origin' | 'omit'
  /** Further headers of each request, or a function that is asked for them each time. The server's CORS allows none. */
  headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
}

/** What the server answered: the data, and the errors that kept some or all of it away. */
export type Answer<TResult> = { data: TResult | null; errors: readonly LatchkeyError[] }

/** Sends an operation, and gives its answer with the refusals in it. */
export type Sender = (query: string, variables: unknown, signal: AbortSignal | undefined) => Promise<Answer<unknown>>

const JSON_ANSWER = 'application/graphql-response+json, application/json'

/** Sends one operation. Refusals are in the answer; it throws where there is no GraphQL answer at all. */
export async function send(
  transport: Transport,
  query: string,
  variables: unknown,
  signal: AbortSignal | undefined,
): Promise<Answer<unknown>> {
  const response = await post(transport, { query, variables, accept: JSON_ANSWER }, signal)
  return readResponse(transport, response, signal)
}

/** The answer that stands whole in a response. */
export async function readResponse(
  transport: Transport,
  response: Response,
  signal: AbortSignal | undefined,
): Promise<Answer<unknown>> {
  const answer = await readAnswer(response, signal)
  if (!answer) throw unexpectedAnswer(transport.url, response)
  const data = answer.data ?? null
  const errors = readErrors(answer.errors ?? [], data, response.status)
  if (data === null && errors.length === 0) throw unexpectedAnswer(transport.url, response)
  return { data, errors }
}

type Operation = { query: string; variables: unknown; accept: string }

/** Posts an operation. NETWORK when no response came. */
export async function post(
  transport: Transport,
  { query, variables, accept }: Operation,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const { url, headers, credentials = 'include' } = transport
  const call = transport.fetch ?? fetch
  try {
    return await call(url, {
      method: 'POST',
      credentials,
      headers: {
        ...(typeof headers === 'function' ? headers() : headers),
        accept,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ query, variables }),
      ...(signal && { signal }),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    const hint = 'In a browser it is also how a page learns that its origin is not in the server’s ALLOWED_ORIGINS.'
    throw new LatchkeyError('NETWORK', `No answer from ${url}. ${hint}`, { cause })
  }
}

async function readAnswer(
  response: Response,
  signal: AbortSignal | undefined,
): Promise<{ data?: unknown; errors?: readonly unknown[] } | null> {
  let text: string
  try {
    text = await response.text()
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new LatchkeyError('NETWORK', `The answer from ${response.url} broke off.`, { cause, status: response.status })
  }
  return answerIn(text)
}

/** A GraphQL answer in a text; null when there is none. */
export function answerIn(text: string): { data?: unknown; errors?: readonly unknown[] } | null {
  const answer = parseJson(text)
  if (typeof answer !== 'object' || answer === null) return null
  const { data, errors } = answer as { data?: unknown; errors?: unknown } // any object may be asked for its names
  if (data !== undefined && data !== null && typeof data !== 'object') return null
  if (errors !== undefined && !Array.isArray(errors)) return null
  return errors === undefined ? { data } : { data, errors }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function unexpectedAnswer(url: string, { status, headers }: Response): LatchkeyError {
  const kind = headers.get('content-type') ?? 'no content type'
  const message = `${url} answered ${status} (${kind}), which is not a GraphQL answer. Is it the address of /graphql?`
  return new LatchkeyError('UNEXPECTED_ANSWER', message, { status })
}
