// The table of contents: what the product does. A feature adds a line where it has something of the kind.
import type { Hono } from 'hono'
import './alerts/schema.ts'
import './disown/schema.ts'
import './audit/schema.ts'
import './encryption/schema.ts'
import './magic-link/schema.ts'
import './passkeys/schema.ts'
import './reauthentication/schema.ts'
import './recovery/schema.ts'
import './recovery/questions-schema.ts'
import './recovery/fresh-start-schema.ts'
import './records/schema.ts'
import './records/reencryption-schema.ts'
import './sessions/schema.ts'
import type { Job } from '../platform/jobs.ts'
import { removeOldAlerts } from './alerts/remove-old-alerts.ts'
import { weighReads } from './alerts/weigh-reads.ts'
import { removeOldEntries } from './audit/remove-old-entries.ts'
import { forgetUnseen } from './devices/forget-unseen.ts'
import { rereadPlaces } from './devices/reread-places.ts'
import { removeDeadLinks } from './magic-link/remove-dead-links.ts'
import { mailboxRoutes } from './mailbox/routes.ts'
import { pageRoutes } from './pages/routes.ts'
import { removeOldChallenges } from './passkeys/remove-old-challenges.ts'
import { removeOldCodes } from './reauthentication/remove-old-codes.ts'
import { remind } from './recovery/remind.ts'
import { removeFormerKeys } from './recovery/remove-former-keys.ts'
import { removeOldRequests } from './recovery/remove-old-requests.ts'
import { removeDeadSessions } from './sessions/remove-dead-sessions.ts'
import { openMailbox } from '../platform/mail/mailbox.ts'
import type { Services } from '../services.ts'

export const JOBS: readonly Job[] = [
  removeDeadLinks,
  forgetUnseen,
  rereadPlaces,
  removeDeadSessions,
  removeOldAlerts,
  weighReads,
  removeOldChallenges,
  removeOldCodes,
  remind,
  removeFormerKeys,
  removeOldRequests,
  removeOldEntries,
]

/** Mounts what is not GraphQL. */
export function mountRoutes(app: Hono, { config, now }: Services): void {
  app.route('/', pageRoutes({ config }))
  const { provider } = config.mail
  if (config.mode === 'development' && provider.kind === 'mailbox') {
    app.route('/', mailboxRoutes(openMailbox({ folder: provider.folder, now })))
  }
}
