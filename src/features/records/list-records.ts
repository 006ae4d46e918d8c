import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Prisma, Record } from '../../generated/sqlite/client.ts'
import { DEFAULT_PAGE_SIZE, keysetPage, keysetWhere } from '../../schema/keyset.ts'
import type { KeysetPage, PageArgs } from '../../schema/keyset.ts'
import { checkedCollection, checkedText } from './record-fields.ts'
import { searchForm } from './search-form.ts'
import type { RecordQuery } from './write-record.ts'

const MAX_SEARCH_LENGTH = 200

export type RecordFilter = {
  collection?: string | null | undefined
  titleContains?: string | null | undefined
  updatedSince?: Date | null | undefined
}

export type RecordPage = KeysetPage<Record> & { filter: Prisma.RecordWhereInput }

/** A page of the viewer's records, the newest first, over an index. */
export async function listRecords(
  context: Context,
  args: RecordFilter & PageArgs,
  query: RecordQuery,
): Promise<RecordPage> {
  const filter = filterOf(args)
  countLargeRows(context, args.last ?? args.first ?? DEFAULT_PAGE_SIZE, query)
  const page = await keysetPage(args, positionOf, ({ take, order, ...bounds }) =>
    context.db.record.findMany({
      ...query,
      where: { AND: [filter, ...keysetWhere('createdAt', { take, order, ...bounds })] },
      orderBy: [{ createdAt: order }, { id: order }],
      take,
    }),
  )
  return { ...page, filter }
}

const MAX_LARGE_ROWS = 200

/**
 * Counts rows whose contents one request asks for: TOO_LARGE past the limit. They may be 176 KiB each, and two full
 * pages of them are enough for any screen.
 */
export function countLargeRows(context: Context, rows: number, { select }: RecordQuery): void {
  if (!select.data && !select.secretSealed && !select.encryptedData) return
  context.largeRows += rows
  if (context.largeRows <= MAX_LARGE_ROWS) return
  const message = `One request answers at most ${MAX_LARGE_ROWS} records with their contents. Ask for fewer, or in several.`
  throw new AppError('TOO_LARGE', message, { field: 'first', limit: MAX_LARGE_ROWS })
}

/** How many of the viewer's records the filter of a page matches in all. */
export function countRecords({ db }: Context, { filter }: RecordPage): Promise<number> {
  return db.record.count({ where: filter })
}

function positionOf({ createdAt, id }: Record) {
  return { at: createdAt, id }
}

function filterOf({ collection, titleContains, updatedSince }: RecordFilter): Prisma.RecordWhereInput {
  refuseNull({ collection, titleContains, updatedSince })
  return {
    ...(collection != null && { collection: checkedCollection(collection) }),
    ...(titleContains != null && { titleSearch: { contains: searchForm(checkedSearch(titleContains)) } }),
    ...(updatedSince != null && { updatedAt: { gte: updatedSince } }),
  }
}

// A filter that came out as null by mistake must not mean "everything".
function refuseNull(filter: RecordFilter): void {
  for (const [field, value] of Object.entries(filter)) {
    if (value === null)
      throw new AppError('BAD_INPUT', `${field}: leave it out, or give a value; null is neither.`, { field })
  }
}

function checkedSearch(text: string): string {
  const field = 'titleContains'
  if (text.length > 0 && text.length <= MAX_SEARCH_LENGTH) return checkedText(field, text)
  throw new AppError('BAD_INPUT', `${field}: 1 to ${MAX_SEARCH_LENGTH} characters.`, {
    field,
    limit: MAX_SEARCH_LENGTH,
  })
}
