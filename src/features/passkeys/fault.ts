/** Why a passkey's answer was refused, in a word of ours for the security log. */
export type Fault = { fault: string }

// What the library says begins like this. It goes on with what was sent, which belongs in no log.
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/response type/i, 'type'],
  [/\bchallenge\b/i, 'challenge'],
  [/top origin/i, 'top-origin'],
  [/\borigin\b/i, 'origin'],
  [/RP ID/i, 'rp-id'],
  [/verification (?:was )?required/i, 'user-verification'],
  [/user (?:presence|not present)/i, 'user-presence'],
  [/public key alg/i, 'algorithm'],
]

/** The fault that the verifying library threw for; 'malformed' where it is none of those that are told apart. */
export function faultIn(error: unknown): Fault {
  const message = error instanceof Error ? `${error.name} ${error.message}` : ''
  // Only the beginning is the library's own: the rest may quote the caller.
  const [, fault = 'malformed'] = FAULTS.find(([pattern]) => pattern.test(message.slice(0, 60))) ?? []
  return { fault }
}
