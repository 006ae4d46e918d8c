import type { SystemDb } from '../db/types.ts'
import { equalSecrets } from './tokens.ts'
import type { Keyring } from './keyring.ts'

const CHECKED_TEXT = 'latchkey'

/**
 * Holds each server key against the check value that its first start left in the database, so that a wrong key is told
 * as such at the start and not as damaged rows later. A key that is new leaves its check value.
 */
export async function checkKeys(systemDb: SystemDb, keys: Keyring): Promise<void> {
  for (const id of keys.ids) {
    const value = keys.mac('check', CHECKED_TEXT, id)
    const { value: kept } = await systemDb.serverFact.upsert({
      where: { name: `master-key.${id}` },
      create: { name: `master-key.${id}`, value },
      update: {},
    })
    if (!equalSecrets(kept, value)) throw new WrongKeyError(id)
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
