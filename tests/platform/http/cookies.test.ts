import { expect, test } from 'vitest'
import { clearCookie, cookieNames, makeCookie, readCookie } from '../../../src/platform/http/cookies.ts'

const https = { publicUrl: new URL('https://login.example.com') }
const http = { publicUrl: new URL('http://localhost:4000') }

test('cookies are __Host- ones on https, plain ones on http://localhost', () => {
  const names = ['session', 'challenge', 'passkey', 'device']
  const named = (prefix: string) => Object.fromEntries(names.map((name) => [name, `${prefix}latchkey-${name}`]))
  expect(cookieNames(https)).toEqual(named('__Host-'))
  expect(cookieNames(http)).toEqual(named(''))
})

test('a cookie is httpOnly, lax, for the whole site and no other, and secure on https', () => {
  expect(makeCookie(https, '__Host-latchkey-session', 'abc', 90_500)).toBe(
    '__Host-latchkey-session=abc; Max-Age=90; Path=/; HttpOnly; Secure; SameSite=Lax',
  )
  expect(makeCookie(http, 'latchkey-session', 'abc', 1_000)).not.toContain('Secure')
  expect(clearCookie(https, 'x')).toBe('x=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax')
})

test('a value cannot break out of its cookie', () => {
  expect(makeCookie(https, 'x', 'a; Domain=evil\r\nSet-Cookie: b', 0)).toMatch(/^x=[^;\r\n]*; Max-Age=0; Path=\//)
})

test('the cookie is found among others', () => {
  expect(readCookie('a=1; latchkey-session=abc ;b=2', 'latchkey-session')).toBe('abc')
  expect(readCookie('latchkey-session=a%2Eb', 'latchkey-session')).toBe('a.b')
  expect(readCookie('xlatchkey-session=1; latchkey-session2=2', 'latchkey-session')).toBeNull()
  expect(readCookie(undefined, 'latchkey-session')).toBeNull()
})

test('S1: a name that comes twice is ambiguous, and neither counts', () => {
  expect(readCookie('latchkey-session=planted; latchkey-session=real', 'latchkey-session')).toBeNull()
  expect(readCookie('latchkey-session=real;latchkey-session', 'latchkey-session')).toBeNull()
})

test('S5: malformed headers give nothing and throw nothing', () => {
  const odd = [
    '',
    ';',
    '=',
    '===',
    ';;;;',
    'latchkey-session',
    'latchkey-session=',
    '=latchkey-session',
    'latchkey-session=%',
    'latchkey-session=%E0%A4%A',
    '\0',
    '__proto__=1',
    'constructor',
    '"',
    'a'.repeat(20_000),
    ';'.repeat(20_000),
    'latchkey-session=\u00ff',
  ]
  for (const header of odd) {
    for (const name of ['latchkey-session', '__proto__', 'constructor', 'toString']) {
      const value = readCookie(header, name)
      expect(value === null || typeof value === 'string').toBe(true)
    }
  }
  expect(readCookie('a=1', 'toString')).toBeNull()
})
