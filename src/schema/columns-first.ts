import SchemaBuilder, { BasePlugin } from '@pothos/core'
import type { PothosOutputFieldConfig, SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { ownModels } from '../platform/db/own-models.ts'

type Resolver<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>

/**
 * Lets a field answer from its row where the row holds the columns that the field selects. The Prisma plugin looks up
 * at each row whether the query has read them, and loads the row again if not, which costs a page of records a twelfth
 * of its time; a row that holds them says so itself. In the list of plugins it stands right before the Prisma plugin,
 * so that this look-up is all that is left out: whatever guards a field stands before both.
 */
class ColumnsFirstPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolver: Resolver<Types>, field: PothosOutputFieldConfig<Types>): Resolver<Types> {
    const model = this.buildCache.getTypeConfig(field.parentType).extensions?.['pothosPrismaModel']
    const columns = columnsOf(model, field.extensions?.['pothosPrismaSelect'])
    const fromRow = field.resolve
    if (columns.length === 0 || !fromRow) return resolver
    return (row, args, context, info) => (holds(row, columns) ? fromRow : resolver)(row, args, context, info)
  }
}

SchemaBuilder.registerPlugin('columnsFirst', ColumnsFirstPlugin)

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      columnsFirst: ColumnsFirstPlugin<Types>
    }
  }
}

/** The columns that a field selects; none where it selects anything else, such as a relation. */
function columnsOf(model: unknown, select: unknown): string[] {
  const known = typeof model === 'string' ? ownModels().get(model)?.columns : undefined
  if (!known || typeof select !== 'object' || select === null) return []
  const selected = Object.entries(select)
  return selected.every(([name, value]) => value === true && known.has(name)) ? selected.map(([name]) => name) : []
}

function holds(row: unknown, columns: readonly string[]): boolean {
  if (typeof row !== 'object' || row === null) return false
  return columns.every((column) => (row as Readonly<Record<string, unknown>>)[column] !== undefined) // not null, as just checked
}
