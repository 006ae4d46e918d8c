import type { Prisma } from '../../generated/sqlite/client.ts'
import { bindToOwner } from './bind-to-owner.ts'
import { IsolationError, type Args } from './check-arguments.ts'
import type { Model, Models } from './models.ts'
import { userInForce } from './row-security.ts'
import { read, READS, type Call } from './scoped-reads.ts'
import { write, WRITES, type Written } from './scoped-writes.ts'
import type { AccessLog, ScopedDb, SystemDb } from './types.ts'

/** The Prisma client, or one of its transactions. Nothing that leaves this file leads to one. */
type Unbound = object

type Scope = {
  client: SystemDb
  models: Models
  /** The owned models by the names of their delegates. */
  owned: ReadonlyMap<string, Model>
  userId: string
  accessLog: AccessLog
}

/** An open transaction. The lines for the security log wait here, and are inserted together before it commits. */
type Open = {
  client: Unbound
  rows: Prisma.AuditEntryCreateManyInput[]
  running: Set<Promise<unknown>>
  ended: boolean
}

type Run = (model: Model, operation: string, args: Args) => Promise<unknown>

/**
 * Makes the client that a request holds: a light object for one user, with the operations of owned models alone, each
 * bound to the user before Prisma sees it. On PostgreSQL the Prisma client must work over a ScopedPool, whose
 * connections follow the same user. It is not an extension of Prisma's, which costs every query a fifth more.
 */
export function makeScope(client: SystemDb, models: Models): (userId: string, accessLog: AccessLog) => ScopedDb {
  const owned = new Map([...models.values()].filter((model) => model.owned).map((model) => [model.delegate, model]))
  const members = new Set([...owned.keys(), '$transaction'])
  return (userId, accessLog) => {
    if (typeof userId !== 'string' || userId === '') throw new IsolationError('A scope needs a user.')
    const scope: Scope = { client, models, owned, userId, accessLog }
    const run: Run = (...call) => runAlone(scope, ...call)
    const $transaction = (steps: unknown) => runSteps(scope, steps)
    // It has what the type names, and nothing else.
    return closed('db', members, (name) =>
      name === '$transaction' ? $transaction : delegateOf(owned, name, run),
    ) as ScopedDb
  }
}

function runAlone(scope: Scope, model: Model, operation: string, args: Args): Promise<unknown> {
  const call = callOn(scope, scope.client)
  const reads = READS.get(operation)
  if (reads) return read(reads, call, scope.models, model, args, scope.accessLog)
  if (model.appendOnly) return call(model, operation, args) // the log itself: of writing it there is no log
  return transact(scope, (open) => runWithin(scope, open, model, operation, args))
}

function runWithin(scope: Scope, open: Open, model: Model, operation: string, args: Args): Promise<unknown> {
  const call = callOn(scope, open.client)
  const reads = READS.get(operation)
  if (open.ended) return Promise.reject(new IsolationError(`The transaction has ended: ${operation} on ${model.name}.`))
  if (reads) return read(reads, call, scope.models, model, args, scope.accessLog)
  if (model.appendOnly) return call(model, operation, args)
  const running = write(operation, call, scope.models, model, args, scope.accessLog).then((written) =>
    keepLine(scope, open, written),
  )
  open.running.add(running)
  const done = () => open.running.delete(running)
  running.then(done, done)
  return running
}

/** A write that has reached nothing leaves no line. */
function keepLine({ accessLog, userId }: Scope, open: Open, { access, result }: Written): unknown {
  const row = access.count > 0 ? accessLog.wrote(access) : null
  if (row) open.rows.push({ ...row, userId })
  return result
}

async function runSteps(scope: Scope, steps: unknown): Promise<unknown> {
  if (typeof steps !== 'function') {
    throw new IsolationError('A scoped $transaction takes a function: a list of queries is refused.')
  }
  return transact(scope, async (open) => {
    const run: Run = (...call) => runWithin(scope, open, ...call)
    const tx = closed('tx', new Set(scope.owned.keys()), (name) => delegateOf(scope.owned, name, run))
    return (await steps(tx)) as unknown
  })
}

/** Runs the steps in one transaction; what they write, and the lines that tell of it, are committed together or not at all. */
function transact(scope: Scope, steps: (open: Open) => Promise<unknown>): Promise<unknown> {
  return inForce(scope, () =>
    scope.client.$transaction(async (client) => {
      const open: Open = { client, rows: [], running: new Set(), ended: false }
      const result = await steps(open)
      // A write that nobody has waited for must not slip in between its line and the commit.
      while (open.running.size > 0) await Promise.allSettled(open.running)
      open.ended = true
      if (open.rows.length > 0) await client.auditEntry.createMany({ data: open.rows })
      return result
    }),
  )
}

function callOn(scope: Scope, client: Unbound): Call {
  return (model, operation, args) =>
    inForce(scope, () => {
      const bound = bindToOwner(scope.models, model, operation, args, scope.userId)
      return sendTo(client, model.delegate, operation, bound)
    })
}

function sendTo(client: Unbound, delegate: string, operation: string, args: Args): PromiseLike<unknown> {
  // Prisma makes a delegate for each model, with a method for each operation that stands in READS and WRITES.
  const operations = (client as Record<string, Record<string, (args: Args) => PromiseLike<unknown>>>)[delegate]
  const send = operations?.[operation]
  if (!send) throw new Error(`The client has no ${delegate}.${operation}.`)
  return send(args)
}

/** Prisma sends a query when somebody waits for it: that must happen here, while the user is in force. */
function inForce({ userId }: Scope, query: () => PromiseLike<unknown>): Promise<unknown> {
  return userInForce.run({ userId }, async () => await query())
}

const OPERATIONS: ReadonlySet<string> = new Set([...READS.keys(), ...WRITES.keys()])

function delegateOf(owned: ReadonlyMap<string, Model>, name: string, run: Run): object {
  const model = owned.get(name)
  if (!model) throw new IsolationError(`The scoped client refuses ${name}: it is not owned.`)
  const bindRun =
    (operation: string) =>
    (args: Args = {}) =>
      run(model, operation, args)
  return closed(`db.${name}`, OPERATIONS, bindRun)
}

/** An object that has these members, is never changed, and says so when anything else is asked of it. */
function closed(name: string, members: ReadonlySet<string>, make: (member: string) => unknown): object {
  return new Proxy(Object.create(null) as object, {
    get(_target, property) {
      if (typeof property === 'string' && members.has(property)) return make(property)
      // Asked by `await`, by JSON.stringify and by the console of anything at all.
      if (typeof property === 'symbol' || property === 'then' || property === 'toJSON') return undefined
      throw new IsolationError(
        `There is no \`${name}.${property}\`: a scope has owned models, their operations and $transaction(steps).`,
      )
    },
    has: (_target, property) => typeof property === 'string' && members.has(property),
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  })
}
