import type { Context } from '../../context.ts'
import { cookieNames, clearCookie, makeCookie, readCookie } from '../../platform/http/cookies.ts'
import { hashToken, isToken } from '../../platform/crypto/tokens.ts'

// A browser that asks again while the first mail is on its way can use either mail.
const KEPT = 3

/** The hashes of the challenges that this browser was given: what ties a link and its code to who asked for it. */
export function heldChallenges(context: Context): string[] {
  return tokensIn(context).map(hashToken)
}

/** Gives the browser one more challenge; the oldest of more than three goes. */
export function addChallenge(context: Context, token: string): void {
  const { config } = context.services
  const tokens = [token, ...tokensIn(context)].slice(0, KEPT)
  context.addCookie(makeCookie(config, cookieNames(config).challenge, tokens.join('.'), config.lifetimes.linkMs))
}

/** Takes the challenges back once one of them led to a session. */
export function clearChallenges(context: Context): void {
  const { config } = context.services
  context.addCookie(clearCookie(config, cookieNames(config).challenge))
}

function tokensIn({ cookieHeader, services }: Context): string[] {
  const value = cookieHeader ? readCookie(cookieHeader, cookieNames(services.config).challenge) : null
  return (value ?? '').split('.').filter(isToken).slice(0, KEPT)
}
