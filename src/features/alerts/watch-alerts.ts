import type { Context } from '../../context.ts'
import { AppError, sessionNeeded } from '../../errors.ts'
import type { SecurityAlert } from '../../generated/sqlite/client.ts'
import type { ScopedDb } from '../../platform/db/types.ts'
import { makeAccessLog } from '../audit/request-access-log.ts'
import { topicOf } from './wake-streams.ts'

/** How often a stream looks by itself: a message of the bus may be lost, and a session runs out without one. */
export const LOOK_MS = 15_000
// An alert is dated before its transaction commits, by the clock of its process: a look reaches back for as long as
// both may take together.
const LOOK_BACK_MS = 60_000
const MOST_AT_ONCE = 50

/** An alert, or the refusal that ends the stream: always the last. */
type AlertEvent = SecurityAlert | Error

/**
 * The viewer's alerts from now on, each once, in the order in which they are found. The bus only wakes it: what there is
 * to tell it reads through the viewer's own client. Before it tells anything, and at each look, the session must still be
 * live: one that has ended ends the stream with UNAUTHENTICATED, one whose token has changed ends it without a word, to be
 * begun again with the new one. It holds a place among the open streams until it ends, its reader leaves, or the connection is gone.
 */
export async function watchAlerts(context: Context): Promise<AsyncIterableIterator<AlertEvent>> {
  const { services, viewer } = context
  if (!viewer) throw sessionNeeded()
  const place = services.streams.open(viewer.session.id)
  try {
    const wakeUp = makeWakeUp()
    const stopHearing = services.bus.subscribe(topicOf(viewer.user.id), wakeUp.ring)
    const looking = setInterval(wakeUp.ring, LOOK_MS).unref()
    place.signal.addEventListener('abort', () => {
      clearInterval(looking)
      stopHearing()
      wakeUp.ring()
    })
    context.onClose(place.close)
    const look = await lookFromNowOn(context, viewer.user.id)
    return closable(events(context, look, wakeUp, place.signal), place.close)
  } catch (error) {
    place.close()
    throw error
  }
}

async function* events(
  { standing }: Context,
  look: () => Promise<SecurityAlert[]>,
  wakeUp: WakeUp,
  ended: AbortSignal,
): AsyncGenerator<AlertEvent, void, undefined> {
  try {
    while (!ended.aborted) {
      const found: readonly (SecurityAlert | null)[] = (await standing()) === 'live' ? await look() : [null]
      for (const alert of found) {
        // A reader takes its time, and the session may have ended meanwhile.
        const now = await standing()
        if (ended.aborted || now === 'renewed') return
        if (now === 'ended') return yield SESSION_ENDED()
        if (alert) yield alert
      }
      if (found.length < MOST_AT_ONCE) await wakeUp.next()
    }
  } catch (error) {
    // It cannot be told any more who reads, or what: the stream ends, and says so.
    yield error instanceof Error ? error : new Error('A stream failed.', { cause: error })
  }
}

const SESSION_ENDED = () =>
  new AppError('UNAUTHENTICATED', 'The session of this stream has ended. Sign in, then begin it again.')

/** Gives, at each call, the alerts that were not there at the calls before. What it read is logged before it gives it. */
async function lookFromNowOn({ services, viewer, origin }: Context, userId: string) {
  const accessLog = makeAccessLog(services, origin, viewer)
  const db: ScopedDb = services.database.scopeToUser(userId, {
    ...accessLog,
    // Most looks find nothing, and a line for each would fill the log.
    read: (access) => {
      if (access.count > 0) accessLog.read(access)
    },
  })
  let since = services.now().getTime() - LOOK_BACK_MS
  const quiet = services.database.scopeToUser(userId, { ...accessLog, read: () => {} })
  const before = await quiet.securityAlert.findMany({
    where: { createdAt: { gte: new Date(since) } },
    select: { id: true, createdAt: true },
  })
  const seen = new Map(before.map(({ id, createdAt }) => [id, createdAt.getTime()]))

  return async (): Promise<SecurityAlert[]> => {
    const lookedAt = services.now().getTime()
    const found = await db.securityAlert.findMany({
      where: { createdAt: { gte: new Date(since) }, id: { notIn: [...seen.keys()] } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      take: MOST_AT_ONCE,
    })
    await accessLog.flush()
    for (const { id, createdAt } of found) seen.set(id, createdAt.getTime())
    if (found.length < MOST_AT_ONCE) since = Math.max(since, lookedAt - LOOK_BACK_MS)
    for (const [id, at] of seen) if (at < since) seen.delete(id)
    return found
  }
}

type WakeUp = { ring(): void; next(): Promise<void> }

/** Remembers that it was rung until somebody waits for it; rung twice, it wakes once. */
function makeWakeUp(): WakeUp {
  let rung = false
  let wake: (() => void) | null = null
  return {
    ring() {
      rung = true
      wake?.()
    },
    async next() {
      if (!rung) await new Promise<void>((resolve) => (wake = resolve))
      rung = false
      wake = null
    },
  }
}

// A generator that waits hears of its reader's leaving only after it was woken; one that never began, not at all.
function closable<Event>(
  generator: AsyncGenerator<Event, void, undefined>,
  close: () => void,
): AsyncIterableIterator<Event> {
  const closeWhenDone = (result: IteratorResult<Event>): IteratorResult<Event> => {
    if (result.done) close()
    return result
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => generator.next().then(closeWhenDone),
    return: () => {
      close()
      return generator.return(undefined)
    },
  }
}
