import { networkOf } from '../../platform/http/network.ts'
import { AUTH_LEVELS } from '../../viewer.ts'
import type { AuthLevel, AuthMethod, ViewerSession } from '../../viewer.ts'

/** What a session's level follows from. */
type Standing = {
  session: Pick<ViewerSession, 'provedAt' | 'strongProvedAt'>
  /** Whether the account has a passkey. Without one a fresh proof of any kind satisfies STRONG. */
  hasPasskey: boolean
  /** Whether the session is used from elsewhere than where it last proved itself. */
  moved: boolean
}

/** The highest level that a session satisfies now. Never stored: it follows from when factors were last proved, and where. */
export function levelOf({ session, hasPasskey, moved }: Standing, now: Date, freshMs: number): AuthLevel {
  if (moved) return 'SESSION'
  if (session.strongProvedAt && isRecent(session.strongProvedAt, now, freshMs)) return 'STRONG'
  if (!isRecent(session.provedAt, now, freshMs)) return 'SESSION'
  return hasPasskey ? 'FRESH' : 'STRONG'
}

/** True when a session at `held` may do what asks for `needed`. */
export function satisfies(held: AuthLevel, needed: AuthLevel): boolean {
  return AUTH_LEVELS.indexOf(held) >= AUTH_LEVELS.indexOf(needed)
}

/** What a refusal offers: the methods by which this account would reach the level, the preferred first. */
export function methodsThatReach(level: AuthLevel, hasPasskey: boolean): readonly AuthMethod[] {
  if (level === 'SESSION') return []
  if (!hasPasskey) return ['MAGIC_LINK']
  return level === 'STRONG' ? ['PASSKEY'] : ['PASSKEY', 'MAGIC_LINK']
}

type Place = { ipAddress: string | null; userAgent: string | null }

/**
 * Whether a request comes from another network or another browser than a session's last proof. A hint: people move, and
 * browsers are updated, so it lowers the level and ends nothing.
 */
export function hasMoved(proved: Place, now: Place): boolean {
  if (proved.userAgent !== now.userAgent) return true
  return proved.ipAddress !== now.ipAddress && networkOf(proved.ipAddress) !== networkOf(now.ipAddress)
}

/** Whether the session's owner has shown of late to read the account's mail, which a passkey does not show. */
export function mailProvedOfLate(
  { mailProvedAt }: Pick<ViewerSession, 'mailProvedAt'>,
  now: Date,
  freshMs: number,
): boolean {
  return mailProvedAt !== null && isRecent(mailProvedAt, now, freshMs)
}

// A proof from the future means that a clock was set back. It proves nothing.
function isRecent(provedAt: Date, now: Date, freshMs: number): boolean {
  const age = now.getTime() - provedAt.getTime()
  return age >= 0 && age < freshMs
}
