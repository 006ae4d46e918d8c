import { defaultFieldResolver, isObjectType } from 'graphql'
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql'
import { getGraphQLRateLimiter } from 'graphql-rate-limit'
import { AppError } from '../errors.ts'
import { DOCUMENTED_LIMITS, EVERY_FIELD } from '../features/limits.ts'
import type { FieldLimitName } from '../features/limits.ts'
import { LimiterUnavailableError } from '../platform/limits/limiter.ts'
import type { Taken } from '../platform/limits/limiter.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Caller, Limits } from '../platform/limits/limits.ts'

export type { FieldLimitName } from '../features/limits.ts'

type Args = Record<string, unknown>

/** What a limit reads from a field's arguments, as they came: before ids are decoded, or anything is checked. */
export type FieldLimitOptions = {
  /** The canonical mail address; needed where the limit has a row by address. Null where a call names none. */
  address?: (args: Args) => string | null
  /** How many calls this one counts as; 1 unless told. */
  cost?: (args: Args) => number
  /**
   * `allowed`: a call that its session's level does not allow counts in the network's row alone. For limits by user on
   * what a weaker session may not do: whoever holds a stolen one would use up the calls of the owner.
   */
  countsWhen?: 'asked' | 'allowed'
}

/** What a limited field needs of the context. */
export type LimitedContext = {
  services: { limits: Limits; metrics: Pick<Metrics, 'rateLimited'> }
  viewer: { user: { id: string }; session: { id: string } } | null
  origin: { ipAddress: string | null }
  /** The id of this browser, where it has signed in with the address before. */
  deviceIdFor(address: string): Promise<string | null>
  /** What the limits said to this request, for `rateLimitHeaders`. */
  limitsTaken: Taken[]
}

type FieldLimit<TContext = LimitedContext> = FieldLimitOptions & {
  name: FieldLimitName
  /** Throws unless the caller has proved what the field asks for; run before the count where `countsWhen` is `allowed`. */
  expectAllowed?: ((context: TContext) => unknown) | undefined
}

/** The arguments of `@rateLimit` for a limit: the production numbers of its tightest row. */
export function limitDirective(name: FieldLimitName): { max: number; window: string } {
  const [tightest] = rowsOf(name).toSorted((a, b) => a.max / a.windowMs - b.max / b.windowMs)
  if (!tightest) throw new Error(`There is no limit named ${name}.`)
  return { max: tightest.max, window: tightest.window }
}

/** The field's `extensions` by which `withRateLimits` finds its limit. */
export function limitExtension<TContext = LimitedContext>(
  name: FieldLimitName,
  options: Omit<FieldLimit<TContext>, 'name'> = {},
): { rateLimit: FieldLimit<TContext> } {
  if (!options.address && rowsOf(name).some(({ by }) => by === 'address'))
    throw new Error(`The limit ${name} needs to know the address.`)
  if (options.countsWhen === 'allowed' && !options.expectAllowed)
    throw new Error(`The limit ${name} counts what is allowed, so the field must ask for a level.`)
  return { rateLimit: { ...options, name } }
}

function rowsOf(name: FieldLimitName) {
  return DOCUMENTED_LIMITS.filter(({ group }) => group === name)
}

/**
 * Puts each field's limit around its resolver, outermost: a call counts before it is authorised, unless its field says
 * otherwise (`countsWhen`), and each alias is a call. Of a subscription its beginning counts, and not what it gives. Throws for a root field without a
 * limit. Changes the schema that it is given, and returns it.
 */
export function withRateLimits(schema: GraphQLSchema): GraphQLSchema {
  const subscriptions = schema.getSubscriptionType()
  const roots = [schema.getQueryType(), schema.getMutationType(), subscriptions]
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      // limitExtension alone writes this key.
      const limit = field.extensions['rateLimit'] as FieldLimit | undefined
      if (limit && type === subscriptions) {
        if (!field.subscribe) throw new Error(`${type.name}.${field.name} has nothing that begins it.`)
        field.subscribe = limitedResolver(limit, field.subscribe)
      } else if (limit) field.resolve = limitedResolver(limit, field.resolve ?? defaultFieldResolver)
      else if (roots.includes(type))
        throw new Error(
          `${type.name}.${field.name} has no limit. Name one of features/limits.ts: guarded('${type.name}.${field.name}', { limit: '...' }).`,
        )
    }
  }
  return schema
}

type Resolver = GraphQLFieldResolver<unknown, LimitedContext>

function limitedResolver(limit: FieldLimit, resolve: Resolver): Resolver {
  return async (parent, args: Args, context, info) => {
    const caller = callerOf(context)
    try {
      if (limit.countsWhen === 'allowed') limit.expectAllowed?.(context)
      caller.address = limit.address?.(args)
      if (caller.address) caller.deviceId = (await context.deviceIdFor(caller.address)) ?? undefined
    } catch (error) {
      await takeTicket({ context, name: EVERY_FIELD, caller, cost: 1 }, args, info)
      throw error
    }
    await takeTicket({ context, name: limit.name, caller, cost: Math.max(1, limit.cost?.(args) ?? 1) }, args, info)
    return resolve(parent, args, context, info)
  }
}

function callerOf({ viewer, origin }: LimitedContext): Caller {
  return { ipAddress: origin.ipAddress, userId: viewer?.user.id, sessionId: viewer?.session.id }
}

/** One call on its way through graphql-rate-limit, which hands its store a string and nothing else. */
type Ticket = { context: LimitedContext; name: string; caller: Caller; cost: number; taken?: Taken }

const tickets = new Map<string, Ticket>()
let ticketsMade = 0

/*
 * graphql-rate-limit reads a list of calls, decides, and writes the list back: calls that come together all read the
 * same list, and all pass. So the reading here is the deciding: it reserves in all buckets at once, by the one
 * atomic limiter, and answers with an empty list or with one call that fills a maximum of one. Nothing is written back.
 */
const checkTicket = getGraphQLRateLimiter({
  identifyContext: (ticketId: string) => ticketId,
  store: {
    getForIdentity: async ({ contextIdentity }) => {
      const ticket = tickets.get(contextIdentity)
      if (!ticket) throw new Error('A call came to the limits without its ticket.')
      ticket.taken = await ticket.context.services.limits.take(ticket.name, ticket.caller, ticket.cost)
      return ticket.taken.allowed ? [] : [Number.POSITIVE_INFINITY]
    },
    setForIdentity: () => {},
  },
})

async function takeTicket(ticket: Ticket, args: Args, info: Parameters<Resolver>[3]): Promise<void> {
  const ticketId = String((ticketsMade += 1))
  tickets.set(ticketId, ticket)
  try {
    const refused = await checkTicket({ parent: null, args, context: ticketId, info }, { max: 1, message: 'refused' })
    if (ticket.taken) ticket.context.limitsTaken.push(ticket.taken)
    if (refused || !ticket.taken?.allowed) {
      ticket.context.services.metrics.rateLimited(ticket.name)
      throw refusal(ticket)
    }
  } catch (error) {
    if (!(error instanceof LimiterUnavailableError)) throw error
    throw new AppError(
      'UNAVAILABLE',
      'The server cannot count its limits just now, so it did nothing. Try again in a minute.',
    )
  } finally {
    tickets.delete(ticketId)
  }
}

function refusal({ taken, cost }: Ticket): Error {
  if (!taken) return new Error('A call was refused without being counted.')
  const most = Math.min(...taken.states.map(({ max }) => max))
  if (cost > most) return new AppError('TOO_LARGE', `Too many at once: at most ${most}.`, { limit: most })
  const retryAfter = wholeSeconds(taken.retryAfterMs)
  return new AppError('RATE_LIMITED', `Too many requests. Try again in ${inWords(retryAfter)}.`, { retryAfter })
}

/**
 * The headers of an answer, from all that the limits said to its request: where the tightest bucket stands, and after
 * a refusal when to come back. Empty when nothing was counted.
 */
export function rateLimitHeaders(taken: readonly Taken[]): Record<string, string> {
  const [tightest] = taken
    .flatMap(({ states }) => states)
    .sort((a, b) => a.remaining - b.remaining || b.resetMs - a.resetMs)
  if (!tightest) return {}
  const wait = Math.max(...taken.map(({ retryAfterMs }) => retryAfterMs))
  return {
    'RateLimit-Limit': String(tightest.max),
    'RateLimit-Remaining': String(tightest.remaining),
    'RateLimit-Reset': String(wholeSeconds(tightest.resetMs)),
    ...(wait > 0 && { 'Retry-After': String(wholeSeconds(wait)) }),
  }
}

function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000)
}

function inWords(seconds: number): string {
  const [count, unit] = seconds <= 90 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
