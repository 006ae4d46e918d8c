import type { ScopedTx } from '../../platform/db/types.ts'

/**
 * Every key of the rings that an account has given up, as long as they are kept. Records may still name them; none of
 * them ever comes back into force, or what it encrypted would seem to be encrypted with the key in force.
 */
export async function formerKeyIds(db: Pick<ScopedTx, 'formerKeys'>, userId: string): Promise<string[]> {
  const former = await db.formerKeys.findMany({ where: { userId }, select: { keyIds: true } })
  return former.flatMap(({ keyIds }) => keyIdsIn(keyIds))
}

/** The key ids in the column of a row. */
export function keyIdsIn(text: string): string[] {
  const ids: unknown = JSON.parse(text)
  if (!Array.isArray(ids)) throw new Error('The key ids of given-up keys are no list.')
  return ids.map(String)
}
