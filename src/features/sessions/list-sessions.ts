import type { Context } from '../../context.ts'
import type { ViewerSession } from '../../viewer.ts'
import { isAlive } from './read-session.ts'
import { toViewerSession } from './to-viewer-session.ts'

/** The viewer's live sessions, the newest first. */
export async function listSessions({ db, services }: Context): Promise<ViewerSession[]> {
  const rows = await db.session.findMany({ orderBy: { createdAt: 'desc' } })
  return rows.map(toViewerSession).filter((row) => isAlive(row, services.now(), services.config.lifetimes))
}
