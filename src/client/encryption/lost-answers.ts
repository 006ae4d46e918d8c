import type { Ask } from '../ask.ts'
import { isLatchkeyError } from '../errors.ts'
import { readAccountKeys } from './account-keys.ts'

// What can come after the server has done what was asked for.
const LOST = ['NETWORK', 'UNEXPECTED_ANSWER', 'UNAVAILABLE'] as const

/**
 * Sends a key ring. Where the answer is lost it looks whether the server has it: keys that were made once more would
 * void the codes that were just written down.
 */
export async function sendRing(ask: Ask, ring: string, send: () => Promise<unknown>): Promise<void> {
  try {
    await send()
  } catch (error) {
    const isLost = LOST.some((code) => isLatchkeyError(error, code))
    if (!isLost || !(await isInForce(ask, ring))) throw error
  }
}

async function isInForce(ask: Ask, ring: string): Promise<boolean> {
  try {
    return (await readAccountKeys(ask)).keys.encryptedPrivateKey === ring
  } catch {
    return false
  }
}
