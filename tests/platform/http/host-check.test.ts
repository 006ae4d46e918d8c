import { expect, test } from 'vitest'
import { isHostAllowed } from '../../../src/platform/http/host-check.ts'

const development = { mode: 'development', port: 4000, publicUrl: new URL('http://localhost:4000') } as const

test('L6: a development server answers to its own names alone', () => {
  for (const host of ['localhost:4000', 'LOCALHOST:4000', '127.0.0.1:4000', '[::1]:4000'])
    expect(isHostAllowed(host, development)).toBe(true)
  for (const host of [
    undefined,
    '',
    'evil.example',
    'evil.example:4000',
    'localhost',
    'localhost:4001',
    'localhost.evil.example:4000',
    'localhost:4000.evil.example',
    '127.0.0.1.evil.example:4000',
    '0.0.0.0:4000',
    '192.168.1.5:4000',
  ]) {
    expect(isHostAllowed(host, development)).toBe(false)
  }
})

test('the port in use counts, where the system chose it', () => {
  expect(isHostAllowed('localhost:5123', { ...development, port: 0 }, 5123)).toBe(true)
})

test('the host of PUBLIC_URL is good, as behind a mapped port', () => {
  const mapped = { ...development, publicUrl: new URL('https://dev.example.com') }
  expect(isHostAllowed('dev.example.com', mapped)).toBe(true)
  expect(isHostAllowed('dev.example.com:4000', mapped)).toBe(false)
})

test('a production server leaves Host to its proxy', () => {
  expect(isHostAllowed('anything', { ...development, mode: 'production' })).toBe(true)
})
