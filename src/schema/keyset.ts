import { AppError } from '../errors.ts'
import { isUuid } from './node-id.ts'

export const DEFAULT_PAGE_SIZE = 20
export const MAX_PAGE_SIZE = 100

/** The arguments of a Relay connection. */
export type PageArgs = {
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}

/** Where a row stands in a list that is sorted by time and id. */
export type Position = { at: Date; id: string }

type Edge<Row> = { cursor: string; node: Row }
export type KeysetPage<Row> = {
  edges: Edge<Row>[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

/** What a list must fetch: up to `take` rows from `from` on (exclusive) towards `to`, the newest first or last. */
export type KeysetQuery = {
  take: number
  order: 'desc' | 'asc'
  olderThan: Position | null
  newerThan: Position | null
}

/**
 * Pages a newest-first list by position instead of by offset: a page costs the same however deep it lies, and a cursor
 * stays good when its row is deleted. `fetch` gets one row more than a page, which tells whether another follows.
 */
export async function keysetPage<Row>(
  args: PageArgs,
  positionOf: (row: Row) => Position,
  fetch: (query: KeysetQuery) => Promise<Row[]>,
): Promise<KeysetPage<Row>> {
  const { size, backwards } = sizeOf(args)
  const olderThan = args.after == null ? null : parseCursor('after', args.after)
  const newerThan = args.before == null ? null : parseCursor('before', args.before)
  const fetched = await fetch({ take: size + 1, order: backwards ? 'asc' : 'desc', olderThan, newerThan })
  const rows = fetched.slice(0, size)
  if (backwards) rows.reverse()
  const edges = rows.map((node) => new KeysetEdge(node, positionOf))
  const more = fetched.length > size
  return {
    edges,
    pageInfo: {
      hasNextPage: backwards ? newerThan !== null : more,
      hasPreviousPage: backwards ? more : olderThan !== null,
      get startCursor() {
        return edges[0]?.cursor ?? null
      },
      get endCursor() {
        return edges.at(-1)?.cursor ?? null
      },
    },
  }
}

// A cursor is made when it is asked for: most pages need the last one alone.
class KeysetEdge<Row> {
  readonly node: Row
  readonly #positionOf: (row: Row) => Position

  constructor(node: Row, positionOf: (row: Row) => Position) {
    this.node = node
    this.#positionOf = positionOf
  }

  get cursor(): string {
    return makeCursor(this.#positionOf(this.node))
  }
}

/** The condition on a time column and the id that a KeysetQuery stands for. The outer bound lets an index serve it. */
export function keysetWhere<Column extends string>(column: Column, { olderThan, newerThan }: KeysetQuery): object[] {
  const bounds: object[] = []
  if (olderThan)
    bounds.push({ [column]: { lte: olderThan.at } }, { NOT: { [column]: olderThan.at, id: { gte: olderThan.id } } })
  if (newerThan)
    bounds.push({ [column]: { gte: newerThan.at } }, { NOT: { [column]: newerThan.at, id: { lte: newerThan.id } } })
  return bounds
}

function sizeOf({ first, last }: PageArgs): { size: number; backwards: boolean } {
  if (first != null && last != null) throw new AppError('BAD_INPUT', 'Give first or last, not both.', { field: 'last' })
  const field = last != null ? 'last' : 'first'
  const size = last ?? first ?? DEFAULT_PAGE_SIZE
  if (size < 1 || size > MAX_PAGE_SIZE) {
    throw new AppError('BAD_INPUT', `${field}: a page has 1 to ${MAX_PAGE_SIZE} entries.`, {
      field,
      limit: MAX_PAGE_SIZE,
    })
  }
  return { size, backwards: last != null }
}

function makeCursor({ at, id }: Position): string {
  return Buffer.from(`${at.getTime()}.${id}`).toString('base64url')
}

function parseCursor(field: 'after' | 'before', cursor: string): Position {
  // Fourteen digits reach the year 5138; the databases disagree on years beyond 9999.
  const [, millis, id] = /^(\d{1,14})\.(.+)$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? []
  if (millis && id && isUuid(id)) return { at: new Date(Number(millis)), id }
  throw new AppError('BAD_INPUT', `${field}: not a cursor of this list. Give one that an answer held.`, { field })
}
