import { randomBytes } from 'node:crypto'
import type { Context } from '../../context.ts'
import { equalSecrets, hashToken } from '../../platform/crypto/tokens.ts'
import { cookieNames, makeCookie, readCookie } from '../../platform/http/cookies.ts'
import type { Services } from '../../services.ts'

/**
 * A browser that has signed in keeps an entry for the account, `<id>.<mac>`: a random id, and its HMAC together with the
 * address under a server key. Several people who share a browser have an entry each. It proves nothing by itself and
 * signs nobody in: it only tells a browser that is known from one that is new.
 */
const MOST_ENTRIES = 8
const ENTRY = /^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/
/** The longest that a browser keeps a cookie (RFC 6265bis, section 5.5), and how long a device that is not seen is known. */
export const KEPT_MS = 400 * 24 * 3_600_000

/** How a browser is known for one account. */
export type Device = {
  /** SHA-256 of the id: what the database keeps. */
  hash: string
  /** False where its cookie was valid for the account. */
  isNew: boolean
  /** For the cookie. */
  entry: string
}

/** This browser as the account of an address knows it; where it does not, as it will be known from now on. */
export function deviceOf({ services, cookieHeader }: Context, email: string): Device {
  const entry = entryFor(services, cookieHeader, email)
  if (entry) return { hash: hashToken(idIn(entry)), isNew: false, entry }
  const id = randomBytes(16).toString('base64url')
  return { hash: hashToken(id), isNew: true, entry: `${id}.${macOf(services, id, email)}` }
}

/** Gives the browser its entry for the account, the newest first; the oldest of more than eight goes. */
export function setDeviceCookie({ services, cookieHeader, addCookie }: Context, { entry }: Device): void {
  const { config } = services
  const others = entriesIn(services, cookieHeader).filter((other) => other !== entry)
  const value = [entry, ...others].slice(0, MOST_ENTRIES).join('~')
  addCookie(makeCookie(config, cookieNames(config).device, value, KEPT_MS))
}

/**
 * The id of this browser, where it has signed in with the address before and was not thrown out since; null in any
 * other. Only a browser with a valid entry costs a query.
 */
export async function deviceIdFor(
  services: Services,
  cookieHeader: string | null,
  email: string,
): Promise<string | null> {
  const entry = entryFor(services, cookieHeader, email)
  if (!entry) return null
  const known = await services.database.systemDb.knownDevice.findFirst({
    where: { deviceHash: hashToken(idIn(entry)), user: { email } },
    select: { userId: true },
  })
  return known && idIn(entry)
}

function entryFor(services: Services, cookieHeader: string | null, email: string): string | null {
  const isFor = (entry: string) =>
    services.keys.ids.some((keyId) =>
      equalSecrets(entry, `${idIn(entry)}.${macOf(services, idIn(entry), email, keyId)}`),
    )
  return entriesIn(services, cookieHeader).find(isFor) ?? null
}

function entriesIn({ config }: Services, cookieHeader: string | null): string[] {
  const value = cookieHeader ? readCookie(cookieHeader, cookieNames(config).device) : null
  return (value ?? '').split('~', MOST_ENTRIES).filter((entry) => ENTRY.test(entry))
}

function idIn(entry: string): string {
  return entry.slice(0, 22)
}

function macOf({ keys }: Services, id: string, email: string, keyId?: string): string {
  return keys.mac('device-cookies', `${id}.${email}`, keyId)
}
