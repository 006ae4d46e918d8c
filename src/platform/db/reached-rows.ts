import type { Args } from './check-arguments.ts'
import type { Model, Models } from './models.ts'

/** Rows of one model that a query has reached. */
export type Reached = { model: Model; ids: string[]; count: number }

/** A query's arguments, and how to tell from its result which rows were reached, in relations too. */
export type Watched = {
  args: Args
  /** The model's own rows first. Takes out of the rows what was selected for this purpose alone. */
  reached(result: unknown): [Reached, ...Reached[]]
}

/** Sees to it that the rows of a result tell their ids, even where the caller did not select them. */
export function watchRows(models: Models, model: Model, args: Args): Watched {
  const plan = planSelection(models, model, args)
  return {
    args: plan.args,
    reached(result) {
      const own: Reached = { model, ids: [], count: 0 }
      const nested = new Map<string, Reached>()
      for (const row of rowsOf(result)) collect(plan, row, own, nested)
      return [own, ...nested.values()]
    },
  }
}

/** The key of a row without the user's part of it, which says nothing; a row whose key is its user is named by the user. */
export function keyFields({ primaryKey }: Model): readonly string[] {
  const rest = primaryKey.filter((field) => field !== 'userId')
  return rest.length > 0 ? rest : primaryKey
}

export function selectKey(model: Model): Record<string, true> {
  return Object.fromEntries(keyFields(model).map((field) => [field, true as const]))
}

type Plan = {
  args: Args
  model: Model
  key: readonly string[]
  /** Selected for the sake of the id alone. */
  hidden: readonly string[]
  relations: readonly { name: string; plan: Plan }[]
  counts: readonly { name: string; model: Model }[]
}

function planSelection(models: Models, model: Model, args: Args): Plan {
  const { select, include, omit } = args
  const key = keyFields(model)
  if (isObject(select)) {
    const hidden = key.filter((field) => select[field] !== true)
    const nested = planRelations(models, model, select)
    return {
      model,
      key,
      hidden,
      ...nested,
      args: { ...args, select: { ...select, ...nested.selection, ...allTrue(hidden) } },
    }
  }
  const hidden = isObject(omit) ? key.filter((field) => omit[field] === true) : []
  const shown = hidden.length > 0 ? { omit: { ...(omit as Args), ...allFalse(hidden) } } : {} // an object: see the line above
  if (!isObject(include)) return { model, key, hidden, relations: [], counts: [], args: { ...args, ...shown } }
  const nested = planRelations(models, model, include)
  return { model, key, hidden, ...nested, args: { ...args, ...shown, include: { ...include, ...nested.selection } } }
}

function planRelations(models: Models, model: Model, selection: Args) {
  const planned: Record<string, Args> = {}
  const relations: { name: string; plan: Plan }[] = []
  for (const [name, value] of Object.entries(selection)) {
    const target = value ? ownedTarget(models, model, name) : undefined
    if (!target) continue
    const plan = planSelection(models, target, isObject(value) ? value : {})
    relations.push({ name, plan })
    planned[name] = plan.args
  }
  return { relations, counts: countedRelations(models, model, selection['_count']), selection: planned }
}

function countedRelations(models: Models, model: Model, count: unknown): Plan['counts'] {
  const names =
    isObject(count) && isObject(count['select'])
      ? Object.keys(count['select'])
      : count
        ? [...model.relations.keys()]
        : []
  return names.flatMap((name) => {
    const target = ownedTarget(models, model, name)
    return target ? [{ name, model: target }] : []
  })
}

function ownedTarget(models: Models, model: Model, name: string): Model | undefined {
  const relation = model.relations.get(name)
  return relation?.owned ? models.get(relation.model) : undefined
}

function collect(plan: Plan, row: Record<string, unknown>, into: Reached, nested: Map<string, Reached>): void {
  into.ids.push(plan.key.map((field) => String(row[field])).join(','))
  into.count++
  for (const field of plan.hidden) delete row[field]
  for (const { name, plan: inner } of plan.relations) {
    for (const innerRow of rowsOf(row[name])) collect(inner, innerRow, entry(nested, inner.model), nested)
  }
  const counts = row['_count']
  if (isObject(counts))
    for (const { name, model } of plan.counts) entry(nested, model).count += Number(counts[name] ?? 0)
}

function entry(nested: Map<string, Reached>, model: Model): Reached {
  const known = nested.get(model.name) ?? { model, ids: [], count: 0 }
  nested.set(model.name, known)
  return known
}

function rowsOf(result: unknown): Record<string, unknown>[] {
  const list: unknown[] = Array.isArray(result) ? result : [result]
  return list.filter(isRow)
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isObject(value: unknown): value is Args {
  return isRow(value) && !Array.isArray(value)
}

const allTrue = (fields: readonly string[]) => Object.fromEntries(fields.map((field) => [field, true]))
const allFalse = (fields: readonly string[]) => Object.fromEntries(fields.map((field) => [field, false]))
