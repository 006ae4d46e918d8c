import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { pad, unpad } from '../../../src/shared/encryption/padding.ts'

const LENGTHS = [0, 1, 59, 60, 61, 124, 125, 1020, 1021, 4091, 4092, 4093, 8188, 8189, 69_628]

test('what is padded comes back, and its length is one of few', () => {
  for (const length of LENGTHS) {
    const json = randomBytes(length)
    const padded = pad(json)
    expect(Buffer.from(unpad(padded) ?? [])).toEqual(json)
    expect([64, 128, 256, 512, 1024, 2048, 4096].includes(padded.length) || padded.length % 4096 === 0).toBe(true)
  }
})

test('more is never padded to less, and nothing to more than twice its size and the smallest', () => {
  let before = 0
  for (let length = 0; length < 9000; length += 1) {
    const { length: size } = pad(new Uint8Array(length))
    expect(size).toBeGreaterThanOrEqual(before)
    expect(size).toBeLessThanOrEqual(Math.max(64, 2 * (length + 4)))
    before = size
  }
})

test('only what pad makes is taken back: each wrong length, size and rest is refused', () => {
  const padded = pad(Buffer.from('{"a":1}'))
  const changed = (change: (bytes: Uint8Array) => Uint8Array | void) => {
    const copy = new Uint8Array(padded)
    return change(copy) ?? copy
  }
  const refused = {
    empty: new Uint8Array(),
    'too short for a length': new Uint8Array(3),
    'a length beyond the end': changed((bytes) => void (bytes[3] = 61)),
    'the largest length': changed((bytes) => void bytes.fill(255, 0, 4)),
    'a rest that is not zero': changed((bytes) => void (bytes[63] = 1)),
    'a size that is not the least': changed((bytes) => Uint8Array.from([...bytes, ...new Uint8Array(64)])),
    'a size that is none': changed((bytes) => bytes.subarray(0, 63)),
  }
  for (const [name, bytes] of Object.entries(refused)) expect(unpad(bytes), name).toBeNull()
})

test('a part of a larger buffer is read from where it begins', () => {
  const padded = pad(Buffer.from('"text"'))
  const within = new Uint8Array(padded.length + 10).fill(7)
  within.set(padded, 5)
  expect(Buffer.from(unpad(within.subarray(5, 5 + padded.length)) ?? []).toString()).toBe('"text"')
})
