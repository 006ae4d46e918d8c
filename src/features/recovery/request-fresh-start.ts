import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { inUtc } from '../../platform/mail/words.ts'
import { keysInForce } from '../encryption/change-keys.ts'
import { holdSession } from '../sessions/hold-session.ts'
import { signedIn } from '../sessions/signed-in.ts'
import { canonicalEmail } from '../sign-in/canonical-email.ts'
import { LOCK_MS } from './availability.ts'
import { cancelColumns, linkThatStops } from './cancel-link.ts'
import { FRESH_START_GOOD_MS, FRESH_START_WAIT_MS, freshStartId, stoppable } from './fresh-starts.ts'
import { inTurn } from './in-turn.ts'
import type { Turn } from './in-turn.ts'

/**
 * Asks to give up keys that nothing opens any more, and begins the wait of seven days. One that waits already stays as
 * it is. BAD_INPUT unless the account's mail address was typed; RECOVERY_UNAVAILABLE for seven days after one was stopped.
 */
export async function requestFreshStart(context: Context, confirmation: string): Promise<void> {
  const { user } = signedIn(context)
  if (!isAddress(confirmation, user.email)) {
    const message = 'confirmation: the mail address of the account, so that nobody gives up their keys by a slip.'
    throw new AppError('BAD_INPUT', message, { field: 'confirmation' })
  }
  await inTurn(context, 'request-fresh-start', async (turn) => {
    const { tx, viewer, userId, now } = turn
    await holdSession(tx, viewer)
    keysInForce(await tx.encryptionKeys.findUnique({ where: { userId } }))
    const waiting = await tx.freshStart.findUnique({ where: { userId } })
    if (waiting && waiting.expiresAt > now) return
    await expectNotStoppedOfLate(turn)
    await tx.freshStart.deleteMany({ where: { userId } })
    await begin(context, turn)
  })
}

async function begin({ services, origin }: Context, { tx, viewer, userId, now, warn }: Turn): Promise<void> {
  const availableAt = new Date(now.getTime() + FRESH_START_WAIT_MS)
  const id = freshStartId({ userId, createdAt: now })
  const freshStart = await tx.freshStart.create({
    data: {
      userId,
      createdAt: now,
      availableAt,
      expiresAt: new Date(availableAt.getTime() + FRESH_START_GOOD_MS),
      ...cancelColumns(services.keys, id),
      ipAddress: origin.ipAddress,
      deviceName: origin.deviceName,
    },
  })
  const action = 'recovery.fresh-start-requested'
  const event = { action, userId, sessionId: viewer.session.id, tableName: 'fresh_starts', recordId: userId }
  await tx.auditEntry.create({ data: services.audit.row(event, origin) })
  await warn({
    kind: 'recovery.fresh-start-requested',
    onceKey: `recovery.fresh-start-requested:${id}`,
    about: { when: availableAt },
    ...linkThatStops(services, stoppable(freshStart)),
  })
}

// What was stopped leaves its line in the log alone. Whoever asks again at once would wear its owner out.
async function expectNotStoppedOfLate({ tx, userId, now }: Turn): Promise<void> {
  const stopped = await tx.auditEntry.findFirst({
    where: {
      userId,
      action: 'recovery.cancelled',
      timestamp: { gt: new Date(now.getTime() - LOCK_MS) },
      tableName: 'fresh_starts',
      success: true,
    },
    orderBy: { timestamp: 'desc' },
    select: { timestamp: true },
  })
  if (!stopped) return
  const availableAt = new Date(stopped.timestamp.getTime() + LOCK_MS)
  throw new AppError(
    'RECOVERY_UNAVAILABLE',
    `A fresh start was stopped, so none can be asked for until ${inUtc(availableAt)}.`,
    { reason: 'locked', availableAt: availableAt.toISOString() },
  )
}

function isAddress(typed: string, email: string): boolean {
  try {
    return canonicalEmail(typed.trim()) === email
  } catch {
    return false
  }
}
