import type { FreshStart, RecoveryRequest } from '../../generated/sqlite/client.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { Job } from '../../platform/jobs.ts'
import type { Services } from '../../services.ts'
import { announceAlerts, raiseAlert } from '../alerts/raise-alert.ts'
import type { Alert, RaisedAlert } from '../alerts/raise-alert.ts'
import type { AlertKind } from '../alerts/kinds.ts'
import { lockAccount } from '../sessions/lock-account.ts'
import { linkThatStops } from './cancel-link.ts'
import { freshStartId, stoppable } from './fresh-starts.ts'
import { ANSWERS_WAIT_MS, DAY, HOUR } from './requests.ts'

/** The mails of the wait that follows right answers, in their order: how long before its end each is due. */
const OF_ANSWERS: readonly { kind: AlertKind; beforeMs: number }[] = [
  { kind: 'recovery.waiting', beforeMs: ANSWERS_WAIT_MS - DAY },
  { kind: 'recovery.ready-soon', beforeMs: HOUR },
]
/** The mail of the wait for a fresh start. */
const FRESH_START_BEFORE_MS = DAY

// What is left waits for the next time, a minute later.
const MOST_AT_ONCE = 500

/**
 * Writes the mails that remind of what waits, by the database's clock. Each is written in the transaction that notes it, by
 * a conditional update, so that two processes write one. Where more than one is due, because no process ran meanwhile,
 * the last alone is written.
 */
export const remind: Job = {
  name: 'recovery.remind',
  everyMs: 60_000,
  async run(services) {
    const now = await services.database.now()
    // Answers open nothing while the server takes none: there is nothing to warn of.
    const ofAnswers = services.config.securityQuestions ? [...OF_ANSWERS.entries()].reverse() : []
    for (const [index, { kind, beforeMs }] of ofAnswers) {
      const due = { ...waitingRequest(now), availableAt: { lte: later(now, beforeMs) }, remindersSent: { lte: index } }
      const requests = await services.database.systemDb.recoveryRequest.findMany({ where: due, take: MOST_AT_ONCE })
      for (const request of requests) {
        await told(services, request.userId, async (tx) => {
          const where = { ...due, id: request.id }
          const noted = await tx.recoveryRequest.updateMany({ where, data: { remindersSent: index + 1 } })
          return noted.count > 0 ? reminderOf(services, kind, request) : null
        })
      }
    }
    const due = { expiresAt: { gt: now }, availableAt: { lte: later(now, FRESH_START_BEFORE_MS) }, remindersSent: 0 }
    for (const freshStart of await services.database.systemDb.freshStart.findMany({ where: due, take: MOST_AT_ONCE })) {
      await told(services, freshStart.userId, async (tx) => {
        const where = { ...due, userId: freshStart.userId, createdAt: freshStart.createdAt }
        const noted = await tx.freshStart.updateMany({ where, data: { remindersSent: 1 } })
        return noted.count > 0 ? reminderOfFreshStart(services, freshStart) : null
      })
    }
  },
}

type Reminder = Omit<Alert, 'user'>

/** Writes what is due for one account. That it fails, as for an account that is gone, must not cost the others theirs. */
async function told(
  services: Services,
  userId: string,
  note: (tx: SystemTx) => Promise<Reminder | null>,
): Promise<void> {
  try {
    const raised = await services.database.systemDb.$transaction(async (tx): Promise<RaisedAlert | null> => {
      await lockAccount(tx, userId)
      const reminder = await note(tx)
      if (!reminder) return null
      const user = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { id: true, email: true } })
      return raiseAlert(services, tx, { ...reminder, user })
    })
    announceAlerts(services, [raised])
  } catch (error) {
    services.log.error('recovery.not-reminded', { userId, error })
  }
}

const waitingRequest = (now: Date) => ({
  isOpen: true,
  answeredAt: { not: null },
  // What was released by a code or a passkey meanwhile does not end the wait of the answers.
  OR: [{ releasedAt: null }, { method: { not: 'SECURITY_QUESTIONS' } }],
  expiresAt: { gt: now },
})

function reminderOf(services: Services, kind: AlertKind, request: RecoveryRequest): Reminder {
  return {
    kind,
    onceKey: `${kind}:${request.id}`,
    origin: placeOf(request),
    about: { method: 'SECURITY_QUESTIONS', when: request.availableAt },
    ...linkThatStops(services, request),
    happenedAt: request.createdAt,
  }
}

function reminderOfFreshStart(services: Services, freshStart: FreshStart): Reminder {
  const kind = 'recovery.fresh-start-soon'
  return {
    kind,
    onceKey: `${kind}:${freshStartId(freshStart)}`,
    origin: placeOf(freshStart),
    about: { when: freshStart.availableAt },
    ...linkThatStops(services, stoppable(freshStart)),
    happenedAt: freshStart.createdAt,
  }
}

const placeOf = ({ ipAddress, deviceName }: Pick<RecoveryRequest, 'ipAddress' | 'deviceName'>) => ({
  ipAddress,
  userAgent: null,
  deviceName,
})

const later = (now: Date, ms: number) => new Date(now.getTime() + ms)
