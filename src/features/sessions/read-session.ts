import type { Origin } from '../../context.ts'
import { cookieNames, readCookie } from '../../platform/http/cookies.ts'
import { hashToken, isToken } from '../../platform/crypto/tokens.ts'
import type { Services } from '../../services.ts'
import type { AuthMethod, Viewer } from '../../viewer.ts'
import { hasMoved } from './level.ts'

const MINUTE = 60_000

type Row = {
  id: string
  userId: string
  authMethod: AuthMethod
  remembered: boolean | number
  deviceName: string
  ipAddress: string | null
  userAgent: string | null
  provedAt: Date
  strongProvedAt: Date | null
  mailProvedAt: Date | null
  createdAt: Date
  lastActivityAt: Date
  expiresAt: Date
  email: string
  displayName: string | null
  userCreatedAt: Date
  lastLoginAt: Date | null
  passkeyCount: number
  encryptionEnabled: boolean | number | null
}

// Runs on every request, so it is one prepared join and not a call of Prisma (16 times as fast on SQLite).
const FIND_SESSION = {
  name: 'find_session',
  text: `SELECT s.id, s.user_id AS "userId", s.auth_method AS "authMethod", s.remembered, s.device_name AS "deviceName",
      s.ip_address AS "ipAddress", s.user_agent AS "userAgent", s.proved_at AS "provedAt",
      s.strong_proved_at AS "strongProvedAt", s.mail_proved_at AS "mailProvedAt", s.created_at AS "createdAt", s.last_activity_at AS "lastActivityAt",
      s.expires_at AS "expiresAt", u.email, u.display_name AS "displayName", u.created_at AS "userCreatedAt",
      u.last_login_at AS "lastLoginAt", u.passkey_count AS "passkeyCount",
      k.encryption_enabled AS "encryptionEnabled"
    FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN user_encryption_keys k ON k.user_id = s.user_id
    WHERE s.token_hash = $1`,
  dates: [
    'provedAt',
    'strongProvedAt',
    'mailProvedAt',
    'createdAt',
    'lastActivityAt',
    'expiresAt',
    'userCreatedAt',
    'lastLoginAt',
  ],
} as const

/**
 * The credential reader for session cookies: who the cookie speaks for, or null when it is malformed, unknown,
 * revoked or expired. It asks the database each time, so a revocation holds at the next request of every process.
 */
export async function readSession(
  services: Services,
  cookieHeader: string,
  origin: Pick<Origin, 'ipAddress' | 'userAgent'>,
): Promise<Viewer | null> {
  const viewer = await findLiveSession(services, cookieHeader, origin)
  if (viewer) await noteActivity(services, viewer.session, services.now())
  return viewer
}

/** The same, without its counting as a use of the session: looking whether it still lives must not keep it alive. */
async function findLiveSession(
  services: Services,
  cookieHeader: string,
  origin: Pick<Origin, 'ipAddress' | 'userAgent'>,
): Promise<Viewer | null> {
  const token = readCookie(cookieHeader, cookieNames(services.config).session)
  if (!isToken(token)) return null
  const [row] = await services.database.read<Row>(FIND_SESSION, [hashToken(token)])
  if (!row) return null
  const viewer = viewerOf(row, origin)
  return isAlive(viewer.session, services.now(), services.config.lifetimes) ? viewer : null
}

/** What has become of the session that asked: it lives, lives on under a new token, or has ended. */
export type Fate = 'live' | 'renewed' | 'ended'

/** Looks what has become of a session since it asked. It is no use of the session. */
export async function standingOf(
  services: Services,
  { cookieHeader, viewer }: { cookieHeader: string | null; viewer: Viewer | null },
): Promise<Fate> {
  if (!viewer || !cookieHeader) return 'ended'
  const { id } = viewer.session
  const now = await findLiveSession(services, cookieHeader, viewer.session)
  if (now) return now.session.id === id ? 'live' : 'ended'
  const row = await services.database.systemDb.session.findUnique({ where: { id } })
  const token = readCookie(cookieHeader, cookieNames(services.config).session)
  return row && isToken(token) && row.tokenHash !== hashToken(token) ? 'renewed' : 'ended'
}

type Lifetimes = Services['config']['lifetimes']

/** False once a session is past its end or its idle limit, and for one that was used in what is now the future. */
export function isAlive(session: Viewer['session'], now: Date, lifetimes: Lifetimes): boolean {
  const idleMs = session.remembered ? lifetimes.rememberedIdleMs : lifetimes.idleMs
  const idle = now.getTime() - session.lastActivityAt.getTime()
  return now < session.expiresAt && idle < idleMs && idle > -MINUTE
}

// Once a minute at the most: a write for each request would cost more than the request.
async function noteActivity({ database }: Services, session: Viewer['session'], now: Date): Promise<void> {
  if (now.getTime() - session.lastActivityAt.getTime() < MINUTE) return
  await database.systemDb.session.updateMany({
    where: { id: session.id, lastActivityAt: { lt: now } },
    data: { lastActivityAt: now },
  })
}

function viewerOf(row: Row, origin: Pick<Origin, 'ipAddress' | 'userAgent'>): Viewer {
  const { email, displayName, userCreatedAt, lastLoginAt, passkeyCount, encryptionEnabled, ...session } = row
  const user = { id: row.userId, email, displayName, createdAt: userCreatedAt, lastLoginAt, passkeyCount }
  return {
    user: { ...user, encryptionEnabled: Boolean(encryptionEnabled) },
    session: { ...session, remembered: Boolean(row.remembered) },
    moved: hasMoved(session, origin),
  }
}
