import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { Session } from '../../generated/sqlite/client.ts'
import { isNotFound } from '../../platform/db/errors.ts'
import type { ViewerSession } from '../../viewer.ts'
import { wakeStreams } from '../alerts/wake-streams.ts'
import { nobodysDb } from './nobodys-db.ts'
import { clearSessionCookie } from './session-cookie.ts'
import { toViewerSession } from './to-viewer-session.ts'

/** Ends one of the viewer's sessions, at once and on every process. NOT_FOUND when it is gone, or another's. */
export async function revokeSession(context: Context, id: string): Promise<ViewerSession> {
  const session = await endSession(context, id)
  if (!session) throw new AppError('NOT_FOUND', 'There is no such session, or it has ended.', { field: 'id' })
  wakeStreams(context.services, session.userId)
  if (id === context.viewer?.session.id) leave(context)
  return toViewerSession(session)
}

/** Ends every session of the viewer but the one that asks, and gives those that it ended. */
export async function revokeOtherSessions(context: Context): Promise<ViewerSession[]> {
  const others = { id: { not: context.viewer?.session.id ?? '' } }
  const ended = await context.db.$transaction(async (tx) => {
    const found = await tx.session.findMany({ where: others, orderBy: { createdAt: 'desc' } })
    await tx.session.deleteMany({ where: others })
    return found
  })
  if (context.viewer) wakeStreams(context.services, context.viewer.user.id)
  return ended.map(toViewerSession)
}

/** Ends the session that asks and takes its cookie back. Doing so without a session is no error. */
export async function logout(context: Context): Promise<boolean> {
  if (context.issued) throw new AppError('BAD_INPUT', 'Sign in and out in two requests, not in one.')
  if (context.viewer) {
    await endSession(context, context.viewer.session.id)
    wakeStreams(context.services, context.viewer.user.id)
  }
  leave(context)
  return true
}

/** What follows in the same request is nobody's. */
function leave(context: Context): void {
  context.viewer = null
  context.db = nobodysDb
  clearSessionCookie(context)
}

/** Null when it was gone already. */
async function endSession({ db }: Context, id: string): Promise<Session | null> {
  try {
    return await db.session.delete({ where: { id } })
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}
