import { AsyncLocalStorage } from 'node:async_hooks'
import type { AccessLog, ScopedDb, SystemDb } from './types.ts'

const userInForce = new AsyncLocalStorage<{ userId: string }>()
const OWNED: Record<string, string> = { record: 'records', session: 'sessions', recordUsage: 'record_usage', auditEntry: 'audit_entries' }
export function interimScope(client: SystemDb) {
  return (userId: string, log: AccessLog): ScopedDb => {
    const wrap = (base: any, tx: any): any => new Proxy({}, { get: (_t, k: string) => {
      if (k === 'then') return undefined
      if (k === '$transaction') return (fn: any) => userInForce.run({ userId }, () => (client as any).$transaction((t: any) => fn(wrap(t, t))))
      if (!OWNED[k]) throw new Error('refused ' + k)
      return new Proxy({}, { get: (_t2, op: string) => async (args: any = {}) => {
        const where = { AND: [{ userId }, flat(args.where)] }
        const model = k[0]!.toUpperCase() + k.slice(1)
        const a = (kind: any, rows: any, n?: number) => ({ model, table: OWNED[k]!, kind, ids: (Array.isArray(rows) ? rows : rows ? [rows] : []).map((r: any) => r.id).filter(Boolean), count: n ?? (Array.isArray(rows) ? rows.length : rows ? 1 : 0) } as any)
        const read = /^(find|count|aggregate|groupBy)/.test(op)
        const real = op === 'findUnique' ? 'findFirst' : op === 'findUniqueOrThrow' ? 'findFirstOrThrow' : op
        if (read) { const r = await base[k][real]({ ...args, where }); log.read(a('read', typeof r === 'number' ? [] : r, typeof r === 'number' ? r : undefined)); return r }
        const go = async (t: any) => {
          const data = op.startsWith('create') ? { data: Array.isArray(args.data) ? args.data.map((d: any) => ({ ...d, userId })) : { ...args.data, userId } } : { where }
          let ids: any = null
          if (op === 'deleteMany') ids = await t[k].findMany({ where })
          const r = await t[k][op]({ ...args, ...data })
          const n = typeof r?.count === 'number' && op.endsWith('Many') ? r.count : undefined
          const row = log.wrote(a(op.startsWith('create') ? 'created' : op.startsWith('delete') ? 'deleted' : 'updated', ids ?? (n === undefined ? r : []), n))
          if (row && k !== 'auditEntry' && (n ?? 1) > 0) await t.auditEntry.create({ data: { ...row, userId } })
          return r
        }
        return tx ? go(tx) : (client as any).$transaction(go)
      } })
    } })
    return wrap(client, null)
  }
}
function flat(w: any) { const out: any = {}; for (const [k, v] of Object.entries(w ?? {})) { if (k === 'userId_id') Object.assign(out, v); else out[k] = v } return out }
