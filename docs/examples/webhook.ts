// #region webhook
import { Webhook } from 'standardwebhooks'

type Alert = {
  type: string
  timestamp: string
  data: { id: string | null; userId: string | null; message: string; deviceName: string | null; createdAt: string }
}

/** Reads a call of the webhook. `body` is the text as it came, before anything parsed it. Throws for a call that is not ours, or is older than five minutes. */
export function readAlert(body: string, headers: Record<string, string>, secret: string): Alert {
  const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' })
  return webhook.verify(body, headers) as Alert
}
// #endregion
