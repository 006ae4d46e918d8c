import type { Context } from '../../context.ts'
import { clearCookie, cookieNames, makeCookie } from '../../platform/http/cookies.ts'
import type { StartedSession } from './start-session.ts'

/** Hands the browser its session: an httpOnly cookie that lives as long as the session may. */
export function setSessionCookie(context: Context, { token, maxAgeMs }: StartedSession): void {
  const { config } = context.services
  context.addCookie(makeCookie(config, cookieNames(config).session, token, maxAgeMs))
}

/** Takes the session's cookie back. The session itself has ended already. */
export function clearSessionCookie(context: Context): void {
  const { config } = context.services
  context.addCookie(clearCookie(config, cookieNames(config).session))
}
