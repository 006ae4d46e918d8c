/** Bytes as base64url without padding (RFC 4648, section 5). */
export function toBase64url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * The bytes behind base64url, or null for anything that `toBase64url` cannot have made: other letters, padding, and
 * unused bits that are not zero, by which one value could be written in several ways.
 */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (bytesInBase64url(text) === null) return null
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(binary.length)
  // Uint8Array.from with a function for each letter takes fifteen times as long, and a page of records is many letters.
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at)
  return bytes
}

/** How many bytes are behind base64url, without decoding it: null where `fromBase64url` gives null. */
export function bytesInBase64url(text: string): number | null {
  const isBase64url = text.length % 4 !== 1 && /^[A-Za-z0-9_-]*$/.test(text) && !hasSpareBits(text)
  return isBase64url ? Math.floor((text.length * 3) / 4) : null
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

// Two letters carry one byte and four bits more, three carry two bytes and two bits more.
function hasSpareBits(text: string): boolean {
  const spare = { 2: 0b1111, 3: 0b11 }[text.length % 4] ?? 0
  return (ALPHABET.indexOf(text.at(-1) ?? 'A') & spare) !== 0
}
