import { expect, test } from 'vitest'
import { DOCUMENTED_LIMITS, LIMITS, EVERY_FIELD, limitsInForce, limitVariable } from '../../src/features/limits.ts'

const maxOf = (rows: ReturnType<typeof limitsInForce>, name: string) => rows.find((row) => row.name === name)?.max

test('the documented numbers are those in force by default', () => {
  const rows = limitsInForce({ scale: 1, overrides: {} })
  expect(rows).toEqual(DOCUMENTED_LIMITS)
  expect(maxOf(rows, 'requestMagicLink.address')).toBe(3)
  expect(maxOf(rows, 'data.user')).toBe(100)
})

test('every row has a variable of its own', () => {
  expect(limitVariable('requestMagicLink.address')).toBe('LIMIT_REQUEST_MAGIC_LINK_ADDRESS')
  expect(limitVariable('data.user')).toBe('LIMIT_DATA_USER')
  expect(new Set(DOCUMENTED_LIMITS.map(({ variable }) => variable)).size).toBe(DOCUMENTED_LIMITS.length)
})

test('an override is multiplied by the scale, rounded up, and never less than one', () => {
  const overrides = { 'requestMagicLink.address': 5 }
  expect(maxOf(limitsInForce({ scale: 100, overrides }), 'requestMagicLink.address')).toBe(500)
  expect(maxOf(limitsInForce({ scale: 0.5, overrides }), 'requestMagicLink.address')).toBe(3)
  expect(maxOf(limitsInForce({ scale: 0, overrides }), 'requestMagicLink.address')).toBe(1)
})

test('what sends a mail is refused when its count is lost', () => {
  const rows = DOCUMENTED_LIMITS.filter(({ group }) => group === 'requestMagicLink')
  expect(rows.map(({ counted, storeAway }) => [counted, storeAway])).toEqual(rows.map(() => ['shared', 'refuse']))
})

test('each group counts a network, a user or a session, and the whole endpoint counts the network', () => {
  for (const rows of Object.values(LIMITS)) expect(Object.keys(rows)).not.toHaveLength(0)
  expect(Object.keys(LIMITS[EVERY_FIELD])).toEqual(['network'])
})
