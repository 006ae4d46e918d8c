import type { AuditEntry } from '../../client/index.ts'

/** What of the log is shown: as `securityAudit` takes it. */
export type Filter = { actions?: string[]; except?: string[]; success?: boolean }

export type FilterName = 'changes' | 'sign-ins' | 'passkeys' | 'encryption' | 'notes' | 'reads' | 'refused'

/** The filters of the log, in plain words. */
export const FILTERS: Readonly<Record<FilterName, { name: string; filter: Filter }>> = {
  changes: { name: 'All but what was only read', filter: { except: ['*.read'] } },
  'sign-ins': {
    name: 'Sign-ins and sessions',
    filter: {
      actions: ['login.*', 'account.*', 'session.*', 'reauthentication.*', 'alert.*'],
      except: ['*.read'],
    },
  },
  passkeys: { name: 'Passkeys', filter: { actions: ['passkey.*'], except: ['*.read'] } },
  encryption: { name: 'Encryption and recovery', filter: { actions: ['encryption.*', 'recovery.*'] } },
  notes: { name: 'Notes and other records', filter: { actions: ['record.*'] } },
  reads: { name: 'What was read', filter: { actions: ['*.read'] } },
  refused: { name: 'What was refused', filter: { success: false } },
}

/** Whether a text names one of the filters. */
export const isFilterName = (name: string): name is FilterName => Object.hasOwn(FILTERS, name)

const WORDS: Readonly<Record<string, string>> = {
  'account.created': 'The account was made',
  'login.link-requested': 'A link to sign in was asked for',
  'login.succeeded': 'Signed in',
  'login.failed': 'A sign-in failed',
  'login.confirmation-asked': 'A link was opened in another browser, which was asked whether it is you',
  'session.created': 'A session began',
  'session.updated': 'A session was renewed',
  'session.deleted': 'A session ended',
  'reauthentication.code-requested': 'A code to prove that it is you was asked for',
  'reauthentication.succeeded': 'Proved that it is you',
  'reauthentication.failed': 'A proof that it is you failed',
  'passkey.created': 'A passkey was added',
  'passkey.updated': 'A passkey was renamed',
  'passkey.deleted': 'A passkey was removed',
  'passkey.refused': 'A passkey was refused',
  'alert.disowned': '“This was not me” was said to an alert',
  'securityAlert.updated': 'An alert was marked as seen',
  'encryption.enabled': 'Encryption was switched on',
  'encryption.disabled': 'Encryption was switched off',
  'encryption.unlock-added': 'A passkey was allowed to unlock',
  'encryption.unlock-removed': 'A passkey may no longer unlock',
  'encryption.passphrase-changed': 'The passphrase was changed',
  'encryption.codes-replaced': 'New recovery codes were made',
  'encryption.keys-rotated': 'The keys were changed',
  'encryption.records-reencrypted': 'Data was encrypted anew with the new keys',
  'recovery.started': 'A recovery was begun',
  'recovery.verified': 'A recovery was proved, in part',
  'recovery.answered': 'Security questions were answered',
  'recovery.released': 'A recovery was let open the keys',
  'recovery.refused': 'A step of a recovery was refused',
  'recovery.cancelled': 'A recovery was stopped',
  'recovery.closed': 'A recovery ended by itself',
  'recovery.completed': 'The encrypted data was recovered',
  'recovery.questions-set': 'Security questions were set',
  'recovery.questions-removed': 'Security questions were removed',
  'recovery.fresh-start-requested': 'A new start without the old keys was asked for',
  'recovery.fresh-start-done': 'A new start was made, with new keys',
  'recovery.former-keys-removed': 'What the old keys encrypted was removed',
}

const THINGS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  record: ['A note or record', 'notes or records'],
  passkey: ['A passkey', 'passkeys'],
  session: ['A session', 'sessions'],
  securityAlert: ['An alert', 'alerts'],
  audit: ['This log', 'lines of this log'],
  keySlot: ['A key', 'keys'],
  encryptionKey: ['The keys', 'keys'],
}

const DEEDS: Readonly<Record<string, string>> = {
  read: 'read',
  created: 'made',
  updated: 'changed',
  deleted: 'removed',
}

/** What an entry of the log tells, in plain words; where it has none of its own, in the words of its action. */
export function wordsFor({ action, details }: Pick<AuditEntry, 'action' | 'details'>): string {
  const own = WORDS[action]
  if (own !== undefined) return own + methodIn(details)
  const [subject = '', deed = ''] = action.split('.')
  const [thing, done] = [THINGS[subject], DEEDS[deed]]
  if (!thing || !done) return spelled(action)
  const count = countIn(details)
  if (count === 0) return `Nothing was found among ${thing[1]}`
  return count > 1 ? `${count} ${thing[1]} were ${done}` : `${thing[0]} was ${done}`
}

/** 'keySlot.taken-away' becomes 'Key slot taken away'. */
function spelled(action: string): string {
  const words = action
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[.-]/g, ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const METHODS: Readonly<Record<string, string>> = {
  MAGIC_LINK: ', by mail',
  PASSKEY: ', by a passkey',
  RECOVERY_CODE: ', by a recovery code',
  SECURITY_QUESTIONS: ', by security questions',
}

function methodIn(details: unknown): string {
  if (typeof details !== 'object' || details === null || !('method' in details)) return ''
  return typeof details.method === 'string' ? (METHODS[details.method] ?? '') : ''
}

function countIn(details: unknown): number {
  if (typeof details !== 'object' || details === null || !('count' in details)) return 1
  return typeof details.count === 'number' ? details.count : 1
}
