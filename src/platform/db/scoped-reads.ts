import { IsolationError, type Args } from './check-arguments.ts'
import type { Model, Models } from './models.ts'
import { keyFields, watchRows, type Reached } from './reached-rows.ts'
import type { Access, AccessLog, OwnedModelName } from './types.ts'

/** Runs one operation on the bound client, as the user. */
export type Call = (model: Model, operation: string, args: Args) => Promise<unknown>

type Read = (
  call: Call,
  models: Models,
  model: Model,
  args: Args,
) => Promise<{ result: unknown; reached: readonly Reached[] }>

/** The operations that only read, and how each tells what it has reached. */
export const READS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['findMany', readRows('findMany')],
  ['findFirst', readRows('findFirst')],
  ['findFirstOrThrow', readRows('findFirstOrThrow')],
  ['findUnique', readUnique('findFirst')],
  ['findUniqueOrThrow', readUnique('findFirstOrThrow')],
  ['groupBy', readGroups],
  ['count', readCount],
  ['aggregate', readAggregate],
])

/** Runs a read and reports what it has reached: the rows that were asked for always, those of relations if there are any. */
export async function read(
  run: Read,
  call: Call,
  models: Models,
  model: Model,
  args: Args,
  log: AccessLog,
): Promise<unknown> {
  const { result, reached } = await run(call, models, model, args)
  const [own, ...nested] = reached
  const isMissing = own?.count === 0 && namesItsRow(model, args['where'])
  if (own) log.read({ ...accessTo(own, 'read'), ...(isMissing && { missing: 1 }) })
  logNested(nested, log)
  return result
}

export function logNested(nested: readonly Reached[], log: AccessLog): void {
  for (const reached of nested) if (reached.count > 0) log.read(accessTo(reached, 'read'))
}

export function accessTo({ model, ids, count }: Reached, kind: Access['kind']): Access {
  return { model: model.name as OwnedModelName, table: model.table, kind, ids, count } // only owned models come so far
}

function readRows(operation: string): Read {
  return async (call, models, model, args) => {
    const watched = watchRows(models, model, args)
    const result = await call(model, operation, watched.args)
    return { result, reached: watched.reached(result) }
  }
}

/** True for a condition that says which row it means: by the whole of its key, or by the part that is not the user's. */
function namesItsRow(model: Model, where: unknown): boolean {
  const given = (typeof where === 'object' && where !== null ? where : {}) as Args // an object now
  const [id, ...others] = keyFields(model)
  if (id === undefined || others.length > 0) return false
  return Object.entries(given).some(([name, value]) => {
    if (name === id) return isKeyValue(value)
    return model.uniqueKeys.get(name)?.includes(id) ? namesItsRow(model, value) : false
  })
}

/** As a findFirst, since Prisma would put the findUniques of several users into one query. */
function readUnique(operation: string): Read {
  const readFirst = readRows(operation)
  return (call, models, model, args) =>
    readFirst(call, models, model, { ...args, where: flattenUnique(model, args['where']) })
}

/** The same condition without compound keys, which findFirst does not know. At least one key must be there, and whole. */
function flattenUnique(model: Model, where: unknown): Args {
  const given = (typeof where === 'object' && where !== null ? where : {}) as Args // an object now
  const rest: Record<string, unknown> = {}
  const keys: Args[] = []
  for (const name of Object.keys(given)) {
    const fields = model.uniqueKeys.get(name)
    if (!fields || given[name] === undefined) rest[name] = given[name]
    else keys.push(keyCondition(model, name, fields, given[name]))
  }
  if (keys.length === 0) {
    throw new IsolationError(
      `A unique read of ${model.name} needs one of its keys: ${[...model.uniqueKeys.keys()].join(', ')}.`,
    )
  }
  return { AND: [...keys, rest] }
}

function keyCondition(model: Model, name: string, fields: readonly string[], value: unknown): Args {
  const values = model.columns.has(name) ? { [name]: value } : (value as Args | null)
  const isWhole = fields.every((field) => isKeyValue(values?.[field]))
  if (!values || !isWhole)
    throw new IsolationError(`The key ${name} of ${model.name} must be given whole, by plain values.`)
  return Object.fromEntries(fields.map((field) => [field, values[field]]))
}

/** No operators: a key that says `{ not: '' }` would find any row. */
function isKeyValue(value: unknown): boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) || value instanceof Date
}

async function readGroups(call: Call, _models: Models, model: Model, args: Args) {
  const result = await call(model, 'groupBy', args)
  return { result, reached: [{ model, ids: [], count: Array.isArray(result) ? result.length : 0 }] }
}

async function readCount(call: Call, _models: Models, model: Model, args: Args) {
  const result = await call(model, 'count', args)
  const counts = typeof result === 'object' && result !== null ? Object.values(result) : [result]
  return { result, reached: [{ model, ids: [], count: Math.max(0, ...counts.map(Number)) }] }
}

/** Counts the rows as well, whether or not that was asked for: what was reached is said by nothing else. */
async function readAggregate(call: Call, _models: Models, model: Model, args: Args) {
  const asked = args['_count']
  const fields = typeof asked === 'object' && asked !== null ? asked : {}
  const result = (await call(model, 'aggregate', { ...args, _count: { ...fields, _all: true } })) as Record<
    string,
    unknown
  > // Prisma's answer to an aggregate
  const { _count: counts, ...rest } = result
  const { _all: count, ...others } = counts as Record<string, number> & { _all: number } // as asked above
  const shown = asked === true ? count : '_all' in fields ? counts : others
  return { result: asked ? { ...rest, _count: shown } : rest, reached: [{ model, ids: [], count }] }
}
