/** The models that belong to no single user, each with the reason. The scoped client refuses them all. */
export const SERVER_MODELS: Readonly<Record<string, string>> = {
  User: 'a person, who owns rows but is not one; features reach the viewer through the session',
  MagicLink: 'read before anybody is signed in',
  PasskeyChallenge: 'made before anybody is signed in',
  OutboxMessage: 'sealed, and read by the worker that sends it',
  ServerFact: 'what the server keeps about itself',
}

/** Owned models whose rows are never changed or removed for a user: a log that its subject could edit is no log. */
export const APPEND_ONLY_MODELS: readonly string[] = ['AuditEntry']

/** The data model as scripts/datamodel-generator.mjs writes it. */
export type Datamodel = { models: readonly DatamodelModel[] }

type DatamodelModel = {
  name: string
  table: string
  primaryKey: readonly string[]
  compoundKeys: readonly { name: string; fields: readonly string[] }[]
  fields: readonly DatamodelField[]
}

type DatamodelField = {
  name: string
  type: string
  isList: boolean
  isUnique: boolean
  column: string | null
  relation: { name: string; from: readonly string[]; to: readonly string[] } | null
}

/** One model, as the isolation needs to know it. */
export type Model = {
  name: string
  /** Its name on the client: 'auditEntry'. */
  delegate: string
  table: string
  /** Has a userId, and so rows that are each one user's. */
  owned: boolean
  appendOnly: boolean
  /** Scalar fields, with their columns. */
  columns: ReadonlyMap<string, string>
  primaryKey: readonly string[]
  /** What a unique `where` may name, with the fields behind it: id -> [id], userId_id -> [userId, id]. */
  uniqueKeys: ReadonlyMap<string, readonly string[]>
  relations: ReadonlyMap<string, Relation>
}

export type Relation = { model: string; isList: boolean; owned: boolean }

export type Models = ReadonlyMap<string, Model>

/**
 * Reads the data model. Throws for a model of which it is not said whose its rows are, and for a relation between two
 * owned models that could lead to another user's row.
 */
export function readModels({ models }: Datamodel): Models {
  const byName = new Map(models.map((model) => [model.name, model]))
  for (const model of models) checkModel(model, byName)
  return new Map(models.map((model) => [model.name, readModel(model, byName)]))
}

function checkModel(model: DatamodelModel, models: ReadonlyMap<string, DatamodelModel>): void {
  const listed = Object.hasOwn(SERVER_MODELS, model.name)
  if (!isOwned(model) && !listed) {
    throw new Error(
      `Whose are the rows of the model ${model.name}? Give it a userId, and each row is one user's; ` +
        'or name it in SERVER_MODELS (src/platform/db/models.ts), and only the server reaches it.',
    )
  }
  if (!isOwned(model)) return
  if (listed)
    throw new Error(`The model ${model.name} has a userId, and stands in SERVER_MODELS: it can only be one of the two.`)
  if (model.fields.find(({ name }) => name === 'userId')?.type !== 'String') {
    throw new Error(`The userId of the model ${model.name} must be a String: the id of a User.`)
  }
  for (const field of model.fields) checkRelation(model, field, models)
}

/** A relation between owned models: the database itself must refuse a row that points at another user's. */
function checkRelation(
  model: DatamodelModel,
  field: DatamodelField,
  models: ReadonlyMap<string, DatamodelModel>,
): void {
  const target = field.relation && models.get(field.type)
  if (!field.relation || !target || !isOwned(target)) return
  const { name, from, to } = field.relation
  const mend = 'Let it go over (userId, id) on both sides: fields: [userId, otherId], references: [userId, id].'
  if (from.length > 0) {
    const position = from.indexOf('userId')
    if (position >= 0 && to[position] === 'userId') return
    throw new Error(`The relation ${model.name}.${field.name} could point at another user's ${target.name}. ${mend}`)
  }
  const otherSide = target.fields.some((other) => other.relation?.name === name && other.relation.from.length > 0)
  if (!otherSide) {
    throw new Error(
      `The relation ${model.name}.${field.name} is kept in a table that has no userId. Make that table a model. ${mend}`,
    )
  }
}

function readModel(model: DatamodelModel, models: ReadonlyMap<string, DatamodelModel>): Model {
  const scalars = model.fields.filter(({ column }) => column !== null)
  const relations = model.fields.filter(({ relation }) => relation !== null)
  const singleKeys = scalars.filter(({ isUnique }) => isUnique).map(({ name }) => [name, [name]] as const)
  const targetIsOwned = (name: string) => isOwned(models.get(name) ?? { fields: [] })
  return {
    name: model.name,
    delegate: model.name.charAt(0).toLowerCase() + model.name.slice(1),
    table: model.table,
    owned: isOwned(model),
    appendOnly: APPEND_ONLY_MODELS.includes(model.name),
    columns: new Map(scalars.map(({ name, column }) => [name, column ?? name])),
    primaryKey: model.primaryKey,
    uniqueKeys: new Map([...singleKeys, ...model.compoundKeys.map(({ name, fields }) => [name, fields] as const)]),
    relations: new Map(
      relations.map(({ name, type, isList }) => [name, { model: type, isList, owned: targetIsOwned(type) }]),
    ),
  }
}

function isOwned({ fields }: Pick<DatamodelModel, 'fields'>): boolean {
  return fields.some(({ name, column }) => name === 'userId' && column !== null)
}
