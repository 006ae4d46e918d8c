import { isObjectType } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import type { Context } from '../context.ts'
import { LEVELS } from '../features/levels.ts'
import type { GuardedField } from '../features/levels.ts'
import type { AuthLevel } from '../viewer.ts'
import { limitDirective, limitExtension } from './rate-limit.ts'
import type { FieldLimitName, FieldLimitOptions } from './rate-limit.ts'
import { requireLevel } from './require-level.ts'

type Guard = { limit: FieldLimitName } & FieldLimitOptions

/**
 * The options that every root field spreads: what a caller must have proved, by the field's row in features/levels.ts,
 * and how often it may be called. They set the check and the directive that tells of it together, so that the printed
 * schema cannot promise anything else.
 */
export function guarded(field: GuardedField, { limit, ...options }: Guard) {
  // Typed by the table's keys, a level that no row holds today would be no level at all.
  const level: AuthLevel | null = LEVELS[field]
  const expectAllowed = level ? (context: Context) => requireLevel(context, level) : undefined
  return {
    ...(level && { authScopes: { level } }),
    directives: { ...(level && { auth: { level } }), rateLimit: limitDirective(limit) },
    extensions: { ...limitExtension(limit, { ...options, expectAllowed }), guardedAs: field },
  }
}

/** The options of a field inside a type that asks for more than its type does. */
export function needs(field: GuardedField) {
  const level: AuthLevel | null = LEVELS[field]
  if (!level) throw new Error(`${field} asks for nothing, so it needs no guard.`)
  return { authScopes: { level }, directives: { auth: { level } }, extensions: { guardedAs: field } }
}

/**
 * Throws unless the schema and the table of levels say the same: a root field without a row, a row whose field is not
 * there, a field that is guarded by another's row. Returns the schema.
 */
export function withLevels(schema: GraphQLSchema): GraphQLSchema {
  const faults: string[] = []
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  const rows = new Set<string>(Object.keys(LEVELS))
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      const name = `${type.name}.${field.name}`
      const guardedAs = field.extensions['guardedAs']
      const isRow = rows.delete(name)
      if (!isRow && roots.includes(type)) faults.push(`${name} has no row: say what its caller must have proved.`)
      if (isRow && guardedAs !== name)
        faults.push(`${name} has a row that nothing puts in force: use guarded or needs.`)
      if (!isRow && guardedAs) faults.push(`${name} is guarded as ${String(guardedAs)}.`)
    }
  }
  for (const name of rows) faults.push(`${name} has a row, and is no field.`)
  if (faults.length > 0) throw new Error(`The table of levels (features/levels.ts) is not right:\n${faults.join('\n')}`)
  return schema
}
