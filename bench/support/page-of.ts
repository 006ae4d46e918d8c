import type { Access } from '../../src/platform/db/types.ts'
import type { ScopeToUser } from './reach.ts'
import { idOf } from './seed.ts'

const TAKE = 21

/** Reads the newest records of the nth user, as the page does. Throws when they are not those, or are not logged. */
export function pageOf(scopeToUser: ScopeToUser): (user: number) => Promise<void> {
  return async (user) => {
    const reads: Access[] = []
    const log = { read: (access: Access) => void reads.push(access), wrote: () => null }
    const userId = idOf('user', user)
    const rows = await scopeToUser(userId, log).record.findMany({
      select: SELECT,
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: TAKE,
    })
    const isRight = rows.length === TAKE && rows.every((row) => row.userId === userId) && reads[0]?.count === TAKE
    if (!isRight) throw new Error(`Expected ${TAKE} records of the user and a line of the log, got ${rows.length}.`)
  }
}

const SELECT = {
  id: true,
  userId: true,
  collection: true,
  title: true,
  data: true,
  revision: true,
  createdAt: true,
  updatedAt: true,
} as const
