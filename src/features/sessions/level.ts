import { AUTH_LEVELS } from '../../viewer.ts'
import type { AuthLevel, AuthMethod, ViewerSession } from '../../viewer.ts'

/**
 * The highest level that a session satisfies now. Never stored: it follows from when factors were last proved.
 * A session whose account has no strong factor satisfies STRONG with a FRESH proof; no account can have one yet.
 */
export function levelOf(session: Pick<ViewerSession, 'provedAt'>, now: Date, freshMs: number): AuthLevel {
  return isRecent(session.provedAt, now, freshMs) ? 'STRONG' : 'SESSION'
}

/** True when a session at `held` may do what asks for `needed`. */
export function satisfies(held: AuthLevel, needed: AuthLevel): boolean {
  return AUTH_LEVELS.indexOf(held) >= AUTH_LEVELS.indexOf(needed)
}

/** What a refusal offers: the methods that would raise a session to the level. */
export function methodsThatReach(level: AuthLevel): readonly AuthMethod[] {
  return level === 'SESSION' ? [] : ['MAGIC_LINK']
}

// A proof from the future means that a clock was set back. It proves nothing.
function isRecent(provedAt: Date, now: Date, freshMs: number): boolean {
  const age = now.getTime() - provedAt.getTime()
  return age >= 0 && age < freshMs
}
