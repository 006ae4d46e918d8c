import { v7 as uuidv7 } from 'uuid'
import type { Origin } from '../../context.ts'
import type { Prisma } from '../../generated/sqlite/client.ts'
import type { Database } from '../../platform/db/client.ts'
import type { Metrics } from '../../platform/metrics.ts'

/** What happened, to put in the security log. `details` never holds a secret. */
export type AuditEvent = {
  /** 'login.succeeded', 'record.read', ... */
  action: string
  /** Null for an attempt on an address that has no account. */
  userId: string | null
  sessionId?: string | null
  tableName?: string
  recordId?: string | null
  success?: boolean
  details?: Readonly<Record<string, unknown>>
}

export type AuditRow = Prisma.AuditEntryCreateManyInput & { id: string; timestamp: Date }

export type AuditLog = {
  /** The row that tells of an event, to be inserted in the transaction of what it tells of. */
  row(event: AuditEvent, origin: Origin): AuditRow
  /** Commits rows that belong to no transaction, together with those of other requests. Resolves once they are on disk. */
  commit(rows: readonly AuditRow[]): Promise<void>
}

const MAX_BATCH = 500

const COLUMNS = [
  'id', 'user_id', 'action', 'table_name', 'record_id', 'session_id', 'success',
  'ip_address', 'user_agent', 'device_name', 'details', 'timestamp',
] as const // prettier-ignore

type Waiting = { rows: readonly AuditRow[]; resolve: () => void; reject: (error: unknown) => void }

/** Opens the security log. Requests that wait at the same time share one commit, so that a logged read costs little. */
export function openAuditLog(database: Database, now: () => Date, metrics: Metrics): AuditLog {
  const waiting: Waiting[] = []
  let writing = false

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH)
      const rows = batch.flatMap((entry) => entry.rows)
      try {
        await database.insertRows('audit_entries', COLUMNS, rows.map(valuesOf))
        metrics.auditBatch(rows.length)
        for (const entry of batch) entry.resolve()
      } catch (error) {
        for (const entry of batch) entry.reject(error)
      }
    }
    writing = false
  }

  return {
    row: (event, origin) => makeRow(event, origin, now()),
    commit: (rows) =>
      rows.length === 0
        ? Promise.resolve()
        : new Promise((resolve, reject) => {
            waiting.push({ rows, resolve, reject })
            if (writing) return
            writing = true
            // Not at once: the other requests of this turn of the event loop join the same commit.
            setImmediate(() => void write())
          }),
  }
}

function makeRow(event: AuditEvent, origin: Origin, timestamp: Date): AuditRow {
  return {
    // Without a time of ours: then those of one millisecond count up, and the log keeps the order in which things happened.
    id: uuidv7(),
    userId: event.userId,
    action: event.action,
    tableName: event.tableName ?? null,
    recordId: event.recordId ?? null,
    sessionId: event.sessionId ?? null,
    success: event.success ?? true,
    ...origin,
    details: event.details ? JSON.stringify(event.details) : null,
    timestamp,
  }
}

function valuesOf(row: AuditRow) {
  return [
    row.id, row.userId ?? null, row.action, row.tableName ?? null, row.recordId ?? null, row.sessionId ?? null,
    row.success ?? true, row.ipAddress ?? null, row.userAgent ?? null, row.deviceName ?? null, row.details ?? null,
    row.timestamp,
  ] // prettier-ignore
}
