import { AppError } from '../../errors.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { Services } from '../../services.ts'
import { inUtc } from '../../platform/mail/words.ts'
import { DAY } from './requests.ts'
import type { RecoveryMethod } from './requests.ts'

/** How long a way to recover stays closed after a recovery by it was stopped, and answers after the questions or the mail address changed. */
export const LOCK_MS = 7 * DAY

type Asked = { userId: string; method: RecoveryMethod; now: Date }
type Config = Pick<Services['config'], 'securityQuestions'>

/** RECOVERY_UNAVAILABLE for a way that was stopped in the last seven days: by its owner, or by too many wrong answers. */
export async function expectUnlocked(tx: SystemTx, { userId, method, now }: Asked): Promise<void> {
  const closed = await tx.recoveryRequest.findFirst({
    where: {
      userId,
      method,
      closeReason: { in: ['cancelled', 'too-many-tries'] },
      closedAt: { gt: new Date(now.getTime() - LOCK_MS) },
    },
    orderBy: { closedAt: 'desc' },
    select: { closedAt: true },
  })
  if (closed?.closedAt) throw unavailable('locked', after(closed.closedAt))
}

/** RECOVERY_UNAVAILABLE for a way that the account has nothing to recover by. */
export async function expectSetUp(tx: SystemTx, { userId, method }: Asked): Promise<void> {
  const found =
    method === 'PASSKEY'
      ? await tx.passkey.findFirst({ where: { userId }, select: { id: true } })
      : await tx.keySlot.findFirst({ where: { userId, kind: method }, select: { id: true } })
  if (!found) throw unavailable('not-set-up')
}

/**
 * RECOVERY_UNAVAILABLE where answers open nothing, however right they are: the server takes none, or the questions or
 * the mail address changed in the last seven days, so that who changed them may not be whose they are.
 */
export async function expectAnswersCount(
  tx: SystemTx,
  { securityQuestions }: Config,
  { userId, now }: Pick<Asked, 'userId' | 'now'>,
): Promise<void> {
  if (!securityQuestions) throw unavailable('switched-off')
  const [questions, user] = [
    await tx.securityQuestions.findUnique({ where: { userId }, select: { setAt: true } }),
    await tx.user.findUnique({ where: { id: userId }, select: { emailChangedAt: true } }),
  ]
  const changes = [questions?.setAt, user?.emailChangedAt].flatMap((at) => at?.getTime() ?? [])
  const until = after(new Date(Math.max(0, ...changes)))
  if (until > now) throw unavailable('changed-lately', until)
}

const REASONS = {
  'not-set-up': 'The account has not been set up for it',
  'switched-off': 'This server does not offer it',
  locked: 'A recovery by it was stopped',
  'changed-lately': 'The security questions or the mail address were changed',
} as const

function unavailable(reason: keyof typeof REASONS, availableAt?: Date): AppError {
  const until = availableAt ? `, so it is closed until ${inUtc(availableAt)}` : ''
  return new AppError(
    'RECOVERY_UNAVAILABLE',
    `The keys cannot be recovered this way. ${REASONS[reason]}${until}. Take another way, if the account has one.`,
    { field: 'method', reason, ...(availableAt && { availableAt: availableAt.toISOString() }) },
  )
}

const after = (at: Date) => new Date(at.getTime() + LOCK_MS)
