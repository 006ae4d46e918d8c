import type { OutboxMessage } from '../../generated/sqlite/client.ts'
import { unseal } from '../crypto/seal.ts'
import type { MailOutcome } from '../metrics.ts'
import { domainOnly, reasonWithout } from './loggable-mail.ts'
import { MailRefusedError, type Mail } from './mailer.ts'
import type { OutboxParts } from './outbox.ts'
import { within } from './within.ts'

const TRY_MS = 30_000
// Longer than a try, and than the clocks of two machines may differ besides.
const LEASE_MS = 90_000
const BACKOFF_MS = [2_000, 10_000, 30_000, 120_000] as const
const LONGEST_BACKOFF_MS = 300_000

const EVENTS: { [Outcome in MailOutcome]: { level: 'debug' | 'info' | 'warn' | 'error'; event: string } } = {
  sent: { level: 'info', event: 'mail.sent' },
  retried: { level: 'warn', event: 'mail.not-sent-yet' },
  refused: { level: 'error', event: 'mail.refused' },
  expired: { level: 'error', event: 'mail.expired' },
  suppressed: { level: 'debug', event: 'mail.suppressed' },
}

type Attempt = { outcome: MailOutcome; to?: string; reason?: string; error?: unknown }

/** How the outbox takes mails from the database, and what it does with one that it took. */
export function makeDelivery({ database, mailer, keys, log, now, metrics }: OutboxParts) {
  const { outboxMessage: rows } = database.systemDb

  /**
   * A look is one indexed read while nothing is due. What it finds is taken by one conditional write: a mail that
   * another process took in between is no longer due, and is not among those that the write returns.
   */
  async function take(places: number): Promise<{ seen: number; taken: OutboxMessage[] }> {
    const at = now()
    const due = { availableAt: { lte: at } }
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
   * Tries a mail that was taken, and brings its row to its end or to its next try. Rejects when the database is away:
   * the lease then runs out, and the mail is tried again, also where it had been sent.
   */
  async function work(row: OutboxMessage): Promise<void> {
    const { outcome, ...told } = await attempt(row)
    const nextTryAt = outcome === 'retried' ? await postpone(row) : await remove(row)
    metrics?.mail(outcome)
    const { level, event } = EVENTS[outcome]
    log[level](event, {
      id: row.id,
      provider: mailer.name,
      attempts: row.attempts,
      ...told,
      ...(nextTryAt && { nextTryAt }),
    })
  }

  async function attempt(row: OutboxMessage): Promise<Attempt> {
    if (row.expiresAt <= now()) return { outcome: 'expired' }
    let mail: Mail
    try {
      mail = JSON.parse(unseal(keys, 'seal-mail', row.sealed, [row.id])) as Mail // sealed by the outbox alone
    } catch (error) {
      // Another process may have the key, or this one after its next start. If none ever has, the mail expires.
      return { outcome: 'retried', error }
    }
    if (row.suppressed) return { outcome: 'suppressed' }
    const to = domainOnly(mail.to)
    try {
      await within(TRY_MS, mailer.send(mail, row.id))
      return { outcome: 'sent', to }
    } catch (error) {
      const outcome = error instanceof MailRefusedError ? 'refused' : 'retried'
      return { outcome, to, reason: reasonWithout(mail, error) }
    }
  }

  /** Not later than the mail expires, so that it is removed then. */
  async function postpone({ id, attempts, expiresAt }: OutboxMessage): Promise<Date> {
    const backoff = (BACKOFF_MS[attempts - 1] ?? LONGEST_BACKOFF_MS) * (0.75 + Math.random() / 2)
    const availableAt = new Date(Math.min(after(now(), backoff).getTime(), expiresAt.getTime()))
    // Whoever takes a mail counts an attempt: with another count it is no longer ours.
    await rows.updateMany({ where: { id, attempts }, data: { availableAt } })
    return availableAt
  }

  async function remove({ id }: OutboxMessage): Promise<null> {
    await rows.deleteMany({ where: { id } })
    return null
  }

  return { take, work }
}

function after(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms)
}
