import { valueFromASTUntyped } from 'graphql'
import { AppError } from '../errors.ts'
import { builder } from './builder.ts'

const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
// What both databases can compare: PostgreSQL has no year 0, and SQLite compares texts whose years have four digits.
const [EARLIEST, LATEST] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')]
const MAX_JSON_DEPTH = 32

builder.scalarType('DateTime', {
  description: 'An ISO 8601 instant in UTC: `2026-03-01T12:00:00.000Z`. An offset is understood on the way in.',
  specifiedByURL: 'https://datatracker.ietf.org/doc/html/rfc3339',
  serialize: (value) => (value instanceof Date ? value : new Date(value)).toISOString(),
  parseValue: (value) => {
    const instant = typeof value === 'string' && ISO_INSTANT.test(value) && isInCalendar(value) ? new Date(value) : null
    if (instant && instant.getTime() >= EARLIEST && instant.getTime() <= LATEST) return instant
    throw new AppError('BAD_INPUT', 'A DateTime is an ISO 8601 instant with its offset, such as 2026-03-01T12:00:00Z.')
  },
})

builder.scalarType('JSON', {
  description: `Any JSON value, at most ${MAX_JSON_DEPTH} levels deep. A key named __proto__ is refused.`,
  serialize: (value) => value,
  parseValue: checkedJson,
  parseLiteral: (node, variables) => checkedJson(valueFromASTUntyped(node, variables)),
})

// JavaScript reads February 30 as March 2.
function isInCalendar(instant: string): boolean {
  const day = instant.slice(0, 10)
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}

function checkedJson(value: unknown): unknown {
  checkJson(value, 1)
  return value
}

function checkJson(value: unknown, depth: number): void {
  // 1e999 is read as Infinity, which would be written as null.
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new AppError('BAD_INPUT', 'A JSON value holds a number that is too large.')
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_JSON_DEPTH) throw new AppError('BAD_INPUT', `A JSON value is at most ${MAX_JSON_DEPTH} levels deep.`)
  if (Object.hasOwn(value, '__proto__')) throw new AppError('BAD_INPUT', 'A JSON value has no key named __proto__.')
  for (const child of Object.values(value)) checkJson(child, depth + 1)
}
