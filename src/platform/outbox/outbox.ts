import { v7 as uuidv7 } from 'uuid'
import type { Keyring } from '../crypto/keyring.ts'
import { seal } from '../crypto/seal.ts'
import type { Database } from '../db/client.ts'
import type { SystemTx } from '../db/types.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Mail } from '../mail/mailer.ts'
import type { WebhookCall } from '../webhook/webhook-channel.ts'
import type { Channel, ChannelName } from './channel.ts'
import { makeDelivery } from './deliver.ts'
import { openPlaces } from './places.ts'

const MESSAGES_AT_ONCE = 8
const CALLS_AT_ONCE = 4
// Finds the messages of a process that died, and those whose next try is due. New ones do not wait for it: see `wake`.
const LOOK_MS = 3_000
const COUNT_MS = 30_000
const STOP_WITHIN_MS = 10_000

export type EnqueueOptions = {
  /** From this time on the message is dropped instead of sent. */
  expiresAt: Date
  /** The message goes the way of all others, and is dropped where they are sent. */
  suppressed?: boolean
}

/**
 * The messages that wait to be sent, kept in the database: mails, and calls of the webhook. Each is sent at least once,
 * or not after it expires: a process that is killed between the sending and the removal of a message leaves it to be
 * sent again.
 */
export type Outbox = {
  /** Writes a mail, sealed, in the caller's transaction: it exists when that commits, and never did when it does not. */
  enqueue(tx: SystemTx, mail: Mail, options: EnqueueOptions): Promise<void>
  /** The same for a call of the webhook; nothing where none is configured. */
  enqueueCall(tx: SystemTx, call: WebhookCall, options: EnqueueOptions): Promise<void>
  /** To be called after the commit: sends what is due without waiting for the next look. */
  wake(): void
  /** Begins to look for due messages every few seconds. */
  start(): void
  /** Tries what is due now, and resolves when each message has been tried. */
  sendDue(): Promise<void>
  /** How many messages wait, and for how long the oldest has. */
  health(): Promise<{ waiting: number; oldestMs: number }>
  /** Takes no more messages, and waits for those under way, ten seconds at most. */
  stop(): Promise<void>
}

/** What the outbox leans on. Closing what the channels send by is left to whoever opened it. */
export type OutboxParts = {
  database: Pick<Database, 'systemDb'>
  mail: Channel<Mail>
  /** Null where no webhook is configured. */
  webhook?: Channel<WebhookCall> | null
  keys: Keyring
  log: Log
  now: () => Date
  metrics?: Pick<Metrics, 'message' | 'outboxWaiting'>
}

/** Opens the outbox. Many processes may open one on the same database: no two try a message at the same time. */
export function openOutbox(parts: OutboxParts): Outbox {
  const { database, mail: mailChannel, webhook, keys, log, now, metrics } = parts
  const { outboxMessage: rows } = database.systemDb
  const unreachable = (error: unknown) => log.error('outbox.unreachable', { error })
  const { take, work } = makeDelivery(parts)
  // Places of its own for each channel: calls that hang must not keep mails with links waiting.
  const openFor = (channel: ChannelName, count: number) =>
    openPlaces({ count, take: (free) => take(channel, free), work, onError: unreachable })
  const channels = [openFor('mail', MESSAGES_AT_ONCE), ...(webhook ? [openFor('webhook', CALLS_AT_ONCE)] : [])]
  const fill = (): void => channels.forEach((places) => places.fill())
  const timers: NodeJS.Timeout[] = []

  async function health() {
    const { _count: waiting, _min: oldest } = await rows.aggregate({ _count: true, _min: { createdAt: true } })
    metrics?.outboxWaiting(waiting)
    return { waiting, oldestMs: oldest.createdAt ? Math.max(0, now().getTime() - oldest.createdAt.getTime()) : 0 }
  }

  async function write<Message>(
    tx: SystemTx,
    { name, purpose }: Channel<Message>,
    message: Message,
    { expiresAt, suppressed = false }: EnqueueOptions,
  ): Promise<void> {
    const createdAt = now()
    const id = uuidv7({ msecs: createdAt.getTime() })
    const sealed = seal(keys, purpose, JSON.stringify(message), [id])
    const times = { createdAt, availableAt: createdAt, expiresAt }
    const channel = name satisfies ChannelName
    await tx.outboxMessage.create({ data: { id, channel, sealed, suppressed, ...times } })
  }

  return {
    enqueue: (tx, mail, options) => write(tx, mailChannel, mail, options),
    async enqueueCall(tx, call, options) {
      if (webhook) await write(tx, webhook, call, options)
    },
    wake: fill,
    start() {
      fill()
      timers.push(setInterval(fill, LOOK_MS).unref())
      timers.push(setInterval(() => void health().catch(unreachable), COUNT_MS).unref())
    },
    async sendDue() {
      fill()
      await Promise.all(channels.map((places) => places.empty()))
    },
    health,
    async stop() {
      timers.forEach(clearInterval)
      channels.forEach((places) => places.close())
      const empty = await Promise.all(channels.map((places) => places.empty(STOP_WITHIN_MS)))
      if (empty.includes(false)) log.warn('outbox.stopped-while-sending')
    },
  }
}
