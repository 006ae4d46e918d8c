import { valueFromASTUntyped } from 'graphql'
import { AppError } from '../errors.ts'
import { builder } from './builder.ts'

const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
const MAX_JSON_DEPTH = 32

builder.scalarType('DateTime', {
  description: 'An ISO 8601 instant in UTC: `2026-03-01T12:00:00.000Z`. An offset is understood on the way in.',
  specifiedByURL: 'https://datatracker.ietf.org/doc/html/rfc3339',
  serialize: (value) => (value instanceof Date ? value : new Date(value)).toISOString(),
  parseValue: (value) => {
    const instant = typeof value === 'string' && ISO_INSTANT.test(value) ? new Date(value) : null
    if (instant && !Number.isNaN(instant.getTime())) return instant
    throw new AppError('BAD_INPUT', 'A DateTime is an ISO 8601 instant with its offset, such as 2026-03-01T12:00:00Z.')
  },
})

builder.scalarType('JSON', {
  description: `Any JSON value, at most ${MAX_JSON_DEPTH} levels deep. A key named __proto__ is refused.`,
  serialize: (value) => value,
  parseValue: checkedJson,
  parseLiteral: (node, variables) => checkedJson(valueFromASTUntyped(node, variables)),
})

function checkedJson(value: unknown): unknown {
  checkJson(value, 1)
  return value
}

function checkJson(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_JSON_DEPTH) throw new AppError('BAD_INPUT', `A JSON value is at most ${MAX_JSON_DEPTH} levels deep.`)
  if (Object.hasOwn(value, '__proto__')) throw new AppError('BAD_INPUT', 'A JSON value has no key named __proto__.')
  for (const child of Object.values(value)) checkJson(child, depth + 1)
}
