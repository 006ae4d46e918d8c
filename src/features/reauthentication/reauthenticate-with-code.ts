import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { ReauthenticationCode } from '../../generated/sqlite/client.ts'
import type { ViewerSession } from '../../viewer.ts'
import { logFailedReauthentication, reauthenticationRow } from '../sessions/log-reauthentication.ts'
import { renewSession, takeUpRenewed } from '../sessions/renew-session.ts'
import { requireViewer } from '../sessions/signed-in.ts'
import type { SignedInContext } from '../sessions/signed-in.ts'
import type { StartedSession } from '../sessions/start-session.ts'
import { digitsIn, isCode, MAX_CODE_TRIES } from '../sign-in/six-digits.ts'

// Who asks again while the first mail is on its way can use either; an older one than these is dead.
const KEPT = 3

type Reason = 'not-asked-here' | 'malformed' | 'used' | 'expired' | 'too-many-tries' | 'wrong'

/**
 * Raises the viewer's session by the six digits of a mail that this session asked for. A try is counted in the database
 * before anything is compared, so that neither parallel tries nor a restart give a guesser a sixth. CODE_INVALID for
 * whatever is wrong; the log alone knows what it was.
 */
export async function reauthenticateWithCode(context: Context, input: { code: string }): Promise<ViewerSession> {
  requireViewer(context)
  const code = digitsIn(input.code)
  const asked = await codesOfThisSession(context)
  const [newest] = asked
  if (!newest) throw await refuse(context, 'not-asked-here')
  if (code === null) throw await refuse(context, 'malformed')

  let reason: Reason = whyDead(newest, context.services.now()) ?? 'too-many-tries'
  for (const { id } of asked) {
    const counted = await countTry(context, id)
    if (!counted) continue
    reason = 'wrong'
    if (!isCode(context.services.keys, { purpose: 'reauthentication', id }, counted.codeHash, code)) continue
    const renewed = await useUp(context, id)
    if (renewed) return takeUpRenewed(context, renewed)
    reason = 'used'
    break
  }
  throw await refuse(context, reason)
}

function codesOfThisSession({ db, viewer }: SignedInContext): Promise<ReauthenticationCode[]> {
  return db.reauthenticationCode.findMany({
    where: { sessionId: viewer.session.id },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: KEPT,
  })
}

// Null when the code is used or too old, or has been tried too often.
async function countTry({ db, services, viewer }: SignedInContext, id: string): Promise<ReauthenticationCode | null> {
  const alive = { consumedAt: null, expiresAt: { gt: services.now() }, codeTries: { lt: MAX_CODE_TRIES } }
  const [counted] = await db.reauthenticationCode.updateManyAndReturn({
    where: { id, sessionId: viewer.session.id, ...alive },
    data: { codeTries: { increment: 1 } },
  })
  return counted ?? null
}

/** Uses the code up and renews the session, both or neither. Null where another request was first. */
function useUp(context: SignedInContext, id: string): Promise<StartedSession | null> {
  const { db, services, viewer } = context
  const now = services.now()
  return db.$transaction(async (tx) => {
    const { count } = await tx.reauthenticationCode.updateMany({
      where: { id, sessionId: viewer.session.id, consumedAt: null, expiresAt: { gt: now } },
      data: { consumedAt: now },
    })
    if (count === 0) return null
    const renewed = await renewSession(context, tx, 'MAGIC_LINK')
    await tx.auditEntry.create({ data: reauthenticationRow(context, { method: 'MAGIC_LINK' }) })
    return renewed
  })
}

async function refuse(context: SignedInContext, reason: Reason): Promise<AppError> {
  await logFailedReauthentication(context, { method: 'MAGIC_LINK', reason })
  return new AppError(
    'CODE_INVALID',
    'This code is wrong or too old, or another session asked for it. After five tries a new one is needed.',
    { field: 'code' },
  )
}

function whyDead(code: ReauthenticationCode, now: Date): 'used' | 'expired' | null {
  if (code.consumedAt) return 'used'
  return code.expiresAt > now ? null : 'expired'
}
