import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { PasskeyChallenge } from '../../generated/sqlite/client.ts'
import { isNotFound } from '../../platform/db/errors.ts'
import { hashToken, isToken, makeToken } from '../../platform/crypto/tokens.ts'
import { cookieNames, makeCookie, readCookie } from '../../platform/http/cookies.ts'
import { isUuid } from '../../schema/node-id.ts'

/** What a challenge is for. One for another purpose is none. */
type Purpose = 'REGISTRATION' | 'LOGIN' | 'REAUTHENTICATION' | 'RECOVERY'

/** How long a challenge waits for its answer. */
export const CHALLENGE_MS = 5 * 60_000

/** A challenge as the browser gets it. */
export type IssuedChallenge = { challengeId: string; challenge: Uint8Array<ArrayBuffer>; expiresAt: Date }

/**
 * Makes a challenge for this browser and purpose. What ties it to the browser is the session, or before there is one a
 * cookie of its own, which several tabs share.
 */
export async function makeChallenge(
  context: Context,
  purpose: Purpose,
  { email = null }: { email?: string | null } = {},
): Promise<IssuedChallenge> {
  const { services, viewer } = context
  const createdAt = services.now()
  const expiresAt = new Date(createdAt.getTime() + CHALLENGE_MS)
  const challengeId = uuidv7({ msecs: createdAt.getTime() })
  const challenge = new Uint8Array(randomBytes(32))
  const inSession = purpose !== 'LOGIN' && viewer
  await services.database.systemDb.passkeyChallenge.create({
    data: {
      id: challengeId,
      purpose,
      challenge: Buffer.from(challenge).toString('base64url'),
      browserHash: inSession ? hashToken(viewer.session.id) : giveCookie(context),
      accountId: inSession ? viewer.user.id : null,
      email,
      createdAt,
      expiresAt,
    },
  })
  return { challengeId, challenge, expiresAt }
}

/**
 * Uses a challenge up: one deletion that gives the row to exactly one caller, before anything is verified, so that what
 * follows cannot be tried twice. Null when it is unknown, used, too old, for another purpose, or another browser's; that
 * one stays as it was.
 */
export async function takeChallenge(
  context: Context,
  purpose: Purpose,
  challengeId: string,
): Promise<PasskeyChallenge | null> {
  const { services } = context
  const browserHash = purpose === 'LOGIN' ? cookieHash(context) : context.viewer && hashToken(context.viewer.session.id)
  if (!isUuid(challengeId) || !browserHash) return null
  const where = { id: challengeId, purpose, browserHash, expiresAt: { gt: services.now() } }
  try {
    return await services.database.systemDb.passkeyChallenge.delete({ where })
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}

/** The refusal of a challenge that is not there for this browser and purpose. */
export function challengeInvalid(): AppError {
  return new AppError(
    'CHALLENGE_INVALID',
    'This challenge is used, too old, or was given to another browser or for another purpose. Begin again, or sign in by mail.',
    { field: 'challengeId' },
  )
}

// The token that is there goes on: a page that waits for a passkey to be chosen and a button beside it both hold one.
function giveCookie(context: Context): string {
  const { config } = context.services
  const token = tokenIn(context) ?? makeToken()
  context.addCookie(makeCookie(config, cookieNames(config).passkey, token, CHALLENGE_MS))
  return hashToken(token)
}

function cookieHash(context: Context): string | null {
  const token = tokenIn(context)
  return token && hashToken(token)
}

function tokenIn({ cookieHeader, services }: Context): string | null {
  const value = cookieHeader ? readCookie(cookieHeader, cookieNames(services.config).passkey) : null
  return isToken(value) ? value : null
}
