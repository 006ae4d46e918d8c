/** What a GraphQL answer over HTTP came to. */
export type Answer<Data = Record<string, unknown>> = {
  status: number
  headers: Headers
  data: Data | null | undefined
  errors: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> & { code: string } }[]
  /** The code of the first error, or null. */
  code: string | null
}

/** A browser as the server sees one: it keeps cookies, sends its origin, and has a user agent. */
export type Visitor = {
  url: URL
  cookies: Map<string, string>
  userAgent: string
  graphql<Data = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
    init?: RequestInit,
  ): Promise<Answer<Data>>
  fetch(path: string, init?: RequestInit): Promise<Response>
}

const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

/** Opens a browser with no cookies at a server, on a page of the origin that it is to send. */
export function visit(url: URL, origin = url.origin, userAgent = CHROME): Visitor {
  const cookies = new Map<string, string>()

  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (!headers.has('user-agent')) headers.set('user-agent', userAgent)
    if (cookies.size > 0 && !headers.has('cookie'))
      headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '))
    const response = await fetch(new URL(path, url), { redirect: 'manual', ...init, headers })
    for (const line of response.headers.getSetCookie()) keepCookie(cookies, line)
    return response
  }

  return {
    url,
    cookies,
    userAgent,
    fetch: send,
    async graphql<Data>(
      query: string,
      variables: Record<string, unknown> = {},
      init: RequestInit = {},
    ): Promise<Answer<Data>> {
      const headers = new Headers(init.headers)
      if (!headers.has('content-type')) headers.set('content-type', 'application/json')
      if (!headers.has('origin')) headers.set('origin', origin)
      const response = await send('/graphql', {
        method: 'POST',
        body: JSON.stringify({ query, variables }),
        ...init,
        headers,
      })
      const text = await response.text()
      const body = parse(text)
      const errors = body.errors ?? []
      return {
        status: response.status,
        headers: response.headers,
        data: body.data as Data | null | undefined, // the test knows what it asked for
        errors,
        code: errors[0]?.extensions.code ?? null,
      }
    },
  }
}

function parse(text: string): { data?: unknown; errors?: Answer['errors'] } {
  try {
    return JSON.parse(text) as { data?: unknown; errors?: Answer['errors'] } // the form of a GraphQL answer
  } catch {
    throw new Error(`Not a GraphQL answer: ${text.slice(0, 300)}`)
  }
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';')
  const cut = pair.indexOf('=')
  const [name, value] = [pair.slice(0, cut), pair.slice(cut + 1)]
  const removed = attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))
  if (removed) cookies.delete(name)
  else cookies.set(name, value)
}
