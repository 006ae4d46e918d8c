/*
 * The PRF extension of WebAuthn (level 3, section 10.1.4): a passkey computes 32 bytes that nobody else can, from an
 * input that is always the same here.
 */
const INPUT = 'latchkey/v1/prf'
const OUTPUT_BYTES = 32

/** What a ceremony told of the extension. Whoever takes `output` fills it with zeros when it is used. */
export type PrfResult = {
  /** Whether the passkey was made with it; browsers say so when it is made. */
  enabled: boolean
  output: Uint8Array | null
}

/** The options of a ceremony, with the extension asked for. Its input must be bytes: JSON has none, so no server can send it. */
export function askingForPrf(options: unknown): unknown {
  const { extensions, ...rest } = options as { extensions?: object } // the options are an object of WebAuthn's
  return { ...rest, extensions: { ...extensions, prf: { eval: { first: new TextEncoder().encode(INPUT) } } } }
}

/** Reads the extension's part of `clientExtensionResults`. */
export function readPrf(prf: unknown): PrfResult {
  if (typeof prf !== 'object' || prf === null) return { enabled: false, output: null }
  const results: unknown = 'results' in prf ? prf.results : undefined
  const first: unknown = typeof results === 'object' && results !== null && 'first' in results ? results.first : null
  const output = bytesOf(first)
  return { enabled: 'enabled' in prf && prf.enabled === true, output: output?.length === OUTPUT_BYTES ? output : null }
}

/** The same memory, so that filling it with zeros reaches what the browser gave. */
function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return null
}
