import { builder } from './builder.ts'
import { MAX_PAGE_SIZE } from './keyset.ts'

/** The arguments of every connection, as the Relay specification names them. */
export const pageArgs = builder.args((t) => ({
  first: t.int({
    description: `How many entries to answer, from the newest on: 1 to ${MAX_PAGE_SIZE}, 20 unless told.`,
  }),
  after: t.string({ description: 'Only what comes after this cursor, which is older.' }),
  last: t.int({
    description: `How many entries to answer, from the end on: 1 to ${MAX_PAGE_SIZE}. Not together with first.`,
  }),
  before: t.string({ description: 'Only what comes before this cursor, which is newer.' }),
}))
