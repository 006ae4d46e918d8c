import SchemaBuilder, { BasePlugin } from '@pothos/core'
import type { PothosOutputFieldConfig, SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { ownModels } from '../platform/db/own-models.ts'
import { encodeNodeId, hasNodeId } from './node-id.ts'

type Resolver<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>
type Row = Readonly<Record<string, unknown>>

/**
 * Lets fields answer from their row at once, where they can. A page of records spends a third of its time otherwise:
 * the Relay plugin makes a promise of each id, and each list of them waits; and the Prisma plugin looks up at each row
 * whether a field's columns were read. In the list of plugins it stands right before the Prisma plugin, so that
 * whatever guards a field stands before it.
 */
class FromRowPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolver: Resolver<Types>, field: PothosOutputFieldConfig<Types>): Resolver<Types> {
    if (field.name === 'id' && hasNodeId(field.parentType)) return nodeIdFirst(field.parentType, resolver)
    const model = this.buildCache.getTypeConfig(field.parentType).extensions?.['pothosPrismaModel']
    const columns = columnsOf(model, field.extensions?.['pothosPrismaSelect'])
    const fromRow = field.resolve
    if (columns.length === 0 || !fromRow) return resolver
    return (row, args, context, info) => (holds(row, columns) ? fromRow : resolver)(row, args, context, info)
  }
}

SchemaBuilder.registerPlugin('fromRow', FromRowPlugin)

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      fromRow: FromRowPlugin<Types>
    }
  }
}

function nodeIdFirst<Types extends SchemaTypes>(typename: string, resolver: Resolver<Types>): Resolver<Types> {
  return (row, args, context, info) =>
    isRow(row) && typeof row['id'] === 'string' ? encodeNodeId(typename, row['id']) : resolver(row, args, context, info)
}

/** The columns that a field selects; none where it selects anything else, such as a relation. */
function columnsOf(model: unknown, select: unknown): string[] {
  const known = typeof model === 'string' ? ownModels().get(model)?.columns : undefined
  if (!known || typeof select !== 'object' || select === null) return []
  const selected = Object.entries(select)
  return selected.every(([name, value]) => value === true && known.has(name)) ? selected.map(([name]) => name) : []
}

function holds(row: unknown, columns: readonly string[]): boolean {
  return isRow(row) && columns.every((column) => row[column] !== undefined)
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null
}
