import type { Datamodel, Model } from '../../../../src/platform/db/models.ts'
import type { Client, World } from './world.ts'

export type Row = Record<string, unknown>

type ModelFields = Datamodel['models'][number]

/** Stands in every value of a user's row that is neither a key nor a reference: whoever sees it has seen the row. */
export const privateMark = (userId: string) => `private-${userId}`

/** A user's rows of a model, every column filled in: two, or one where the model holds one row for each user. */
export function rowsOf({ datamodel }: World, model: Model, userId: string): Row[] {
  const fields = fieldsOf(datamodel, model.name)
  const numbers = [...model.uniqueKeys.values()].some((key) => key.join() === 'userId') ? [1] : [1, 2]
  return numbers.map((number) =>
    Object.fromEntries(
      fields.fields.flatMap((field) => (field.column ? [[field.name, valueOf(fields, field, userId, number)]] : [])),
    ),
  )
}

function valueOf(
  model: ModelFields,
  { name, type }: ModelFields['fields'][number],
  userId: string,
  number: number,
): unknown {
  if (name === 'userId') return userId
  const relation = model.fields.find((field) => field.relation?.from.includes(name))
  if (relation?.type === model.name && number === 1) return null
  // Each row points at another where the relation is one to one.
  const isUnique = model.compoundKeys.some(({ fields }) => fields.includes(name))
  if (relation) return keyOf(relation.type, userId, isUnique ? number : 1)
  if (model.primaryKey.includes(name) && type === 'String') return keyOf(model.name, userId, number)
  const weight = userId.length * 1000 + number // another for each user of a test
  if (type === 'Int') return weight
  if (type === 'BigInt') return BigInt(weight)
  if (type === 'Boolean') return number === 2 // one of each: a column of two values may be unique for a user
  if (type === 'DateTime') return new Date(Date.UTC(2000 + userId.length, 0, number))
  if (type === 'String') return `${privateMark(userId)}-${name}-${number}`
  throw new Error(`These tests do not know how to fill in ${model.name}.${name} (${type}).`)
}

const keyOf = (model: string, userId: string, number: number) => `${model}-${userId}-${number}`

/** The owned models, each after those that it points at. */
export function ownedModels({ models, datamodel }: Pick<World, 'models' | 'datamodel'>): Model[] {
  const sorted: Model[] = []
  const place = (model: Model): void => {
    if (!model.owned || sorted.includes(model)) return
    for (const field of fieldsOf(datamodel, model.name).fields) {
      const target = field.relation?.from.length ? models.get(field.type) : undefined
      if (target && target !== model) place(target)
    }
    sorted.push(model)
  }
  for (const model of models.values()) place(model)
  return sorted
}

/** Gives a user all rows anew, as the server; the user is made where it is missing. */
export async function giveRows(world: World, userId: string): Promise<void> {
  const { server } = world
  await takeRows(world, userId)
  await call(server, 'user', 'upsert', {
    where: { id: userId },
    create: { id: userId, email: `${privateMark(userId)}@x.test` },
    update: {},
  })
  for (const model of ownedModels(world)) {
    await call(server, model.delegate, 'createMany', { data: rowsOf(world, model, userId) })
  }
}

/** Takes all rows of a user away, as the server; the user stays. */
export async function takeRows(world: World, userId: string): Promise<void> {
  for (const model of ownedModels(world).reverse())
    await call(world.server, model.delegate, 'deleteMany', { where: { userId } })
}

export function call(client: Client, delegate: string, operation: string, args?: unknown): Promise<unknown> {
  const run = client[delegate]?.[operation]
  if (!run) throw new Error(`No ${delegate}.${operation}.`)
  return run(args)
}

function fieldsOf({ models }: Datamodel, name: string): ModelFields {
  const model = models.find((candidate) => candidate.name === name)
  if (!model) throw new Error(`No model ${name}.`)
  return model
}
