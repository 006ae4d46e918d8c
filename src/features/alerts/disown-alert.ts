import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { SecurityAlert } from '../../generated/sqlite/client.ts'
import { hashToken, isToken } from '../../platform/crypto/tokens.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import { announceAlerts, NOT_ME_DAYS, raiseAlert } from './raise-alert.ts'
import type { Alert, RaisedAlert } from './raise-alert.ts'
import { wakeStreams } from './wake-streams.ts'

const DAY = 24 * 60 * 60_000
const LONG_AGO = new Date(0)

/**
 * "This was not me": redeems the token of an alert's mail. In one transaction everybody is thrown out of the account,
 * and what could lead back in without a new proof is made void. Only the asking browser's own session of the account
 * stays, at the lowest level. A passkey whose adding is disowned is removed. LINK_INVALID, and nothing done, for a token
 * that is unknown, used or too old.
 */
export async function disownAlert(context: Context, token: string): Promise<true> {
  const { services, viewer } = context
  const notMeHash = isToken(token) ? hashToken(token) : null
  const disowned =
    notMeHash && (await services.database.systemDb.$transaction((tx) => throwEverybodyOut(context, tx, notMeHash)))
  if (!disowned) throw await refused(context)

  const { userId, removed } = disowned
  announceAlerts(services, [removed])
  wakeStreams(services, userId)
  if (viewer?.user.id === userId) {
    const session = { ...viewer.session, provedAt: LONG_AGO, strongProvedAt: null }
    const passkeyCount = viewer.user.passkeyCount - (removed ? 1 : 0)
    context.viewer = { ...viewer, user: { ...viewer.user, passkeyCount }, session }
  }
  return true
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
  const own = viewer?.user.id === userId ? viewer.session.id : null
  await tx.securityAlert.updateMany({ where: { id, acknowledgedAt: null }, data: { acknowledgedAt: now } })
  const ended = await tx.session.deleteMany({ where: { userId, ...(own && { id: { not: own } }) } })
  if (own)
    await tx.session.updateMany({
      where: { id: own, userId },
      data: { provedAt: LONG_AGO, strongProvedAt: null },
    })
  await tx.knownDevice.deleteMany({ where: { userId } })
  await tx.reauthenticationCode.deleteMany({ where: { userId } })
  const user = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { id: true, email: true } })
  await tx.magicLink.deleteMany({ where: { email: user.email, consumedAt: null } })
  const removed = await removeAddedPasskey(context, tx, user, alert)
  const event = {
    action: 'alert.disowned',
    userId,
    sessionId: own,
    tableName: 'security_alerts',
    recordId: id,
    details: { kind, sessionsEnded: ended.count, ...(removed && { passkeyRemoved: true }) },
  }
  await tx.auditEntry.create({ data: services.audit.row(event, origin) })
  return { userId, removed }
}

/**
 * Removes the passkey that a disowned alert tells of. Else a stranger who had read one mail could add one, and the owner
 * could never be rid of it: removing a passkey asks for a passkey. Gives the alert that tells of it; null for any other
 * alert, or when the passkey is gone.
 */
async function removeAddedPasskey(
  { services, origin }: Context,
  tx: SystemTx,
  user: Alert['user'],
  { kind, onceKey }: SecurityAlert,
): Promise<RaisedAlert | null> {
  if (kind !== 'passkey.added') return null
  const id = onceKey.slice('passkey.added:'.length)
  const passkey = await tx.passkey.findFirst({ where: { id, userId: user.id } })
  const { count } = await tx.passkey.deleteMany({ where: { id, userId: user.id } })
  if (!passkey || count === 0) return null
  await tx.user.update({ where: { id: user.id }, data: { passkeyCount: { decrement: 1 } } })
  const about = { userId: user.id, tableName: 'passkeys', recordId: id }
  await tx.auditEntry.create({ data: services.audit.row({ ...about, action: 'passkey.deleted' }, origin) })
  return raiseAlert(services, tx, {
    kind: 'passkey.removed',
    user,
    onceKey: `passkey.removed:${id}`,
    origin,
    about: { passkey: passkey.name },
  })
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
