import { makeToken } from '../../src/platform/crypto/tokens.ts'
import type { ErrorCode } from '../../src/shared/error-codes.ts'
import type { AuthLevel } from '../../src/viewer.ts'

/** What stands ready for the person whose session asks: ids of things that are theirs. */
export type Things = {
  email: string
  userId: string
  sessionId: string
  recordId: string
  passkeyId: string
  alertId: string
  slotId: string
}

/** How a field is asked for, and the level that its caller must have. Checked in: it must not follow from the code. */
export type LevelRow = {
  needs: AuthLevel | null
  ask: string
  variables?: (things: Things) => Record<string, unknown>
  /** What an allowed call is refused with, because it names nothing that is there. Otherwise it is answered. */
  refuses?: ErrorCode
  /** The same, where the account has no passkey. */
  refusesWithoutPasskey?: ErrorCode
}

const RESPONSE = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', clientExtensionResults: {} }
const challenge = () => ({ id: '01900000-0000-7000-8000-000000000000', response: { ...RESPONSE, response: {} } })

const SLOT = '{ id: "x", kind: PASSKEY, envelope: "x" }'

/** Every field of Query, Mutation and Subscription, and each inner field that asks for more than its type. */
export const LEVEL_TABLE: Readonly<Record<string, LevelRow>> = {
  'Query.me': { needs: null, ask: '{ me { id } }' },
  'Query.session': { needs: null, ask: '{ session { id } }' },
  'Query.signInOptions': { needs: null, ask: '{ signInOptions(email: "ada@example.com") { methods } }' },
  'Query.node': {
    needs: 'SESSION',
    ask: 'query ($id: ID!) { node(id: $id) { id } }',
    variables: ({ userId }) => ({ id: userId }),
  },
  'Query.nodes': {
    needs: 'SESSION',
    ask: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
    variables: ({ recordId }) => ({ ids: [recordId] }),
  },
  'Query.devices': { needs: 'SESSION', ask: '{ devices { id } }' },
  'Query.securityDevices': { needs: 'SESSION', ask: '{ securityDevices { passkeysLeft } }' },
  'Query.sessions': { needs: 'SESSION', ask: '{ sessions { id } }' },
  'Query.securityAudit': { needs: 'SESSION', ask: '{ securityAudit { pageInfo { hasNextPage } } }' },
  'Query.securityAlerts': { needs: 'SESSION', ask: '{ securityAlerts { pageInfo { hasNextPage } } }' },
  'Query.record': {
    needs: 'SESSION',
    ask: 'query ($id: ID!) { record(id: $id) { id } }',
    variables: ({ recordId }) => ({ id: recordId }),
  },
  'Query.records': { needs: 'SESSION', ask: '{ records { totalCount } }' },
  'Record.secret': {
    needs: 'FRESH',
    ask: 'query ($id: ID!) { record(id: $id) { secret } }',
    variables: ({ recordId }) => ({ id: recordId }),
  },
  'Query.encryptionStatus': {
    needs: 'SESSION',
    ask: '{ encryptionStatus { enabled generation rotation { toKeyId } } }',
  },
  'Query.encryptionKeys': { needs: 'FRESH', ask: '{ encryptionKeys { encryptedPrivateKey } }' },
  'KeySlot.envelope': {
    needs: 'FRESH',
    ask: 'query ($id: ID!) { node(id: $id) { ... on KeySlot { envelope } } }',
    variables: ({ slotId }) => ({ id: slotId }),
  },
  'Query.recordsToReencrypt': { needs: 'SESSION', ask: '{ recordsToReencrypt { encryptedData } }' },
  'Query.formerKeys': { needs: 'FRESH', ask: '{ formerKeys { encryptedPrivateKey } }' },
  'Query.recoveryStatus': {
    needs: 'SESSION',
    ask: '{ recoveryStatus { methods recoveryCodesLeft questions request { state } } }',
  },
  'Subscription.securityAlert': { needs: 'SESSION', ask: 'subscription { securityAlert { kind } }' },

  'Mutation.requestMagicLink': {
    needs: null,
    ask: 'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { message } }',
    variables: ({ email }) => ({ email }),
  },
  'Mutation.verifyMagicLink': {
    needs: null,
    ask: 'mutation ($token: String!) { verifyMagicLink(input: { token: $token }) { __typename } }',
    variables: () => ({ token: makeToken() }),
    refuses: 'LINK_INVALID',
  },
  'Mutation.verifyMagicCode': {
    needs: null,
    ask: 'mutation { verifyMagicCode(input: { code: "000000" }) { __typename } }',
    refuses: 'CODE_INVALID',
  },
  'Mutation.beginPasskeyLogin': { needs: null, ask: 'mutation { beginPasskeyLogin { challengeId } }' },
  'Mutation.completePasskeyLogin': {
    needs: null,
    ask: 'mutation ($id: ID!, $response: JSON!) { completePasskeyLogin(input: { challengeId: $id, response: $response }) { __typename } }',
    variables: challenge,
    refuses: 'BAD_INPUT',
  },
  'Mutation.logout': { needs: null, ask: 'mutation { logout }' },
  'Mutation.disownAlert': {
    needs: null,
    ask: 'mutation ($token: String!) { disownAlert(token: $token) }',
    variables: () => ({ token: makeToken() }),
    refuses: 'LINK_INVALID',
  },

  'Mutation.beginPasskeyReauthentication': {
    needs: 'SESSION',
    ask: 'mutation { beginPasskeyReauthentication { challengeId } }',
    refusesWithoutPasskey: 'NOT_FOUND',
  },
  'Mutation.completePasskeyReauthentication': {
    needs: 'SESSION',
    ask: 'mutation ($id: ID!, $response: JSON!) { completePasskeyReauthentication(input: { challengeId: $id, response: $response }) { id } }',
    variables: challenge,
    refuses: 'BAD_INPUT',
  },
  'Mutation.requestReauthenticationCode': {
    needs: 'SESSION',
    ask: 'mutation { requestReauthenticationCode { message } }',
  },
  'Mutation.reauthenticateWithCode': {
    needs: 'SESSION',
    ask: 'mutation { reauthenticateWithCode(input: { code: "000000" }) { id } }',
    refuses: 'CODE_INVALID',
  },

  'Mutation.beginPasskeyRegistration': {
    needs: 'STRONG',
    ask: 'mutation { beginPasskeyRegistration { challengeId } }',
  },
  'Mutation.completePasskeyRegistration': {
    needs: 'STRONG',
    ask: 'mutation ($id: ID!, $response: JSON!) { completePasskeyRegistration(input: { challengeId: $id, response: $response }) { id } }',
    variables: challenge,
    refuses: 'BAD_INPUT',
  },
  'Mutation.removeDevice': {
    needs: 'STRONG',
    ask: 'mutation ($id: ID!) { removeDevice(id: $id) { id } }',
    variables: ({ passkeyId }) => ({ id: passkeyId }),
    refusesWithoutPasskey: 'NOT_FOUND',
  },
  'Mutation.renameDevice': {
    needs: 'FRESH',
    ask: 'mutation ($id: ID!) { renameDevice(input: { id: $id, name: "Mine" }) { id } }',
    variables: ({ passkeyId }) => ({ id: passkeyId }),
    refusesWithoutPasskey: 'NOT_FOUND',
  },

  'Mutation.revokeSession': {
    needs: 'SESSION',
    ask: 'mutation ($id: ID!) { revokeSession(id: $id) { id } }',
    variables: ({ sessionId }) => ({ id: sessionId }),
  },
  'Mutation.revokeOtherSessions': { needs: 'SESSION', ask: 'mutation { revokeOtherSessions { id } }' },
  'Mutation.acknowledgeAlert': {
    needs: 'FRESH',
    ask: 'mutation ($id: ID!) { acknowledgeAlert(id: $id) { id } }',
    variables: ({ alertId }) => ({ id: alertId }),
  },

  'Mutation.setupEncryption': {
    needs: 'STRONG',
    ask: 'mutation { setupEncryption(input: { encryptedPrivateKey: "x", publicKey: {}, keySalt: "x", slots: [] }) { enabled } }',
    refuses: 'PUBLIC_KEY_INVALID',
  },
  'Mutation.enableBiometricUnlock': {
    needs: 'STRONG',
    ask: `mutation { enableBiometricUnlock(input: { slot: ${SLOT} }) { enabled } }`,
    refuses: 'SLOTS_INVALID',
  },
  'Mutation.disableBiometricUnlock': {
    needs: 'STRONG',
    ask: 'mutation ($id: ID!) { disableBiometricUnlock(passkeyId: $id) { enabled } }',
    variables: ({ passkeyId }) => ({ id: passkeyId }),
    refuses: 'ENCRYPTION_OFF',
  },
  'Mutation.changePassphrase': {
    needs: 'STRONG',
    ask: `mutation { changePassphrase(input: { slot: ${SLOT}, keySalt: "x", ringRevision: 1 }) { enabled } }`,
    refuses: 'BAD_INPUT',
  },
  'Mutation.rotateKeys': {
    needs: 'STRONG',
    ask: 'mutation { rotateKeys(input: { encryptedPrivateKey: "x", publicKey: {}, ringRevision: 1 }) { enabled } }',
    refuses: 'PUBLIC_KEY_INVALID',
  },
  'Mutation.regenerateRecoveryCodes': {
    needs: 'STRONG',
    ask: 'mutation { regenerateRecoveryCodes(input: { slots: [] }) { enabled } }',
    refuses: 'SLOTS_INVALID',
  },
  'Mutation.disableEncryption': {
    needs: 'STRONG',
    ask: 'mutation { disableEncryption { enabled } }',
    refuses: 'ENCRYPTION_OFF',
  },
  'Mutation.setSecurityQuestions': {
    needs: 'STRONG',
    ask: 'mutation { setSecurityQuestions(input: { questions: [], pairs: [] }) { methods } }',
    refuses: 'BAD_INPUT',
  },
  'Mutation.removeSecurityQuestions': {
    needs: 'STRONG',
    ask: 'mutation { removeSecurityQuestions { methods } }',
    refuses: 'NOT_FOUND',
  },
  'Mutation.reencryptRecords': {
    needs: 'SESSION',
    ask: 'mutation { reencryptRecords(input: []) { conflicts } }',
    refuses: 'ENCRYPTION_OFF',
  },

  'Mutation.initiateRecovery': {
    needs: 'FRESH',
    ask: 'mutation { initiateRecovery(input: { method: RECOVERY_CODE }) { state } }',
    refuses: 'ENCRYPTION_OFF',
  },
  'Mutation.verifyRecovery': {
    needs: 'FRESH',
    ask: 'mutation ($verifier: String!) { verifyRecovery(input: { verifier: $verifier }) { slot { id } } }',
    variables: () => ({ verifier: makeToken() }),
    refuses: 'RECOVERY_NOT_OPEN',
  },
  'Mutation.beginPasskeyRecovery': {
    needs: 'FRESH',
    ask: 'mutation { beginPasskeyRecovery { challengeId } }',
    refuses: 'RECOVERY_NOT_OPEN',
  },
  'Mutation.completePasskeyRecovery': {
    needs: 'FRESH',
    ask: 'mutation ($id: ID!, $response: JSON!) { completePasskeyRecovery(input: { challengeId: $id, response: $response }) { slot { id } } }',
    variables: challenge,
    refuses: 'RECOVERY_NOT_OPEN',
  },
  'Mutation.completeRecovery': {
    needs: 'FRESH',
    ask: 'mutation { completeRecovery(input: { encryptedPrivateKey: "x", publicKey: {}, keySalt: "x", ringRevision: 1, slots: [] }) { enabled } }',
    refuses: 'PUBLIC_KEY_INVALID',
  },
  'Mutation.requestFreshStart': {
    needs: 'FRESH',
    ask: 'mutation ($email: String!) { requestFreshStart(confirmation: $email) { methods } }',
    variables: ({ email }) => ({ email }),
    refuses: 'ENCRYPTION_OFF',
  },
  'Mutation.completeFreshStart': {
    needs: 'FRESH',
    ask: 'mutation { completeFreshStart(input: { encryptedPrivateKey: "x", publicKey: {}, keySalt: "x", slots: [] }) { enabled } }',
    refuses: 'PUBLIC_KEY_INVALID',
  },
  'Mutation.cancelRecovery': {
    needs: null,
    ask: 'mutation ($token: String!) { cancelRecovery(token: $token) }',
    variables: () => ({ token: makeToken() }),
    refuses: 'LINK_INVALID',
  },
  'Mutation.cancelOpenRecovery': { needs: 'SESSION', ask: 'mutation { cancelOpenRecovery }' },

  'Mutation.createRecord': {
    needs: 'SESSION',
    ask: 'mutation { createRecord(input: { collection: "notes", secret: 1 }) { id } }',
  },
  'Mutation.updateRecord': {
    needs: 'SESSION',
    ask: 'mutation ($id: ID!) { updateRecord(input: { id: $id, revision: 1, title: "x" }) { id } }',
    variables: ({ recordId }) => ({ id: recordId }),
  },
  'Mutation.deleteRecord': {
    needs: 'SESSION',
    ask: 'mutation ($id: ID!) { deleteRecord(input: { id: $id }) { deletedId } }',
    variables: ({ recordId }) => ({ id: recordId }),
  },
}
