import { isLatchkeyError, type LatchkeyError } from './errors.ts'
import { subscribe, type StreamOptions } from './event-stream.ts'
import {
  SecurityAlertDocument,
  type SecurityAlertFieldsFragment,
  type SecurityAlertSubscription,
} from './generated/graphql.ts'
import { pause } from './pause.ts'
import type { Transport } from './send.ts'

export type AlertOptions = Pick<StreamOptions, 'signal'> & {
  /**
   * Called each time the stream has begun: the moment to read `securityAlerts` for what was raised before, or while it
   * was broken. What happens meanwhile waits until it has ended.
   */
  onOpen?: () => void | Promise<void>
}

const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [1_000, 30_000]

/**
 * Calls back with each alert as it happens, and connects again when the connection breaks. It resolves once it is called
 * off by `signal`, and throws when the server refuses, as it does when the session ends. `ready` resolves once the
 * session's cookie is not about to change.
 */
export async function listenForAlerts(
  { ready, ...transport }: Transport & { ready: () => Promise<void> },
  callback: (alert: SecurityAlertFieldsFragment) => void,
  { signal, onOpen }: AlertOptions,
): Promise<void> {
  let wait = FIRST_WAIT_MS
  const opened = async (): Promise<void> => {
    wait = FIRST_WAIT_MS
    await onOpen?.()
  }
  while (!signal?.aborted) {
    let asked: number | undefined
    try {
      const answers = subscribe(transport, SecurityAlertDocument, {}, { signal, onOpen: opened })
      for await (const { data, errors } of answers) {
        if (errors[0]) throw errors[0]
        callback((data as SecurityAlertSubscription).securityAlert) // the document's own type
      }
    } catch (error) {
      if (signal?.aborted) return
      if (!isWorthAnotherTry(error)) throw error
      asked = error.retryAfter
    }
    // With some jitter: after a restart not all come back at once.
    await pause(asked === undefined ? wait * (0.5 + Math.random() / 2) : asked * 1_000, signal)
    // A proof changes the session's cookie, which completes the stream, to be begun again with the new one: on a slow line
    // the answer that brings it comes long after that.
    await ready()
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }
}

function isWorthAnotherTry(error: unknown): error is LatchkeyError {
  if (!isLatchkeyError(error)) return false
  if (error.code === 'UNEXPECTED_ANSWER') return (error.status ?? 0) >= 500 // a proxy whose server is away
  return error.code === 'NETWORK' || error.code === 'UNAVAILABLE' || error.code === 'RATE_LIMITED'
}
