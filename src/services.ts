import type { Redis } from 'ioredis'
import type { Config } from './config.ts'
import type { Keyring } from './platform/crypto/keyring.ts'
import type { Database } from './platform/db/client.ts'
import type { Limits } from './platform/limits/limits.ts'
import type { Log } from './platform/log.ts'
import type { Metrics } from './platform/metrics.ts'
import type { Background } from './platform/background.ts'
import type { Bus } from './platform/bus/bus.ts'
import type { Geography } from './platform/geography.ts'
import type { Outbox } from './platform/outbox/outbox.ts'
import type { Streams } from './platform/streams.ts'
import type { AuditLog } from './features/audit/audit-log.ts'
import type { ReadTally } from './features/audit/read-tally.ts'

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
  /** Wakes those who wait for news, in all processes. */
  bus: Bus
  streams: Streams
  background: Background
  places: Geography
  audit: AuditLog
  /** How much each user has read of late. */
  tally: ReadTally
}
