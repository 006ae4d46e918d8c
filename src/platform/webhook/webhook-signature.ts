import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** The bytes of a secret: behind `whsec_` stands base64, as Standard Webhooks has it; any other text is its own bytes. */
export function webhookKey(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret)
}

/** The webhook-signature header: `v1,` and the base64 HMAC-SHA-256 of `id.timestamp.body`. */
export function webhookSignature(key: Buffer, { id, timestamp, body }: Record<'id' | 'timestamp' | 'body', string>) {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
