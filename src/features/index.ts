// The table of contents: what the product does. A feature adds a line where it has something of the kind.
import type { Hono } from 'hono'
import './audit/schema.ts'
import './magic-link/schema.ts'
import './records/schema.ts'
import './sessions/schema.ts'
import type { Job } from '../platform/jobs.ts'
import { removeOldEntries } from './audit/remove-old-entries.ts'
import { removeDeadLinks } from './magic-link/remove-dead-links.ts'
import { mailboxRoutes } from './mailbox/routes.ts'
import { pageRoutes } from './pages/routes.ts'
import { removeDeadSessions } from './sessions/remove-dead-sessions.ts'
import { openMailbox } from '../platform/mail/mailbox.ts'
import type { Services } from '../services.ts'

export const JOBS: readonly Job[] = [removeDeadLinks, removeDeadSessions, removeOldEntries]

/** Mounts what is not GraphQL. */
export function mountRoutes(app: Hono, { config, now }: Services): void {
  app.route('/', pageRoutes({ config }))
  const { provider } = config.mail
  if (config.mode === 'development' && provider.kind === 'mailbox') {
    app.route('/', mailboxRoutes(openMailbox({ folder: provider.folder, now })))
  }
}
