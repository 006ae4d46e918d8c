import type { OutboxMessage } from '../../generated/sqlite/client.ts'
import { unseal } from '../crypto/seal.ts'
import type { LogFields } from '../log.ts'
import type { MessageOutcome } from '../metrics.ts'
import type { Channel, ChannelName } from './channel.ts'
import type { OutboxParts } from './outbox.ts'
import { within } from './within.ts'

const TRY_MS = 30_000
// Longer than a try, and than the clocks of two machines may differ besides.
const LEASE_MS = 90_000
const BACKOFF_MS = [2_000, 10_000, 30_000, 120_000] as const
const LONGEST_BACKOFF_MS = 300_000

// Behind the channel's name: 'mail.sent', 'webhook.refused'.
const EVENTS: { [Outcome in MessageOutcome]: { level: 'debug' | 'info' | 'warn' | 'error'; what: string } } = {
  sent: { level: 'info', what: 'sent' },
  retried: { level: 'warn', what: 'not-sent-yet' },
  refused: { level: 'error', what: 'refused' },
  expired: { level: 'error', what: 'expired' },
  suppressed: { level: 'debug', what: 'suppressed' },
}

type Attempt = { outcome: MessageOutcome; told: LogFields }

/** How the outbox takes messages from the database, and what it does with one that it took. */
export function makeDelivery({ database, mail, webhook, keys, log, now, metrics }: OutboxParts) {
  const { outboxMessage: rows } = database.systemDb

  /**
   * A look is one indexed read while nothing is due. What it finds is taken by one conditional write: a message that
   * another process took in between is no longer due, and is not among those that the write returns. Those of a channel
   * that this process does not have wait for one that has it; once they have expired, mail takes them, to remove them.
   */
  async function take(channel: ChannelName, places: number): Promise<{ seen: number; taken: OutboxMessage[] }> {
    const at = now()
    const own = channel === 'mail' ? { OR: [{ channel }, { expiresAt: { lte: at } }] } : { channel }
    const due = { availableAt: { lte: at }, ...own }
    const found = await rows.findMany({
      where: due,
      orderBy: { availableAt: 'asc' },
      take: places,
      select: { id: true },
    })
    if (found.length === 0) return { seen: 0, taken: [] }
    const taken = await rows.updateManyAndReturn({
      where: { ...due, id: { in: found.map(({ id }) => id) } },
      data: { availableAt: after(at, LEASE_MS), attempts: { increment: 1 } },
    })
    return { seen: found.length, taken }
  }

  /**
   * Tries a message that was taken, and brings its row to its end or to its next try. Rejects when the database is
   * away: the lease then runs out, and the message is tried again, also where it had been sent.
   */
  async function work(row: OutboxMessage): Promise<void> {
    const channel = row.channel === 'mail' ? mail : row.channel === 'webhook' ? (webhook ?? null) : null
    const { outcome, told } = channel ? await attempt(row, channel) : NO_CHANNEL
    const nextTryAt = outcome === 'retried' ? await postpone(row) : await remove(row)
    const name = row.channel === 'webhook' ? 'webhook' : 'mail'
    metrics?.message(name, outcome)
    const { level, what } = EVENTS[outcome]
    const { id, attempts } = row
    log[level](`${name}.${what}`, {
      id,
      provider: channel?.provider,
      attempts,
      ...told,
      ...(nextTryAt && { nextTryAt }),
    })
  }

  // The channel that sealed a message opens it, so each gets its own kind.
  async function attempt(row: OutboxMessage, channel: Channel<unknown>): Promise<Attempt> {
    if (row.expiresAt <= now()) return { outcome: 'expired', told: {} }
    let message: unknown
    try {
      message = JSON.parse(unseal(keys, channel.purpose, row.sealed, [row.id]))
    } catch (error) {
      // Another process may have the key, or this one after its next start. If none ever has, the message expires.
      return { outcome: 'retried', told: { error } }
    }
    if (row.suppressed) return { outcome: 'suppressed', told: {} }
    const about = channel.about(message)
    try {
      await within(TRY_MS, channel.send(message, row.id))
      return { outcome: 'sent', told: about }
    } catch (error) {
      const outcome = channel.isRefusal(error) ? 'refused' : 'retried'
      return { outcome, told: { ...about, reason: channel.reason(message, error) } }
    }
  }

  /** Not later than the message expires, so that it is removed then. */
  async function postpone({ id, attempts, expiresAt }: OutboxMessage): Promise<Date> {
    const backoff = (BACKOFF_MS[attempts - 1] ?? LONGEST_BACKOFF_MS) * (0.75 + Math.random() / 2)
    const availableAt = new Date(Math.min(after(now(), backoff).getTime(), expiresAt.getTime()))
    // Whoever takes a message counts an attempt: with another count it is no longer ours.
    await rows.updateMany({ where: { id, attempts }, data: { availableAt } })
    return availableAt
  }

  async function remove({ id }: OutboxMessage): Promise<null> {
    await rows.deleteMany({ where: { id } })
    return null
  }

  return { take, work }
}

// Of a channel that this process does not have, which nobody has sent in time.
const NO_CHANNEL: Attempt = { outcome: 'expired', told: {} }

function after(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms)
}
