import type { Model, Models } from './models.ts'

export type Args = Readonly<Record<string, unknown>>

/** What a scoped call was refused for: a fault of the server's code, so the caller of the API sees INTERNAL. */
export class IsolationError extends Error {
  override readonly name = 'IsolationError'
}

const LOGIC = new Set(['AND', 'OR', 'NOT'])
const AGGREGATES = new Set(['_count', '_avg', '_sum', '_min', '_max'])
const LIST_FILTERS = new Set(['some', 'every', 'none'])
const ROW_FILTERS = new Set(['is', 'isNot'])

/** The arguments of a call, each with what to check in it. An argument that is not here is refused. */
const ARGUMENTS: Readonly<Record<string, (models: Models, model: Model, value: unknown) => void>> = {
  where: checkWhere,
  having: checkWhere,
  orderBy: checkOrder,
  select: checkSelection,
  include: checkSelection,
  data: checkData,
  create: checkData,
  update: checkData,
  cursor: checkCursor,
  // These name scalar fields of the model itself, or numbers: Prisma's own checks are enough.
  omit: () => {},
  distinct: () => {},
  by: () => {},
  take: () => {},
  skip: () => {},
  limit: () => {},
  skipDuplicates: () => {},
  _count: () => {},
  _avg: () => {},
  _sum: () => {},
  _min: () => {},
  _max: () => {},
}

/** Inside a relation. No cursor there: it would be a row that the owner's condition does not reach. */
const NESTED_ARGUMENTS = new Set(['where', 'orderBy', 'select', 'include', 'omit', 'distinct', 'take', 'skip'])

/**
 * Throws if a call could reach past its model's own rows in a way that the owner's condition would not hold: into a
 * server model, through a nested write, or by a field or an argument that is not known here.
 */
export function checkArguments(models: Models, model: Model, args: Args): void {
  eachKey(args, (name, value) => {
    const check = Object.hasOwn(ARGUMENTS, name) ? ARGUMENTS[name] : undefined
    if (!check) throw new IsolationError(`The scoped client does not know the argument \`${name}\` (on ${model.name}).`)
    check(models, model, value)
  })
}

function checkWhere(models: Models, model: Model, where: unknown): void {
  eachKey(where, (key, value) => {
    if (LOGIC.has(key)) return checkWhere(models, model, value)
    if (model.columns.has(key) || model.uniqueKeys.has(key)) return
    checkRelationFilter(models, follow(models, model, key), value)
  })
}

function checkRelationFilter(models: Models, target: Model, filter: unknown): void {
  eachKey(filter, (key, value) => {
    if (LIST_FILTERS.has(key) || ROW_FILTERS.has(key)) checkWhere(models, target, value)
    else checkWhere(models, target, { [key]: value })
  })
}

function checkOrder(models: Models, model: Model, order: unknown): void {
  eachKey(order, (key, value) => {
    if (model.columns.has(key) || AGGREGATES.has(key)) return
    checkOrder(models, follow(models, model, key), value)
  })
}

function checkSelection(models: Models, model: Model, selection: unknown): void {
  eachKey(selection, (key, value) => {
    if (model.columns.has(key)) return
    if (key === '_count' || key === '_all') return checkCount(models, model, value)
    const target = follow(models, model, key)
    eachKey(value, (argument, nested) => {
      if (!NESTED_ARGUMENTS.has(argument)) {
        throw new IsolationError(`The scoped client refuses \`${argument}\` inside the relation ${model.name}.${key}.`)
      }
      checkArguments(models, target, { [argument]: nested })
    })
  })
}

/** `_count: true` counts every list, so that each must lead to an owned model. */
function checkCount(models: Models, model: Model, count: unknown): void {
  if (count === true) {
    for (const [key, { isList }] of model.relations) if (isList) follow(models, model, key)
    return
  }
  eachKey(count, (argument, selection) => {
    if (argument !== 'select') throw new IsolationError(`The scoped client does not know \`${argument}\` in _count.`)
    eachKey(selection, (key, value) => {
      const target = follow(models, model, key)
      eachKey(value, (name, where) => {
        if (name !== 'where') throw new IsolationError(`The scoped client does not know \`${name}\` in _count.`)
        checkWhere(models, target, where)
      })
    })
  })
}

function checkCursor(_models: Models, model: Model, cursor: unknown): void {
  eachKey(cursor, (key) => {
    if (model.columns.has(key) || model.uniqueKeys.has(key)) return
    throw new IsolationError(`The scoped client refuses a cursor by \`${key}\` (on ${model.name}).`)
  })
}

/** Scalars alone: a write through a relation is never bound to its owner, and could move a row to another user. */
function checkData(_models: Models, model: Model, data: unknown): void {
  eachKey(data, (key) => {
    if (!model.columns.has(key)) {
      throw new IsolationError(
        `The scoped client refuses nested writes and unknown fields: \`${key}\` (on ${model.name}).`,
      )
    }
  })
}

function follow(models: Models, model: Model, key: string): Model {
  const relation = model.relations.get(key)
  const target = relation?.owned ? models.get(relation.model) : undefined
  if (target) return target
  if (relation)
    throw new IsolationError(`The scoped client refuses ${model.name}.${key}: ${relation.model} is not owned.`)
  throw new IsolationError(`The scoped client does not know the field \`${key}\` of ${model.name}.`)
}

/** The keys of an object, or of each object in an array; a key whose value is undefined or false says nothing. */
function eachKey(value: unknown, visit: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) eachKey(item, visit)
    return
  }
  const object = plainObject(value)
  for (const key in object) if (object[key] !== undefined && object[key] !== false) visit(key, object[key])
}

/** Prisma also takes keys that an object inherits, and what its toJSON returns: neither would be seen by these checks. */
function plainObject(value: object): Args {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return value as Args // nothing but its own keys
  throw new IsolationError('The scoped client refuses arguments that are not plain objects.')
}
