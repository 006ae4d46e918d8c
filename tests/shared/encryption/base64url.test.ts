import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { fromBase64url, toBase64url } from '../../../src/shared/encryption/base64url.ts'

test('bytes of any length are written as RFC 4648 says, and read back', () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = randomBytes(length)
    const text = toBase64url(bytes)
    expect(text).toBe(bytes.toString('base64url'))
    expect(Buffer.from(fromBase64url(text) ?? [1])).toEqual(bytes)
  }
})

test('no value is read from two texts: padding, other letters and spare bits are refused', () => {
  for (const text of ['A', 'AA==', 'AA=', 'A+', 'A/', 'AA\n', ' AA', 'ÄÄ', 'AB', 'A_', 'AAB', 'AA-']) {
    expect(fromBase64url(text), text).toBeNull()
  }
})
