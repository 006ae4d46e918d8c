const encoder = new TextEncoder()
// Replacing what is not UTF-8 by a sign would turn a damaged value into another one.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

/** The text behind UTF-8. Throws for bytes that are none. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes)

export const randomBytes = (length: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(length))

/** Fills secrets with zeros once they have served. The engine may hold copies: this shortens their time, no more. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0)
}

/** A copy that Web Crypto takes whatever memory the bytes came in. */
export const copyOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)
