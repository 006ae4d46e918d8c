import { AppError } from '../errors.ts'

/** How many streams one session may hold open in a process, and how many a process holds in all. */
export const MOST_STREAMS = { session: 5, process: 2_000 } as const

/** A place among the open streams. */
export type Stream = {
  /** Aborted when the stream must end: the server stops, or the place was given back. */
  signal: AbortSignal
  /** Gives the place back. Safe to call twice. */
  close(): void
}

/** The event streams that a process holds open, so that they stay few and end with it. */
export type Streams = {
  /** Takes a place. QUOTA_EXCEEDED when the session holds as many as it may, UNAVAILABLE when the process does, or stops. */
  open(sessionId: string): Stream
  /** Ends all streams, and takes no more. */
  end(): void
}

export function openStreams(tell: (open: number) => void = () => {}): Streams {
  const bySession = new Map<string, Set<AbortController>>()
  let open = 0
  let ended = false

  return {
    open(sessionId) {
      if (ended || open >= MOST_STREAMS.process)
        throw new AppError('UNAVAILABLE', 'The server takes no more streams just now. Try again in a minute.')
      const own = bySession.get(sessionId) ?? new Set()
      if (own.size >= MOST_STREAMS.session) {
        throw new AppError(
          'QUOTA_EXCEEDED',
          `A session holds at most ${MOST_STREAMS.session} streams open. End one, or share it between tabs.`,
          { limit: MOST_STREAMS.session },
        )
      }
      const ending = new AbortController()
      bySession.set(sessionId, own.add(ending))
      tell((open += 1))
      return {
        signal: ending.signal,
        close() {
          if (!own.delete(ending)) return
          if (own.size === 0 && bySession.get(sessionId) === own) bySession.delete(sessionId)
          tell((open -= 1))
          ending.abort()
        },
      }
    },
    end() {
      ended = true
      for (const ending of [...bySession.values()].flatMap((own) => [...own])) ending.abort()
    },
  }
}
