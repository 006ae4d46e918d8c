import { v7 as uuidv7 } from 'uuid'
import type { Keyring } from '../crypto/keyring.ts'
import { seal } from '../crypto/seal.ts'
import type { Database } from '../db/client.ts'
import type { SystemTx } from '../db/types.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { makeDelivery } from './deliver.ts'
import type { Mail, Mailer } from './mailer.ts'
import { openPlaces } from './places.ts'

const MAILS_AT_ONCE = 8
// Finds the mails of a process that died, and those whose next try is due. New mails do not wait for it: see `wake`.
const LOOK_MS = 3_000
const COUNT_MS = 30_000
const STOP_WITHIN_MS = 10_000

export type EnqueueOptions = {
  /** From this time on the mail is dropped instead of sent. */
  expiresAt: Date
  /** The mail goes the way of all others, and is dropped where they are sent. */
  suppressed?: boolean
}

/**
 * The mails that wait to be sent, kept in the database. Each is sent at least once, or not after it expires: a process
 * that is killed between the sending and the removal of a mail leaves it to be sent again.
 */
export type Outbox = {
  /** Writes a mail, sealed, in the caller's transaction: it exists when that commits, and never did when it does not. */
  enqueue(tx: SystemTx, mail: Mail, options: EnqueueOptions): Promise<void>
  /** To be called after the commit: sends what is due without waiting for the next look. */
  wake(): void
  /** Begins to look for due mails every few seconds. */
  start(): void
  /** Tries what is due now, and resolves when each mail has been tried. */
  sendDue(): Promise<void>
  /** How many mails wait, and for how long the oldest has. */
  health(): Promise<{ waiting: number; oldestMs: number }>
  /** Takes no more mails, and waits for those under way, ten seconds at most. */
  stop(): Promise<void>
}

/** What the outbox leans on. Closing the mailer is left to whoever opened it. */
export type OutboxParts = {
  database: Pick<Database, 'systemDb'>
  mailer: Mailer
  keys: Keyring
  log: Log
  now: () => Date
  metrics?: Pick<Metrics, 'mail' | 'outboxWaiting'>
}

/** Opens the outbox. Many processes may open one on the same database: no two try a mail at the same time. */
export function openOutbox(parts: OutboxParts): Outbox {
  const { database, keys, log, now, metrics } = parts
  const { outboxMessage: rows } = database.systemDb
  const unreachable = (error: unknown) => log.error('mail.outbox-unreachable', { error })
  const places = openPlaces({ count: MAILS_AT_ONCE, ...makeDelivery(parts), onError: unreachable })
  const timers: NodeJS.Timeout[] = []

  async function health() {
    const { _count: waiting, _min: oldest } = await rows.aggregate({ _count: true, _min: { createdAt: true } })
    metrics?.outboxWaiting(waiting)
    return { waiting, oldestMs: oldest.createdAt ? Math.max(0, now().getTime() - oldest.createdAt.getTime()) : 0 }
  }

  return {
    async enqueue(tx, mail, { expiresAt, suppressed = false }) {
      const createdAt = now()
      const id = uuidv7({ msecs: createdAt.getTime() })
      const sealed = seal(keys, 'seal-mail', JSON.stringify(mail), [id])
      await tx.outboxMessage.create({ data: { id, sealed, suppressed, createdAt, availableAt: createdAt, expiresAt } })
    },
    wake: places.fill,
    start() {
      places.fill()
      timers.push(setInterval(places.fill, LOOK_MS).unref())
      timers.push(setInterval(() => void health().catch(unreachable), COUNT_MS).unref())
    },
    async sendDue() {
      places.fill()
      await places.empty()
    },
    health,
    async stop() {
      timers.forEach(clearInterval)
      places.close()
      const isEmpty = await places.empty(STOP_WITHIN_MS)
      if (!isEmpty) log.warn('mail.stopped-while-sending')
    },
  }
}
