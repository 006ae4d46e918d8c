import { checkArguments, IsolationError, type Args } from './check-arguments.ts'
import type { Model, Models } from './models.ts'

type Bind = (args: Args, userId: string) => Args

/**
 * The operations that are let through, and how each is bound to its owner. findUnique is not among them: Prisma puts
 * the findUniques of one tick into one query, across users, and sends it in the context of the first.
 */
const OPERATIONS: Readonly<Record<string, Bind>> = {
  findFirst: bindFind,
  findFirstOrThrow: bindFind,
  findMany: bindFind,
  count: bindFind,
  aggregate: bindFind,
  groupBy: bindWhere,
  create: bindCreate,
  createMany: bindCreate,
  createManyAndReturn: bindCreate,
  update: (args, userId) => ({ ...bindUniqueWhere(args, userId), data: keepOwner(args['data'], userId) }),
  updateMany: bindUpdateMany,
  updateManyAndReturn: bindUpdateMany,
  upsert: bindUpsert,
  delete: bindUniqueWhere,
  deleteMany: bindWhere,
}

const ON_APPEND_ONLY: readonly string[] = [
  'findFirst', 'findFirstOrThrow', 'findMany', 'count', 'aggregate', 'groupBy', 'create', 'createMany', 'createManyAndReturn',
] // prettier-ignore

/**
 * The arguments of an operation, bound to the user: the owner is a condition of whatever is read or changed, and the
 * owner of whatever is made. What is not known here, or could reach past the user's own rows, is refused.
 */
export function bindToOwner(models: Models, model: Model, operation: string, args: Args, userId: string): Args {
  const bind = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined
  if (!model.owned) throw new IsolationError(`The scoped client refuses ${model.name}: it is not owned.`)
  if (!bind) throw new IsolationError(`The scoped client refuses the operation ${operation} (on ${model.name}).`)
  if (model.appendOnly && !ON_APPEND_ONLY.includes(operation)) {
    throw new IsolationError(`The scoped client refuses ${operation} on ${model.name}: its rows are only added.`)
  }
  if (userId === '') throw new IsolationError(`No user: ${operation} on ${model.name}.`)
  checkArguments(models, model, args)
  return bind(args, userId)
}

/** ANDed, never spread: a condition that is put over another would replace it. */
function bindWhere(args: Args, userId: string): Args {
  const { where } = args
  return { ...args, where: where === undefined ? { userId } : { AND: [{ userId }, where] } }
}

/** A unique `where` keeps its keys at the top, where Prisma wants them. */
function bindUniqueWhere(args: Args, userId: string): Args {
  const where = isObject(args['where']) ? args['where'] : {}
  const conditions = where['AND'] === undefined ? [] : [where['AND']].flat()
  return { ...args, where: { ...where, AND: [{ userId }, ...conditions] } }
}

/** The cursor's row is looked up apart: by another's id it would tell where that row stands among the user's own. */
function bindFind(args: Args, userId: string): Args {
  const { cursor } = args
  return isObject(cursor)
    ? { ...bindWhere(args, userId), cursor: { ...cursor, userId: ownUserId(cursor, userId) } }
    : bindWhere(args, userId)
}

function bindCreate(args: Args, userId: string): Args {
  const { data } = args
  return { ...args, data: Array.isArray(data) ? data.map((row) => giveOwner(row, userId)) : giveOwner(data, userId) }
}

function bindUpdateMany(args: Args, userId: string): Args {
  return { ...bindWhere(args, userId), data: keepOwner(args['data'], userId) }
}

function bindUpsert(args: Args, userId: string): Args {
  const create = giveOwner(args['create'], userId)
  return { ...bindUniqueWhere(args, userId), create, update: keepOwner(args['update'], userId) }
}

function giveOwner(data: unknown, userId: string): Args {
  const row = isObject(data) ? data : {}
  return { ...row, userId: ownUserId(row, userId) }
}

function keepOwner(data: unknown, userId: string): Args {
  const row = isObject(data) ? data : {}
  ownUserId(row, userId)
  return row
}

function ownUserId(row: Args, userId: string): string {
  if (row['userId'] !== undefined && row['userId'] !== userId)
    throw new IsolationError("The scoped client refuses another user's userId.")
  return userId
}

function isObject(value: unknown): value is Args {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
