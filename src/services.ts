import type { Redis } from 'ioredis'
import type { Config } from './config.ts'
import type { Keyring } from './platform/crypto/keyring.ts'
import type { Database } from './platform/db/client.ts'
import type { Limits } from './platform/limits/limits.ts'
import type { Log } from './platform/log.ts'
import type { Metrics } from './platform/metrics.ts'
import type { Outbox } from './platform/mail/outbox.ts'
import type { AuditLog } from './features/audit/audit-log.ts'

/** What is opened once and shared. A function that takes this acts as the server, and can reach every user's rows. */
export type Services = {
  config: Config
  /** The server's clock. It never goes back. */
  now: () => Date
  log: Log
  metrics: Metrics
  keys: Keyring
  database: Database
  /** Null where one process counts for itself. */
  redis: Redis | null
  limits: Limits
  outbox: Outbox
  audit: AuditLog
}
