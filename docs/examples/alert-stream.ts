// #region stream
import { createClient } from 'graphql-sse'

type Alert = { id: string; kind: string; message: string; createdAt: string }

/** Calls back with each alert as it happens, until it is called off or the session ends. */
export async function watchAlerts(url: string, onAlert: (alert: Alert) => void, signal: AbortSignal): Promise<void> {
  const client = createClient({ url, credentials: 'include' })
  const alerts = client.iterate<{ securityAlert: Alert }>({
    query: 'subscription { securityAlert { id kind message createdAt } }',
  })
  signal.addEventListener('abort', () => void alerts.return?.())
  for await (const { data, errors } of alerts) {
    if (errors?.[0]) throw errors[0]
    if (data) onAlert(data.securityAlert)
  }
}
// #endregion
