import { parseCookie, stringifySetCookie } from 'cookie'
import type { Config } from '../../config.ts'

type Site = Pick<Config, 'publicUrl'>

const PLAIN_NAMES = {
  session: 'latchkey-session',
  challenge: 'latchkey-challenge',
  passkey: 'latchkey-passkey',
  device: 'latchkey-device',
} as const
// A browser takes a __Host- cookie only over https, for this host alone, so that no subdomain can plant one.
const HOST_NAMES = {
  session: '__Host-latchkey-session',
  challenge: '__Host-latchkey-challenge',
  passkey: '__Host-latchkey-passkey',
  device: '__Host-latchkey-device',
} as const

/** What each cookie holds: the session; who asked for a link; who began a passkey ceremony; who has signed in here before. */
export type CookieNames = Readonly<Record<keyof typeof PLAIN_NAMES, string>>

/** The names of the server's cookies: plain ones only where the site itself is plain http (development). */
export function cookieNames(config: Site): CookieNames {
  return isSecure(config) ? HOST_NAMES : PLAIN_NAMES
}

/**
 * The value of one cookie, or null when it is not there. A name that comes twice is ambiguous: one of the two was
 * planted, so neither counts. Never throws, whatever the header holds.
 */
export function readCookie(cookieHeader: string | null | undefined, name: string): string | null {
  if (!cookieHeader) return null
  const ours = cookieHeader.split(';').filter((pair) => trimmed(pair).startsWith(name) && nameOf(pair) === name)
  const [pair] = ours
  if (pair === undefined || ours.length > 1) return null
  return parseCookie(pair)[name] ?? null
}

/** A Set-Cookie value: httpOnly, SameSite=Lax, for the whole site, and Secure where the site is https. */
export function makeCookie(config: Site, name: string, value: string, maxAgeMs: number): string {
  return stringifySetCookie({
    name,
    value,
    maxAge: Math.floor(maxAgeMs / 1000),
    path: '/',
    httpOnly: true,
    secure: isSecure(config),
    sameSite: 'lax',
  })
}

/** A Set-Cookie value that takes the cookie back. */
export function clearCookie(config: Site, name: string): string {
  return makeCookie(config, name, '', 0)
}

function isSecure({ publicUrl }: Site): boolean {
  return publicUrl.protocol === 'https:'
}

function nameOf(pair: string): string {
  const [name = ''] = pair.split('=', 1)
  return trimmed(name)
}

// As a browser writes them: it never puts other white space around a name, but a planted cookie's name may begin with it.
function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}
