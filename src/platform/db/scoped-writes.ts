import type { Args } from './check-arguments.ts'
import type { Model, Models } from './models.ts'
import { keyFields, selectKey, watchRows, type Reached } from './reached-rows.ts'
import { accessTo, logNested, type Call } from './scoped-reads.ts'
import type { Access, AccessLog } from './types.ts'

/** A write's result for the caller, and what to tell of it. */
export type Written = { result: unknown; access: Access }

type Write = (
  call: Call,
  models: Models,
  model: Model,
  args: Args,
) => Promise<{ result: unknown; reached: readonly Reached[] }>

/** The operations that write, and what each does to the rows that it reaches. An upsert does not tell which of the two it did. */
export const WRITES: ReadonlyMap<string, { kind: Access['kind']; run: Write }> = new Map([
  ['create', { kind: 'created', run: writeRows('create') }],
  ['createMany', { kind: 'created', run: countRows('createManyAndReturn') }],
  ['createManyAndReturn', { kind: 'created', run: writeRows('createManyAndReturn') }],
  ['update', { kind: 'updated', run: writeRows('update') }],
  ['updateMany', { kind: 'updated', run: countRows('updateManyAndReturn') }],
  ['updateManyAndReturn', { kind: 'updated', run: writeRows('updateManyAndReturn') }],
  ['upsert', { kind: 'updated', run: writeRows('upsert') }],
  ['delete', { kind: 'deleted', run: writeRows('delete') }],
  ['deleteMany', { kind: 'deleted', run: deleteRows }],
])

/** Runs a write, and says what it has reached. Rows of relations that it returns are reads. */
export async function write(
  operation: string,
  call: Call,
  models: Models,
  model: Model,
  args: Args,
  log: AccessLog,
): Promise<Written> {
  // prettier-ignore
  const known = WRITES.get(operation)
  if (!known) throw new Error(`Expected a write, got ${operation}.`)
  const { result, reached } = await known.run(call, models, model, args)
  const [own, ...nested] = reached
  logNested(nested, log)
  return { result, access: accessTo(own ?? { model, ids: [], count: 0 }, known.kind) }
}

function writeRows(operation: string): Write {
  return async (call, models, model, args) => {
    const watched = watchRows(models, model, args)
    const result = await call(model, operation, watched.args)
    return { result, reached: watched.reached(result) }
  }
}

/** An operation that tells a number only: its sibling that returns the rows does the same in one statement, and tells ids. */
function countRows(sibling: string): Write {
  return async (call, models, model, args) => {
    const rows = await call(model, sibling, { ...args, select: selectKey(model) })
    const [own] = watchRows(models, model, {}).reached(rows)
    return { result: { count: own.count }, reached: [own] }
  }
}

/** How many rows a deleteMany names one by one. Of more than that the log tells the number. */
const MAX_NAMED = 500

/** Prisma deletes many without returning them, so that they are looked up first, and exactly those are deleted. */
async function deleteRows(call: Call, models: Models, model: Model, args: Args): ReturnType<Write> {
  const { where, limit } = args
  const take = typeof limit === 'number' ? Math.min(limit, MAX_NAMED + 1) : MAX_NAMED + 1
  const rows = await call(model, 'findMany', { where, select: selectKey(model), take })
  const found = rows as Args[] // what findMany gives
  if (found.length === 0) return { result: { count: 0 }, reached: [] }
  const named = found.length <= MAX_NAMED
  const [{ ids }] = watchRows(models, model, {}).reached(rows)
  const result = await call(model, 'deleteMany', named ? { where: { AND: [where ?? {}, oneOf(model, found)] } } : args)
  const { count } = result as { count: number } // what deleteMany gives
  return { result, reached: [{ model, ids: named ? ids : [], count }] }
}

function oneOf(model: Model, rows: readonly Args[]): Args {
  const [field, ...others] = keyFields(model)
  return field && others.length === 0 ? { [field]: { in: rows.map((row) => row[field]) } } : { OR: rows }
}
