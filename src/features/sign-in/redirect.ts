import type { Config } from '../../config.ts'
import { AppError } from '../../errors.ts'

const LONGEST = 2_000
const MOST_DECODINGS = 3

/**
 * Where a sign-in may lead: a path of this site (given back as a path) or a URL of its origin or an allowed one (given
 * back whole), as a browser would write it. Throws REDIRECT_NOT_ALLOWED for anything else, and for what another reader
 * could take for another place: backslashes, control characters, user names, slashes in disguise.
 */
export function allowedRedirect(
  text: string,
  config: Pick<Config, 'publicUrl' | 'pagesUrl' | 'allowedOrigins'>,
): string {
  // Printable ASCII is all that a URL is made of once it is written out.
  if (text.length > LONGEST || !/^[\x21-\x7e]+$/.test(text) || text.includes('\\')) throw notAllowed()

  const isPath = /^\/(?!\/)/.test(text)
  const isWhole = /^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(text)
  if (!isPath && !isWhole) throw notAllowed()

  const url = parse(text, config.publicUrl)
  const origins = isPath ? [config.publicUrl.origin] : [config.publicUrl.origin, ...config.allowedOrigins]
  if (!url || !origins.includes(url.origin) || url.username || url.password) throw notAllowed()
  if (!isPlainPath(url.pathname)) throw notAllowed()
  if (leadsIntoSigningIn(url, config, isPath)) throw notAllowed()
  return isPath ? url.pathname + url.search + url.hash : url.href
}

// Not back into signing in, on this server's pages or on those that mails lead to: a link of somebody else's could wait there.
function leadsIntoSigningIn(
  url: URL,
  { publicUrl, pagesUrl }: Pick<Config, 'publicUrl' | 'pagesUrl'>,
  isPath: boolean,
): boolean {
  // A path is of whichever pages the person has before them.
  const pages = [publicUrl, pagesUrl].filter(({ origin }) => isPath || origin === url.origin)
  const path = url.pathname.toLowerCase()
  return pages.some(({ pathname }) => {
    const base = pathname.toLowerCase()
    return path.startsWith(base) && /^(?:auth|sign-in)(?:\/|$)/.test(path.slice(base.length))
  })
}

// Resolving "/a/..//x" gives "//x", another host to whoever reads it as a path.
function isPlainPath(path: string): boolean {
  if (path.startsWith('//')) return false
  let decoded = path
  for (let round = 0; round < MOST_DECODINGS; round++) {
    const next = decode(decoded)
    if (next === null || /[\\\p{Cc}]/u.test(next) || slashesIn(next) !== slashesIn(decoded)) return false
    if (next === decoded) return true
    decoded = next
  }
  return false
}

function slashesIn(path: string): number {
  return path.split('/').length
}

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

function parse(text: string, base: URL): URL | null {
  return URL.canParse(text, base) ? new URL(text, base) : null
}

function notAllowed(): AppError {
  return new AppError(
    'REDIRECT_NOT_ALLOWED',
    'redirectTo is not a place to go to from here. Give a path of this site (/notes), or a URL of an origin in ALLOWED_ORIGINS.',
    { field: 'redirectTo' },
  )
}
