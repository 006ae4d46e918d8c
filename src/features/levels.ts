import type { AuthLevel } from '../viewer.ts'

/**
 * What a caller must have proved for a field: every field of Query, Mutation and Subscription has its row, and so has
 * each field inside a type that asks for more than its type does. `null`: anybody may call it. `guarded` and `needs`
 * put a row in force, and the server does not start where one is missing.
 */
export const LEVELS = {
  'Query.me': null,
  'Query.session': null,
  'Query.node': 'SESSION',
  'Query.nodes': 'SESSION',
  'Query.sessions': 'SESSION',
  'Query.securityAudit': 'SESSION',
  'Query.record': 'SESSION',
  'Query.records': 'SESSION',
  'Record.secret': 'FRESH',

  // Ways in.
  'Mutation.requestMagicLink': null,
  'Mutation.verifyMagicLink': null,
  'Mutation.verifyMagicCode': null,
  'Mutation.logout': null,

  // A session may always throw others out: whoever finds a stranger in the list must not look for a key first.
  'Mutation.revokeSession': 'SESSION',
  'Mutation.revokeOtherSessions': 'SESSION',

  'Mutation.createRecord': 'SESSION',
  'Mutation.updateRecord': 'SESSION',
  'Mutation.deleteRecord': 'SESSION',
} as const satisfies Record<string, AuthLevel | null>

/** '<type>.<field>' of a field that has its row. */
export type GuardedField = keyof typeof LEVELS
