import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { codeMac, digitsIn, isCode } from '../../../src/features/sign-in/six-digits.ts'
import { openKeyring } from '../../../src/platform/crypto/keyring.ts'

const key = (id: string) => ({ id, bytes: randomBytes(32) })
const [old, current] = [key('old'), key('new')]
const keys = openKeyring([old])
const id = '01900000-0000-7000-8000-000000000000'
const signIn = { purpose: 'sign-in', id } as const
const stored = codeMac(keys, signIn, '042137')

test('a code is told from every other, and nothing that is stored shows it', () => {
  expect(isCode(keys, signIn, stored, '042137')).toBe(true)
  expect(isCode(keys, signIn, stored, '042138')).toBe(false)
  expect(stored).not.toContain('042137')
})

test('the same digits are another code for another purpose, and in another row', () => {
  expect(isCode(keys, { purpose: 'reauthentication', id }, stored, '042137')).toBe(false)
  expect(isCode(keys, { ...signIn, id: id.replace('0190', '0191') }, stored, '042137')).toBe(false)
})

test('a code outlives a change of keys while the old key is kept, and no longer', () => {
  expect(isCode(openKeyring([current, old]), signIn, stored, '042137')).toBe(true)
  expect(isCode(openKeyring([current]), signIn, stored, '042137')).toBe(false)
})

test.each(['', '.', 'old', 'old.', '.x', 'old.042137'])('what is stored and no code matches nothing: %j', (text) => {
  expect(isCode(keys, signIn, text, '042137')).toBe(false)
})

test.each([
  ['042137', '042137'],
  [' 042 137 ', '042137'],
  ['042-137', '042137'],
  ['04213', null],
  ['0421377', null],
  ['04213x', null],
  ['٠٤٢١٣٧', null],
  ['', null],
])('%j is read as %j', (typed, digits) => {
  expect(digitsIn(typed)).toBe(digits)
})
