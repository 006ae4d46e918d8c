import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

/** A bearer secret: 32 random bytes in base64url, 43 characters. */
export function makeToken(): string {
  return randomBytes(32).toString('base64url')
}

/** The form of a token that may be stored: SHA-256 in base64url. A token has 256 random bits, so no salt is needed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

/** True for what `makeToken` makes; anything else need not be looked up. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** Six decimal digits, uniform. */
export function makeCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0')
}

/** Compares two secrets in a time that depends on their lengths alone. */
export function equalSecrets(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
