import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { SecurityAlert } from '../../generated/sqlite/client.ts'
import { hashToken, isToken, makeToken } from '../../platform/crypto/tokens.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { AlertKind } from '../alerts/kinds.ts'
import { announceAlerts, NOT_ME_DAYS } from '../alerts/raise-alert.ts'
import { wakeStreams } from '../alerts/wake-streams.ts'
import { passkeyOfAlert, takePasskeyAway } from '../passkeys/take-passkey-away.ts'
import { stopRecovery } from '../recovery/stop-recovery.ts'
import { takeQuestionsAway } from '../recovery/take-questions-away.ts'
import { lockAccount } from '../sessions/lock-account.ts'
import { setSessionCookie } from '../sessions/session-cookie.ts'
import type { StartedSession } from '../sessions/start-session.ts'
import { toViewerSession } from '../sessions/to-viewer-session.ts'

const DAY = 24 * 60 * 60_000
const LONG_AGO = new Date(0)

/**
 * "This was not me": redeems the token of an alert's mail. In one transaction everybody is thrown out of the account,
 * and what could lead back in without a new proof is made void. Only the asking browser's own session of the account
 * stays, at the lowest level and with another token. A passkey whose adding is disowned is removed, and so are security
 * questions. A recovery or a fresh start that is under way is stopped, whatever the alert tells of: somebody else was in
 * the account. Where it tells of such a one, that way is locked as well. LINK_INVALID, and nothing done, for a token that is unknown, used or too old.
 */
export async function disownAlert(context: Context, token: string): Promise<true> {
  const { services, viewer } = context
  const notMeHash = isToken(token) ? hashToken(token) : null
  const done =
    notMeHash && (await services.database.systemDb.$transaction((tx) => throwEverybodyOut(context, tx, notMeHash)))
  if (!done) throw await refused(context)

  const { userId, removed, others, kept } = done
  announceAlerts(services, [removed, ...others])
  wakeStreams(services, userId)
  if (kept && viewer) {
    setSessionCookie(context, kept)
    const passkeyCount = viewer.user.passkeyCount - (removed ? 1 : 0)
    context.viewer = { user: { ...viewer.user, passkeyCount }, session: kept.session, moved: false }
  }
  return true
}

/** The alerts about a recovery or a fresh start that may still be stopped: who disowns one wants that way closed. */
const TELL_OF_WHAT_IS_OPEN: ReadonlySet<string> = new Set<AlertKind>([
  'recovery.started',
  'recovery.answered',
  'recovery.waiting',
  'recovery.ready-soon',
  'recovery.codes-few',
  'recovery.fresh-start-requested',
  'recovery.fresh-start-soon',
])

// An older mail must not remove the questions that their owner has set since.
async function isNewestOfQuestions(tx: SystemTx, { id, userId, kind }: SecurityAlert): Promise<boolean> {
  if (kind !== 'recovery.questions-set') return false
  const orderBy = [{ createdAt: 'desc' as const }, { id: 'desc' as const }]
  const newest = await tx.securityAlert.findFirst({ where: { userId, kind }, orderBy, select: { id: true } })
  return newest?.id === id
}

/** Null where another request was first, or the token never was, or is too old. */
async function throwEverybodyOut(context: Context, tx: SystemTx, notMeHash: string) {
  const { services, viewer, origin } = context
  const now = services.now()
  const [alert] = await tx.securityAlert.updateManyAndReturn({
    where: { notMeHash, createdAt: { gt: new Date(now.getTime() - NOT_ME_DAYS * DAY) } },
    data: { notMeHash: null },
  })
  if (!alert) return null
  const { id, userId, kind } = alert
  await tx.securityAlert.updateMany({ where: { id, acknowledgedAt: null }, data: { acknowledgedAt: now } })

  // The ways in before the sessions: a sign-in that is under way holds its link or the account's row, so each of these
  // waits until it has committed, and the sessions that are ended last are all there are.
  const { email } = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { email: true } })
  await tx.magicLink.deleteMany({ where: { email, consumedAt: null } })
  await lockAccount(tx, userId)
  const user = { id: userId, email }
  const removed = await removeAddedPasskey(context, tx, user, alert)
  const stopped = await stopRecovery(context, tx, { user, by: 'alert', locks: TELL_OF_WHAT_IS_OPEN.has(kind) })
  const unset = (await isNewestOfQuestions(tx, alert)) ? await takeQuestionsAway(context, tx, user) : null
  await tx.reauthenticationCode.deleteMany({ where: { userId } })
  await tx.knownDevice.deleteMany({ where: { userId } })
  const own = viewer?.user.id === userId ? viewer.session.id : null
  const ended = await tx.session.deleteMany({ where: { userId, ...(own && { id: { not: own } }) } })
  const kept = own && (await keepWithNewToken(tx, own, now))

  const event = {
    action: 'alert.disowned',
    userId,
    sessionId: own,
    tableName: 'security_alerts',
    recordId: id,
    details: {
      kind,
      sessionsEnded: ended.count,
      ...(removed && { passkeyRemoved: true }),
      ...(unset && { questionsRemoved: true }),
      ...(stopped.length > 0 && { recoveryStopped: true }),
    },
  }
  await tx.auditEntry.create({ data: services.audit.row(event, origin) })
  return { userId, removed, others: [unset, ...stopped], kept: kept || null }
}

/** The asking session goes on, and a copy of its cookie does not. Null when it has ended meanwhile. */
async function keepWithNewToken(tx: SystemTx, id: string, now: Date): Promise<StartedSession | null> {
  const token = makeToken()
  const [session] = await tx.session.updateManyAndReturn({
    where: { id },
    data: { tokenHash: hashToken(token), provedAt: LONG_AGO, strongProvedAt: null, mailProvedAt: null },
  })
  if (!session) return null
  return { session: toViewerSession(session), token, maxAgeMs: session.expiresAt.getTime() - now.getTime() }
}

// Else a stranger who had read one mail could add a passkey, and the owner could never be rid of it: removing one asks
// for one.
async function removeAddedPasskey(
  context: Context,
  tx: SystemTx,
  user: { id: string; email: string },
  alert: SecurityAlert,
) {
  const passkeyId = passkeyOfAlert(alert)
  return passkeyId === null ? null : ((await takePasskeyAway(context, tx, user, passkeyId))?.alert ?? null)
}

async function refused({ services, viewer, origin }: Context): Promise<AppError> {
  const event = {
    action: 'alert.disowned',
    userId: null,
    sessionId: viewer?.session.id ?? null,
    success: false,
    details: { reason: 'unknown-used-or-old' },
  }
  await services.audit.commit([services.audit.row(event, origin)])
  return new AppError(
    'LINK_INVALID',
    `This link is unknown, used, or older than ${NOT_ME_DAYS} days. Sign in, and end the other sessions there.`,
    { field: 'token' },
  )
}
