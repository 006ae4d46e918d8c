import type { Origin } from '../../context.ts'
import type { Access, AccessLog } from '../../platform/db/types.ts'
import type { Services } from '../../services.ts'
import type { Viewer } from '../../viewer.ts'
import type { AuditEvent } from './audit-log.ts'

/** The accesses of one request: reads are kept until its answer is ready, then committed before it is sent. */
export type RequestAccessLog = AccessLog & {
  /** The same log, for reads that say nothing of who reads: they do not count as a use of the data. */
  uncounted: AccessLog
  flush(): Promise<void>
}

/** What the server itself keeps beside a user's data. Its rows say nothing that the row of the real write does not. */
const BOOKKEEPING: readonly string[] = ['RecordUsage', 'ReauthenticationCode', 'KeyRotation']

/** How many ids one line of the log names. */
const MAX_IDS = 100

export function makeAccessLog(services: Services, origin: Origin, viewer: Viewer | null): RequestAccessLog {
  let reads: Access[] = []

  const uncounted: AccessLog = {
    read(access) {
      if (!BOOKKEEPING.includes(access.model)) reads.push(access)
    },
    wrote(access) {
      return BOOKKEEPING.includes(access.model) ? null : services.audit.row(eventOf(access, viewer), origin)
    },
  }

  return {
    ...uncounted,
    uncounted,
    read(access) {
      if (viewer) services.tally.note(viewer.user.id, access, origin)
      uncounted.read(access)
    },
    async flush() {
      if (reads.length === 0) return
      const events = mergeReads(reads).map((access) => eventOf(access, viewer))
      reads = []
      await services.audit.commit(events.map((event) => services.audit.row(event, origin)))
    },
  }
}

// A page and its count, or twenty nodes by their ids, are one reading of one table.
function mergeReads(reads: readonly Access[]): Access[] {
  const byModel = new Map<string, Access>()
  for (const access of reads) {
    const known = byModel.get(access.model)
    if (!known) byModel.set(access.model, access)
    else {
      const ids = [...new Set([...known.ids, ...access.ids])]
      byModel.set(access.model, { ...known, ids, count: Math.max(known.count, access.count, ids.length) })
    }
  }
  return [...byModel.values()]
}

function eventOf(access: Access, viewer: Viewer | null): AuditEvent {
  const [onlyId] = access.count <= 1 ? access.ids : []
  return {
    action: `${subjectOf(access.model)}.${access.kind}`,
    userId: viewer?.user.id ?? null,
    sessionId: viewer?.session.id ?? null,
    tableName: access.table,
    recordId: onlyId ?? null,
    ...(onlyId ? {} : { details: { count: access.count, ids: access.ids.slice(0, MAX_IDS) } }),
  }
}

function subjectOf(model: string): string {
  return model === 'AuditEntry' ? 'audit' : model.charAt(0).toLowerCase() + model.slice(1)
}
