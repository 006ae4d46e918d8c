import { AppError } from '../errors.ts'

/** The readable prefix of each type's ids. A new Node type takes a new line. */
const PREFIXES: Readonly<Record<string, string>> = {
  User: 'user',
  Session: 'session',
  Passkey: 'passkey',
  Record: 'record',
  AuditEntry: 'audit',
  SecurityAlert: 'alert',
  KeySlot: 'keyslot',
  RecoveryRequest: 'recovery',
}

const TYPES = new Map(Object.entries(PREFIXES).map(([typename, prefix]) => [prefix, typename]))
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** True for a UUID in its canonical, lower-case form. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** True for a type whose rows have a readable id. */
export function hasNodeId(typename: string): boolean {
  return Object.hasOwn(PREFIXES, typename)
}

/** `record_0198c5b2-...`: what a type's `id` field answers. */
export function encodeNodeId(typename: string, id: string): string {
  const prefix = PREFIXES[typename]
  if (!prefix) throw new Error(`The type ${typename} has no id prefix. Give it one in node-id.ts.`)
  return `${prefix}_${id}`
}

/** The type and row id behind a node id; BAD_INPUT for anything that `encodeNodeId` cannot have made. */
export function decodeNodeId(nodeId: string): { typename: string; id: string } {
  const cut = nodeId.indexOf('_')
  const typename = TYPES.get(nodeId.slice(0, Math.max(cut, 0)))
  const id = nodeId.slice(cut + 1)
  if (!typename || !isUuid(id)) {
    throw new AppError('BAD_INPUT', 'id: not an id of this server. Ids look like record_<uuid>, in lower case.', {
      field: 'id',
    })
  }
  return { typename, id }
}

/** The row id behind a node id of one type; BAD_INPUT when it is of another. */
export function rowIdOf(typename: string, nodeId: string): string {
  const decoded = decodeNodeId(nodeId)
  if (decoded.typename === typename) return decoded.id
  throw new AppError('BAD_INPUT', `id: this is the id of a ${decoded.typename}; a ${typename}'s is asked for.`, {
    field: 'id',
  })
}
