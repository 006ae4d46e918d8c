export type CookieFetchOptions = {
  /** Sent as `Origin`, as a browser would: the server's own origin, or one of its ALLOWED_ORIGINS. */
  origin: string
  /** Used instead of the global `fetch`. */
  fetch?: typeof fetch
}

/**
 * A `fetch` for Node that keeps cookies in memory, as a browser does by itself, so that a script can stay signed in.
 * Each server gets back only its own. It knows neither `Domain` nor `Path`, and leaves expiry to the server.
 */
export function fetchWithCookies(options: CookieFetchOptions): typeof fetch {
  const jars = new Map<string, Map<string, string>>()

  return async (input, init) => {
    const request = new Request(input, init)
    const jar = getOrMake(jars, new URL(request.url).origin)
    request.headers.set('origin', options.origin)
    if (jar.size > 0) request.headers.set('cookie', cookieHeader(jar))
    // Followed by hand if at all: a redirect must not carry these cookies to another server.
    const response = await (options.fetch ?? fetch)(request, { redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) keep(jar, line)
    return response
  }
}

function getOrMake(jars: Map<string, Map<string, string>>, origin: string): Map<string, string> {
  const jar = jars.get(origin) ?? new Map<string, string>()
  jars.set(origin, jar)
  return jar
}

const cookieHeader = (jar: Map<string, string>): string =>
  [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

/** Takes one `Set-Cookie` line in: a cookie to keep, or, where its time is over, one to forget (RFC 6265, section 5.3). */
function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...rest] = line.split(';')
  const [name, value] = splitAtEquals(pair)
  if (name === '' || !pair.includes('=')) return
  const attributes = new Map(rest.map(splitAtEquals).map(([key, text]) => [key.toLowerCase(), text]))
  if (isOver(attributes)) jar.delete(name)
  else jar.set(name, value)
}

function isOver(attributes: Map<string, string>): boolean {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0
  const expires = Date.parse(attributes.get('expires') ?? '')
  return !Number.isNaN(expires) && expires <= Date.now()
}

function splitAtEquals(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}
