import type { Config } from '../../config.ts'
import type { Channel } from '../outbox/channel.ts'
import { loggableText } from '../loggable.ts'
import { webhookKey, webhookSignature } from './webhook-signature.ts'

/** A call of the webhook, as it waits: its body, ready to be signed and sent. */
export type WebhookCall = { body: string }

export type WebhookOptions = {
  now: () => Date
  /** How long an answer is waited for. */
  timeoutMs?: number
}

const TIMEOUT_MS = 10_000
// A receiver that is overloaded or slow says so by these two; every other 4xx would say the same tomorrow.
const WORTH_ANOTHER_TRY: readonly number[] = [408, 429]

/**
 * Calls the webhook that the configuration names, signed as Standard Webhooks says: any 2xx is a success; a 4xx other
 * than 408 and 429 is a refusal; all else is tried again. It follows no redirect, which could lead the signed body to
 * somebody else.
 */
export function webhookChannel(
  { url, secret }: NonNullable<Config['alertWebhook']>,
  { now, timeoutMs = TIMEOUT_MS }: WebhookOptions,
): Channel<WebhookCall> {
  const key = webhookKey(secret)
  return {
    name: 'webhook',
    purpose: 'seal-webhooks',
    provider: 'webhook',
    async send({ body }, id) {
      const timestamp = String(Math.floor(now().getTime() / 1_000))
      const answer = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Latchkey',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': webhookSignature(key, { id, timestamp, body }),
        },
        body,
      })
      await answer.body?.cancel() // whatever it says, nobody reads it
      if (!answer.ok) throw new WebhookAnswerError(answer.status)
    },
    isRefusal: (error) =>
      error instanceof WebhookAnswerError &&
      error.status >= 400 &&
      error.status < 500 &&
      !WORTH_ANOTHER_TRY.includes(error.status),
    about: () => ({}),
    reason: (_call, error) => reasonOf(error, url),
  }
}

/** The receiver answered, and did not take the call. */
class WebhookAnswerError extends Error {
  readonly status: number

  constructor(status: number) {
    super(`The webhook answered ${status}.`)
    this.status = status
  }
}

// fetch says "fetch failed", and has the reason behind it. Part of the URL may be a secret.
function reasonOf(error: unknown, url: string): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const words = cause instanceof Error ? cause.message || cause.name : 'unknown'
  const { pathname, search } = new URL(url)
  const path = pathname + search
  return loggableText(path.length > 1 ? words.replaceAll(path, '/***') : words, 300)
}
