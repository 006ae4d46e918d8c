import { isUniqueViolation } from '../db/errors.ts'
import type { SystemDb } from '../db/types.ts'
import { equalSecrets } from './tokens.ts'
import type { Keyring } from './keyring.ts'

const CHECKED_TEXT = 'latchkey'

/**
 * Holds each server key against the check value that its first start left in the database, so that a wrong key is told
 * as such at the start and not as damaged rows later. A key that is new leaves its check value.
 */
export async function checkKeys(systemDb: SystemDb, keys: Keyring): Promise<void> {
  const missing = await keysThatAreGone(systemDb, keys)
  if (missing.length > 0) throw new MissingKeyError(missing)
  for (const id of keys.ids) {
    const value = checkValue(keys, id)
    if (!equalSecrets(await keptOrNew(systemDb, factName(id), value), value)) throw new WrongKeyError(id)
  }
}

/** Processes that start together on a new database may all try to leave the value: the first does, the others find it. */
async function keptOrNew(systemDb: SystemDb, name: string, value: string): Promise<string> {
  const kept = await systemDb.serverFact.findUnique({ where: { name } })
  if (kept) return kept.value
  try {
    return (await systemDb.serverFact.create({ data: { name, value } })).value
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    return (await systemDb.serverFact.findUniqueOrThrow({ where: { name } })).value
  }
}

/** The first key that is not the one that left its check value among these facts, by its id; null when all are right. */
export function findWrongKey(facts: ReadonlyMap<string, string>, keys: Keyring): string | null {
  const isWrong = (id: string) => {
    const kept = facts.get(factName(id))
    return kept !== undefined && !equalSecrets(kept, checkValue(keys, id))
  }
  return keys.ids.find(isWrong) ?? null
}

function factName(id: string): string {
  return `master-key.${id}`
}

function checkValue(keys: Keyring, id: string): string {
  return keys.mac('check', CHECKED_TEXT, id)
}

// Nothing is sealed anew under another key by itself, so that a key that was ever used is still needed.
async function keysThatAreGone(systemDb: SystemDb, keys: Keyring): Promise<string[]> {
  const facts = await systemDb.serverFact.findMany({ where: { name: { startsWith: factName('') } } })
  return facts.map(({ name }) => name.slice(factName('').length)).filter((id) => !keys.ids.includes(id))
}

/** MASTER_KEYS lacks a key that this database was sealed with. */
export class MissingKeyError extends Error {
  constructor(ids: readonly string[]) {
    super(
      `MASTER_KEYS lacks ${ids.map((id) => `"${id}"`).join(', ')}, which this database was sealed with. Put it back, behind the current key. If it is lost for good, so is what it sealed: remove its row (master-key.<id>) from server_facts to start without it.`,
    )
    this.name = 'MissingKeyError'
  }
}

/** A server key is not the one that the database was begun with. */
export class WrongKeyError extends Error {
  constructor(id: string) {
    super(
      `The key "${id}" in MASTER_KEYS is not the one that this database was sealed with. Put the right one back, or give the new one another id.`,
    )
    this.name = 'WrongKeyError'
  }
}
