import type { Keyring } from '../../platform/crypto/keyring.ts'
import { equalSecrets } from '../../platform/crypto/tokens.ts'

/** How often a code may be tried before it is dead, for the right one too. */
export const MAX_CODE_TRIES = 5

/** What six digits are for, and the row that keeps them: those of one purpose, or of one row, are none in another. */
type CodeOf = { purpose: 'sign-in' | 'reauthentication'; id: string }

/** The six digits in what a person typed, without spaces and dashes; null when that is something else. */
export function digitsIn(typed: string): string | null {
  const digits = typed.replace(/[\s-]/g, '')
  return /^[0-9]{6}$/.test(digits) ? digits : null
}

/** What is stored of a code: its HMAC under a server key, bound to purpose and row, `<key id>.<mac>`. */
export function codeMac(keys: Keyring, { purpose, id }: CodeOf, code: string, keyId = keys.currentId): string {
  return `${keyId}.${keys.mac('codes', `${purpose}.${id}.${code}`, keyId)}`
}

/** Whether these are the digits of which `stored` was kept. Always to be counted as a try first. */
export function isCode(keys: Keyring, of: CodeOf, stored: string, code: string): boolean {
  const [keyId] = stored.split('.')
  if (!keyId || !keys.ids.includes(keyId)) return false
  return equalSecrets(stored, codeMac(keys, of, code, keyId))
}
