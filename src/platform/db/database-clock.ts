import type { Database } from './client.ts'
import type { SystemTx } from './types.ts'

// As text, to the millisecond that a column keeps: the two databases hand out times of their own in different types.
const NOW = {
  sqlite: `SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now') AS "now"`,
  postgresql: `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "now"`,
} as const

type Reader = Pick<SystemTx, '$queryRawUnsafe'>

/** The database's own time, which all processes share: at this moment, not at the beginning of the transaction. */
export async function readClock(reader: Reader, provider: Database['provider']): Promise<Date> {
  const rows = await reader.$queryRawUnsafe<{ now?: unknown }[]>(NOW[provider])
  const now = new Date(String(rows[0]?.now))
  if (Number.isNaN(now.getTime())) throw new Error('The database did not tell its time as an ISO 8601 instant.')
  return now
}
