import type { Model, Models } from '../../../../src/platform/db/models.ts'
import type { Row } from './rows.ts'

/** What an attack knows: the rows of both users, as they were made, and whose they are. */
export type Target = { models: Models; model: Model; mine: Row; theirs: Row; me: string; them: string }

export const READS = [
  'findMany',
  'findFirst',
  'findFirstOrThrow',
  'findUnique',
  'findUniqueOrThrow',
  'count',
  'aggregate',
  'groupBy',
] as const
export const WRITES = [
  'create', 'createMany', 'createManyAndReturn', 'update', 'updateMany', 'updateManyAndReturn', 'upsert', 'delete', 'deleteMany',
] as const // prettier-ignore

export type Operation = (typeof READS)[number] | (typeof WRITES)[number]

/** All ways that are tried to reach another user's rows by one operation. */
export function attacks(operation: Operation, target: Target): Row[] {
  const wheres = conditions(target)
  const uniques = uniqueConditions(target)
  switch (operation) {
    case 'findMany':
    case 'findFirst':
    case 'findFirstOrThrow':
      return [...wheres.map((where) => ({ where })), ...relationReads(target), ...orders(target), ...cursors(target)]
    case 'findUnique':
    case 'findUniqueOrThrow':
      return [
        ...[...uniques, ...operators(target)].map((where) => ({ where })),
        ...relationReads(target).map((read) => ({ ...read, where: own(target) })),
      ]
    case 'count':
      return [{}, ...wheres.map((where) => ({ where })), ...cursors(target), { select: { _all: true, userId: true } }]
    case 'aggregate':
      return [{}, ...wheres.map((where) => ({ where })), ...cursors(target)].map((args) => ({
        ...args,
        ...aggregates(target),
      }))
    case 'groupBy':
      return groups(target, wheres)
    case 'create':
      return newRows(target).map((data) => ({ data }))
    case 'createMany':
    case 'createManyAndReturn':
      return newRows(target).flatMap((data) => [{ data }, { data: [data, { ...data, userId: target.them }] }])
    case 'update':
      return [
        ...uniques.map((where) => ({ where, data: changes(target)[0] })),
        ...changes(target).map((data) => ({ where: own(target), data })),
      ]
    case 'updateMany':
    case 'updateManyAndReturn':
      return [
        ...wheres.map((where) => ({ where, data: changes(target)[0] })),
        ...changes(target).map((data) => ({ data })),
      ]
    case 'upsert':
      return [
        ...uniques.flatMap((where) => newRows(target).slice(0, 3).map((create) => ({ where, create, update: changes(target)[0] }))),
        ...changes(target).map((update) => ({ where: own(target), create: target.mine, update })),
        ...newRows(target).map((create) => ({ where: uniques[0], create, update: {} })),
      ] // prettier-ignore
    case 'delete':
      return [
        ...uniques.map((where) => ({ where })),
        ...relationReads(target).map((read) => ({ ...read, where: uniques[0] })),
      ]
    case 'deleteMany':
      return [{}, ...wheres.map((where) => ({ where })), { where: {}, limit: 100 }]
  }
}

/** Operators, logic and relation paths that try to get around a condition on userId. */
function conditions(target: Target): Row[] {
  const { model, theirs, me, them } = target
  return [
    {},
    ...[...model.columns.keys()].map((field) => ({ [field]: theirs[field] })),
    { userId: { not: '' } }, { userId: { not: me } }, { userId: { in: [me, them] } }, { userId: { startsWith: '' } },
    { OR: [{ userId: them }, { userId: me }] }, { OR: [{}] }, { OR: [] }, { AND: [{ userId: them }] }, { AND: [] }, { AND: { OR: [{ userId: them }] } },
    { NOT: { userId: me } }, { NOT: [{ userId: me }] }, { NOT: [] }, { NOT: { NOT: { userId: them } } },
    JSON.parse(`{"__proto__": {"userId": "${them}"}}`) as Row, Object.create({ userId: them }) as Row,
    { toJSON: () => ({}) }, { __prismaRawParameters__: true, values: '{}' },
    ...[...model.relations].flatMap(([name, relation]) => relationConditions(target, name, relation.isList)),
  ] // prettier-ignore
}

function relationConditions({ them, me }: Target, name: string, isList: boolean): Row[] {
  const theirs = [
    {},
    { id: them },
    { id: { not: me } },
    { userId: them },
    { NOT: { userId: me } },
    { OR: [{ userId: them }] },
  ]
  const filters = isList ? ['some', 'every', 'none'] : ['is', 'isNot']
  const through = theirs.flatMap((where) => filters.map((filter) => ({ [name]: { [filter]: where } })))
  return isList ? through : [...through, ...theirs.map((where) => ({ [name]: where })), { [name]: { isNot: null } }]
}

/** Each key of the other's row, named rightly and with one part of one's own, alone and with more beside it. */
function uniqueConditions({ model, theirs, me, them }: Target): Row[] {
  return [...model.uniqueKeys].flatMap(([name, fields]) => {
    const named = keyOf(name, fields, theirs)
    const mixed = keyOf(name, fields, { ...theirs, userId: me })
    return [
      named,
      mixed,
      { ...named, userId: them },
      { ...named, OR: [{ userId: them }] },
      { ...named, AND: { userId: them } },
      { ...named, NOT: { userId: me } },
    ]
  })
}

/** Keys that are no keys: as a condition of findFirst they would find whatever comes first. */
function operators({ model, theirs }: Target): Row[] {
  return [...model.uniqueKeys].flatMap(([name, fields]) =>
    [{ not: '' }, undefined, null].map((value) =>
      keyOf(
        name,
        fields,
        Object.fromEntries(fields.map((field) => [field, field === 'userId' ? theirs[field] : value])),
      ),
    ),
  )
}

function own({ model, mine }: Target): Row {
  const [name = '', fields = []] = [...model.uniqueKeys][0] ?? []
  return keyOf(name, fields, mine)
}

function keyOf(name: string, fields: readonly string[], row: Row): Row {
  if (fields.length === 1 && fields[0] === name) return { [name]: row[name] }
  return { [name]: Object.fromEntries(fields.map((field) => [field, row[field]])) }
}

/** Every relation path of two steps, by include, by select, and counted. */
function relationReads({ models, model }: Target): Row[] {
  const paths = [...model.relations].flatMap(([name, { model: next }]) => {
    const inner = [...(models.get(next)?.relations.keys() ?? [])]
    return [
      { [name]: true },
      ...inner.flatMap((step) => [
        { [name]: { include: { [step]: true } } },
        { [name]: { select: { [step]: true, _count: true } } },
      ]),
    ]
  })
  const counts = [
    { _count: true },
    { _count: { select: Object.fromEntries([...model.relations.keys()].map((name) => [name, true])) } },
  ]
  return [...paths, ...counts].flatMap((selection) => [{ include: selection }, { select: selection }])
}

function orders({ model }: Target): Row[] {
  const byRelation = [...model.relations].flatMap(([name, { isList }]): Row[] =>
    isList ? [{ [name]: { _count: 'asc' } }] : [{ [name]: { id: 'asc' } }, { [name]: { userId: 'desc' } }],
  )
  return [...[...model.columns.keys()].map((field) => ({ [field]: 'desc' })), ...byRelation].flatMap((orderBy) => [
    { orderBy },
    { orderBy: [orderBy], take: -1 },
    { orderBy, skip: 1 },
  ])
}

/** By another's row as the cursor: whether and which of one's own rows follow would tell what stands in it. */
function cursors(target: Target): Row[] {
  const { model, theirs } = target
  const named = [...model.uniqueKeys].map(([name, fields]) => keyOf(name, fields, theirs))
  const pages = (cursor: Row, order: Row) => [
    { cursor, ...order },
    { cursor, ...order, take: -5 },
  ]
  return [
    ...uniqueConditions(target).flatMap((cursor) => [...pages(cursor, {}), { cursor, distinct: ['userId'] }]),
    ...named.flatMap((cursor) => [...model.columns.keys()].flatMap((field) => ['asc', 'desc'].flatMap((order) => pages(cursor, { orderBy: { [field]: order } })))),
  ] // prettier-ignore
}

function aggregates({ model }: Target): Row {
  const all = Object.fromEntries([...model.columns.keys()].map((field) => [field, true]))
  const { userId, ...rest } = all
  const comparable = Object.fromEntries(
    Object.keys(rest)
      .filter((field) => field !== 'remembered' && field !== 'success')
      .map((field) => [field, true]),
  )
  return { _count: { _all: true, ...all }, _min: { userId, ...comparable }, _max: { userId, ...comparable } }
}

function groups({ model, them, me }: Target, wheres: readonly Row[]): Row[] {
  const havings = [
    { userId: them },
    { userId: { not: me } },
    { OR: [{ userId: them }] },
    { NOT: { userId: me } },
    { userId: { _count: { gt: 0 } } },
  ]
  return [
    ...[...model.columns.keys()].map((field) => ({ by: [field], _count: true })),
    ...wheres.map((where) => ({ by: ['userId'], where, _count: true })),
    ...havings.map((having) => ({ by: ['userId'], having, _max: { userId: true } })),
  ]
}

/** Rows for the other user, over the other's key, pointing at the other's rows, or written through a relation. */
function newRows(target: Target): Row[] {
  const { model, mine, theirs, them } = target
  const key = Object.fromEntries(model.primaryKey.map((field) => [field, theirs[field]]))
  const { userId: _mine, ...withoutUser } = mine
  return [
    { ...mine, userId: them }, { ...mine, ...key }, { ...mine, ...key, userId: mine['userId'] }, { ...withoutUser, userId: null },
    { ...withoutUser, user: { connect: { id: them } } }, Object.assign(Object.create({ userId: them }) as Row, withoutUser),
    ...changes(target).map((change) => ({ ...mine, ...change })),
  ] // prettier-ignore
}

function changes(target: Target): Row[] {
  const { model, theirs, them } = target
  const harmless =
    [...model.columns.keys()].find(
      (field) => field !== 'userId' && !model.uniqueKeys.has(field) && !isReference(target, field),
    ) ?? 'userId'
  return [
    { [harmless]: typeof theirs[harmless] === 'number' ? 1 : theirs[harmless] instanceof Date ? new Date(0) : 'changed' },
    { userId: them }, { userId: { set: them } },
    ...model.primaryKey.map((field) => ({ [field]: theirs[field] })),
    ...[...model.columns.keys()].filter((field) => isReference(target, field)).map((field) => ({ [field]: theirs[field] })),
    ...[...model.relations].flatMap(([name, relation]) => nestedWrites(target, name, relation.model)),
  ] // prettier-ignore
}

function nestedWrites({ models, theirs, them }: Target, name: string, targetName: string): Row[] {
  const target = models.get(targetName)
  const key = target?.owned
    ? { userId_id: { userId: them, id: `${targetName}-${them}-1` }, id: `${targetName}-${them}-1` }
    : { id: theirs['userId'] }
  const forms = [
    { connect: key }, { set: [key] }, { disconnect: true }, { delete: true }, { deleteMany: {} }, { updateMany: { where: {}, data: { userId: them } } },
    { update: { email: 'taken@x.test' } }, { update: { where: key, data: { name: 'taken' } } }, { create: { ...key, userId: them } }, { connectOrCreate: { where: key, create: key } },
  ] // prettier-ignore
  return forms.map((form) => ({ [name]: form }))
}

function isReference({ model, theirs }: Target, field: string): boolean {
  const value = theirs[field]
  return !model.primaryKey.includes(field) && typeof value === 'string' && /^[A-Z]\w+-.+-1$/.test(value)
}
