const LENGTH_BYTES = 4
const SMALL_SIZES = [64, 128, 256, 512, 1024, 2048, 4096] as const
const STEP = 4096

/**
 * A record's plaintext before it is encrypted: its length as a big-endian uint32, the UTF-8 JSON, and zeros up to one of
 * few sizes, so that the ciphertext tells little of how much was written.
 */
export function pad(json: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(paddedSize(LENGTH_BYTES + json.length))
  new DataView(padded.buffer).setUint32(0, json.length)
  padded.set(json, LENGTH_BYTES)
  return padded
}

/** The JSON in what `pad` made; null for anything else. It shares its memory. */
export function unpad(padded: Uint8Array): Uint8Array | null {
  if (padded.length < LENGTH_BYTES) return null
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0)
  const end = LENGTH_BYTES + length
  if (end > padded.length || padded.length !== paddedSize(end)) return null
  return padded.subarray(end).every((byte) => byte === 0) ? padded.subarray(LENGTH_BYTES, end) : null
}

function paddedSize(size: number): number {
  return SMALL_SIZES.find((small) => size <= small) ?? Math.ceil(size / STEP) * STEP
}
