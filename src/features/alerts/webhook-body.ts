type Told = {
  kind: string
  /** Node ids; null where an event is no user's. */
  id: string | null
  userId: string | null
  message: string
  deviceName: string | null
  createdAt: Date
}

/** What the webhook is sent, in the form that Standard Webhooks gives to a body. It holds no address, mail or network. */
export function webhookBody({ kind, createdAt, ...data }: Told): string {
  const timestamp = createdAt.toISOString()
  return JSON.stringify({ type: kind, timestamp, data: { ...data, createdAt: timestamp } })
}
