import type { Ask } from '../ask.ts'
import { isLatchkeyError } from '../errors.ts'
import { pause } from '../pause.ts'
import { readAccountKeys } from './account-keys.ts'

// What can come after the server has done what was asked for.
const LOST = ['NETWORK', 'UNEXPECTED_ANSWER', 'UNAVAILABLE'] as const
// A connection that broke off may be back soon, and what was sent may still be under way.
const LOOKS = { most: 3, pauseMs: 500 } as const

/**
 * Sends a key ring. Where the answer is lost it looks whether the server has it: keys that were made once more would
 * void the codes that were just written down.
 */
export async function sendRing(ask: Ask, ring: string, send: () => Promise<unknown>): Promise<void> {
  try {
    await send()
  } catch (error) {
    if (!isAnswerLost(error) || !(await isInForce(ask, ring))) throw error
  }
}

/** Whether what was asked for may have been done, though no answer says so. */
export const isAnswerLost = (error: unknown): boolean => LOST.some((code) => isLatchkeyError(error, code))

async function isInForce(ask: Ask, ring: string): Promise<boolean> {
  for (let looks = 1; ; looks++) {
    try {
      if ((await readAccountKeys(ask)).keys.encryptedPrivateKey === ring) return true
    } catch (error) {
      const isWorthAnother = isAnswerLost(error) || isLatchkeyError(error, 'ENCRYPTION_OFF') // not yet on
      if (!isWorthAnother) return false // somebody would be asked for a proof again and again
    }
    if (looks === LOOKS.most) return false
    await pause(LOOKS.pauseMs, undefined)
  }
}
