/** Why keys are needed. MASTER_KEY_CHANGED: another device changed everything, and the passphrase is asked for again. */
export type UnlockReason = 'LOCKED' | 'MASTER_KEY_CHANGED'

/** Asks for the unlocking, once for all operations that wait for it. */
export type UnlockPrompt = (reason: UnlockReason) => Promise<boolean>

/** Several operations that find the vault locked share one asking. Without somebody to ask, the answer is no. */
export function shareUnlockPrompt(
  ask: ((reason: UnlockReason) => boolean | Promise<boolean>) | undefined,
): UnlockPrompt {
  let current: Promise<boolean> | null = null
  return async (reason) => {
    if (!ask) return false
    current ??= Promise.resolve()
      .then(() => ask(reason))
      .finally(() => (current = null))
    return current
  }
}
