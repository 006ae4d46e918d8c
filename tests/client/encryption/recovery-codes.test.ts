import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { makeRecoveryCode, readRecoveryCode, writeRecoveryCode } from '../../../src/client/encryption/recovery-codes.ts'

test('a code is six groups of four, and holds 120 bits that come back', () => {
  for (let round = 0; round < 500; round += 1) {
    const { code, secret } = makeRecoveryCode()
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
    expect(secret).toHaveLength(15)
    expect(readRecoveryCode(code)).toEqual(secret)
  }
})

test('the letters stand for the bits in their order', () => {
  expect(writeRecoveryCode(new Uint8Array(15))).toBe('0000-0000-0000-0000-0000-0000')
  expect(writeRecoveryCode(new Uint8Array(15).fill(255))).toBe('ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ')
  const counted = BigInt(`0x${Buffer.from(readRecoveryCode('0123-4567-89AB-CDEF-GHJK-MNPQ')).toString('hex')}`)
  expect(counted & 31n).toBe(23n) // Q
  expect((counted >> 5n) & 31n).toBe(22n) // P
})

test('it is read as somebody types it', () => {
  const secret = new Uint8Array(randomBytes(15))
  secret[0] = 0 // so that a 0 and, in the next group, a 1 stand in it
  const code = `10${writeRecoveryCode(secret).slice(2)}`
  const wanted = readRecoveryCode(code)
  const typed = [
    code.toLowerCase(),
    code.replaceAll('-', ''),
    code.replaceAll('-', ' '),
    code.replaceAll('-', '\u2013'),
    `  ${code}\n`,
    code.replaceAll('0', 'O').replaceAll('1', 'I'),
    code.replaceAll('0', 'o').replaceAll('1', 'l'),
    [...code]
      .map((letter) => (/[0-9A-Z]/.test(letter) ? String.fromCodePoint(letter.charCodeAt(0) + 0xfee0) : letter))
      .join(''),
  ]
  for (const text of typed) expect(readRecoveryCode(text), text).toEqual(wanted)
})

test('a letter that no code has, and a length that no code has, are told as slips', () => {
  const refusal = (message: string) =>
    expect.objectContaining({ code: 'BAD_INPUT', field: 'code', message: expect.stringContaining(message) })
  const code = '0123-4567-89AB-CDEF-GHJK-MNPQ'
  for (const text of [code.replace('4', 'U'), code.replace('4', '*'), code.replace('4', 'é')]) {
    expect(() => readRecoveryCode(text)).toThrow(refusal('no code has'))
  }
  for (const text of ['', code.slice(1), `${code}0`, `${code}-${code}`]) {
    expect(() => readRecoveryCode(text)).toThrow(refusal('a code has 24'))
  }
})
