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
  'Query.signInOptions': null,
  'Query.devices': 'SESSION',
  'Query.securityDevices': 'SESSION',
  'Query.sessions': 'SESSION',
  'Query.securityAudit': 'SESSION',
  'Query.securityAlerts': 'SESSION',
  'Subscription.securityAlert': 'SESSION',
  'Query.record': 'SESSION',
  'Query.records': 'SESSION',
  'Record.secret': 'FRESH',
  'Query.encryptionStatus': 'SESSION',
  // Nothing in them opens by itself. But whoever takes them away has for ever to guess the passphrase.
  'Query.encryptionKeys': 'FRESH',
  // The same by another way: a slot is a node.
  'KeySlot.envelope': 'FRESH',
  'Query.recordsToReencrypt': 'SESSION',
  // As encryptionKeys.
  'Query.formerKeys': 'FRESH',
  // The questions are in it, and no answer.
  'Query.recoveryStatus': 'SESSION',

  // Ways in.
  'Mutation.requestMagicLink': null,
  'Mutation.verifyMagicLink': null,
  'Mutation.verifyMagicCode': null,
  'Mutation.beginPasskeyLogin': null,
  'Mutation.completePasskeyLogin': null,
  'Mutation.logout': null,

  // Proving again asks for a session alone: it is how the other levels are reached.
  'Mutation.beginPasskeyReauthentication': 'SESSION',
  'Mutation.completePasskeyReauthentication': 'SESSION',
  'Mutation.requestReauthenticationCode': 'SESSION',
  'Mutation.reauthenticateWithCode': 'SESSION',

  // A stolen session must not turn into a lasting way in, nor lock the owner's out.
  'Mutation.beginPasskeyRegistration': 'STRONG',
  'Mutation.completePasskeyRegistration': 'STRONG',
  'Mutation.removeDevice': 'STRONG',
  // A name is what the owner tells a stranger's passkey by.
  'Mutation.renameDevice': 'FRESH',

  // A session may always throw others out: whoever finds a stranger in the list must not look for a key first.
  'Mutation.revokeSession': 'SESSION',
  'Mutation.revokeOtherSessions': 'SESSION',
  // A page shows what was not acknowledged: a stolen session must not hide from the owner what tells of it.
  'Mutation.acknowledgeAlert': 'FRESH',
  // By the token in the alert's mail: whoever reads that may throw everybody out, and comes in by nothing else.
  'Mutation.disownAlert': null,

  // Each adds or closes a way to the data. A stolen session must do neither.
  'Mutation.setupEncryption': 'STRONG',
  'Mutation.enableBiometricUnlock': 'STRONG',
  'Mutation.disableBiometricUnlock': 'STRONG',
  'Mutation.changePassphrase': 'STRONG',
  'Mutation.rotateKeys': 'STRONG',
  'Mutation.regenerateRecoveryCodes': 'STRONG',
  'Mutation.disableEncryption': 'STRONG',
  'Mutation.setSecurityQuestions': 'STRONG',
  'Mutation.removeSecurityQuestions': 'STRONG',
  // No more than many updateRecord.
  'Mutation.reencryptRecords': 'SESSION',

  // FRESH and no more: whoever has lost the passkey reaches nothing higher. What they take besides, a session has not.
  'Mutation.initiateRecovery': 'FRESH',
  'Mutation.verifyRecovery': 'FRESH',
  'Mutation.beginPasskeyRecovery': 'FRESH',
  'Mutation.completePasskeyRecovery': 'FRESH',
  'Mutation.completeRecovery': 'FRESH',
  'Mutation.requestFreshStart': 'FRESH',
  'Mutation.completeFreshStart': 'FRESH',
  // By the token in the warning's mail.
  'Mutation.cancelRecovery': null,
  // Whoever finds a recovery that is not theirs must not look for a key first.
  'Mutation.cancelOpenRecovery': 'SESSION',

  'Mutation.createRecord': 'SESSION',
  'Mutation.updateRecord': 'SESSION',
  'Mutation.deleteRecord': 'SESSION',
} as const satisfies Record<string, AuthLevel | null>

/** '<type>.<field>' of a field that has its row. */
export type GuardedField = keyof typeof LEVELS
