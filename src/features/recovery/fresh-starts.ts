import type { FreshStart } from '../../generated/sqlite/client.ts'
import type { Stoppable } from './cancel-link.ts'
import { DAY } from './requests.ts'

/** How long a fresh start waits, so that whose keys they are has the time to stop it. */
export const FRESH_START_WAIT_MS = 7 * DAY
/** How long it can be done once the wait is over. */
export const FRESH_START_GOOD_MS = 7 * DAY
/** How long what was given up is kept. */
export const FORMER_KEYS_MS = 30 * DAY

/** By what the link that stops a fresh start knows it. */
export function freshStartId({ userId, createdAt }: Pick<FreshStart, 'userId' | 'createdAt'>): string {
  return `fresh-start:${userId}:${createdAt.toISOString()}`
}

/** A fresh start as its link stops it. */
export function stoppable(freshStart: FreshStart): Stoppable {
  return { id: freshStartId(freshStart), cancelKeyId: freshStart.cancelKeyId }
}
