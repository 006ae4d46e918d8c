import type { Context } from '../../context.ts'
import type { ViewerSession } from '../../viewer.ts'
import { logFailedReauthentication, reauthenticationRow } from '../sessions/log-reauthentication.ts'
import { renewSession, takeUpRenewed } from '../sessions/renew-session.ts'
import { requireViewer } from '../sessions/signed-in.ts'
import { keepCounter, refuseCopy, verifyOwnAssertion } from './own-assertion.ts'
import type { AssertionInput } from './own-assertion.ts'

/**
 * Raises the viewer's session to STRONG by one of the viewer's own passkeys. The session keeps its row and its end, and
 * changes its token. PASSKEY_INVALID for every answer that proves nothing; the security log holds the reason.
 */
export async function completeReauthentication(context: Context, input: AssertionInput): Promise<ViewerSession> {
  requireViewer(context)
  const log = (reason: string) => logFailedReauthentication(context, { method: 'PASSKEY', reason })
  const assertion = await verifyOwnAssertion(context, 'REAUTHENTICATION', input, log)
  const renewed = await context.db.$transaction(async (tx) => {
    if (!(await keepCounter(context, tx, assertion))) return null
    const started = await renewSession(context, tx, 'PASSKEY')
    await tx.auditEntry.create({ data: reauthenticationRow(context, { method: 'PASSKEY' }) })
    return started
  })
  if (renewed) return takeUpRenewed(context, renewed)
  throw await refuseCopy(context, assertion, log)
}
