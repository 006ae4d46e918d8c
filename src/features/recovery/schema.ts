import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { EncryptionKeysRef, EncryptionStatusRef, KeySlotInput, KeySlotRef } from '../encryption/schema.ts'
import { MAX_ENVELOPE_LETTERS } from '../../shared/encryption/envelopes.ts'
import { readKeys } from '../encryption/read-keys.ts'
import { readStatus } from '../encryption/read-status.ts'
import { PasskeyChallengeRef } from '../passkeys/schema.ts'
import { cancelOpenRecovery, cancelRecovery } from './cancel-recovery.ts'
import { completeRecovery } from './complete-recovery.ts'
import { initiateRecovery } from './initiate-recovery.ts'
import { beginPasskeyRecovery, completePasskeyRecovery } from './passkey-recovery.ts'
import { findRequest, readRecoveryStatus } from './read-status.ts'
import type { RecoveryStatus } from './read-status.ts'
import { methodOf, stateOf } from './requests.ts'
import type { RecoveryMethod, RecoveryState, SeenRequest } from './requests.ts'
import { verifyRecovery } from './verify-recovery.ts'
import type { Proved } from './verify-recovery.ts'

const RecoveryMethodEnum = builder.enumType('RecoveryMethod', {
  description: 'By what the keys of end-to-end encryption are recovered.',
  values: {
    RECOVERY_CODE: { description: 'One of the eight codes that the user keeps on paper. It opens at once, and once.' },
    SECURITY_QUESTIONS: { description: 'Two answers of three, and a wait of 48 hours after they were given.' },
    PASSKEY: { description: 'A passkey that opens the keys, beside a proof by mail.' },
  } satisfies Record<RecoveryMethod, object>,
})

const RecoveryStateEnum = builder.enumType('RecoveryState', {
  description: 'How a recovery stands.',
  values: {
    WAITING: { description: 'Two answers have not been given yet, or their 48 hours have not passed.' },
    READY: { description: 'The slot can be released now, to whoever shows what the method asks for.' },
    COMPLETED: { description: 'The keys were recovered, and then changed.' },
    CANCELLED: {
      description: 'It was stopped, or ended by too many wrong answers. The method is locked for seven days.',
    },
    EXPIRED: { description: 'Its time is over, or another recovery or a change of the keys took its place.' },
  } satisfies Record<RecoveryState, object>,
})

const RecoveryRequestRef = builder.node(builder.objectRef<SeenRequest>('RecoveryRequest'), {
  description: "A recovery of the account's keys. All its times are the database's.",
  id: { resolve: ({ id }) => id, description: '`recovery_<uuid>`.' },
  loadOne: (id, context) => findRequest(context, id),
  fields: (t) => ({
    method: t.field({
      type: RecoveryMethodEnum,
      description: 'By what: as it was begun, and once something was released, by what that was.',
      resolve: methodOf,
    }),
    state: t.field({ type: RecoveryStateEnum, description: 'How it stands.', resolve: stateOf }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was begun.' }),
    availableAt: t.expose('availableAt', {
      type: 'DateTime',
      description:
        'When the slot may be released. By answers, 48 hours after they were first right; before that, 48 hours after the beginning.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when.' }),
    deviceName: t.exposeString('deviceName', { description: "The browser that it was begun in: 'Chrome on macOS'." }),
    ipAddress: t.exposeString('ipAddress', { nullable: true, description: 'The address that it was begun from.' }),
  }),
})

/** What fresh-start-schema.ts and questions-schema.ts add to and answer with. */
export const RecoveryStatusRef = builder.objectRef<RecoveryStatus>('RecoveryStatus').implement({
  description: "How the ways to recover the account's keys stand.",
  fields: (t) => ({
    methods: t.field({
      type: [RecoveryMethodEnum],
      description:
        'What is set up to recover by, also what is closed for a while: initiateRecovery says so. PASSKEY stands for any passkey of the account: whether it opens the keys shows when it is used. None while encryption is off.',
      resolve: (status) => status.methods(),
    }),
    recoveryCodesLeft: t.int({
      description: 'How many recovery codes are unused.',
      resolve: (status) => status.codesLeft(),
    }),
    questions: t.stringList({
      description:
        'The three security questions, without a hint of the answers; empty where none are set, or the server takes none.',
      resolve: (status) => status.questions(),
    }),
    questionsSalt: t.string({
      nullable: true,
      description: 'What the answers are stretched with: 32 bytes in base64url, as the client sent it.',
      resolve: (status) => status.questionsSalt(),
    }),
    request: t.field({
      type: RecoveryRequestRef,
      nullable: true,
      description: 'The newest recovery, open or over; null when there was none, or none of the last 30 days.',
      resolve: (status) => status.request(),
    }),
  }),
})

const RecoveryPayloadRef = builder.objectRef<Proved>('RecoveryPayload').implement({
  description:
    'What opens the keys again. Afterwards the client must set new slots, and change the keys: completeRecovery.',
  fields: (t) => ({
    request: t.field({ type: RecoveryRequestRef, description: 'The recovery.', resolve: ({ request }) => request }),
    slot: t.field({
      type: KeySlotRef,
      nullable: true,
      description: 'What the proof opens. Null while the request waits, and for a passkey that opens no keys.',
      resolve: ({ slot }) => slot,
    }),
    keys: t.field({
      type: EncryptionKeysRef,
      nullable: true,
      description: 'The keys, as encryptionKeys gives them; null while the request waits.',
      resolve: ({ givesKeys }, _args, context) => (givesKeys ? readKeys(context) : null),
    }),
  }),
})

const InitiateRecoveryInput = builder.inputType('InitiateRecoveryInput', {
  description: 'How to recover.',
  fields: (t) => ({
    method: t.field({ type: RecoveryMethodEnum, required: true, description: 'By what.' }),
  }),
})

const VerifyRecoveryInput = builder.inputType('VerifyRecoveryInput', {
  description: 'A code, or two answers: what the client derived from them.',
  fields: (t) => ({
    verifier: t.string({
      required: true,
      description: 'The verifier derived from the code, or from the pair of answers: 32 bytes in base64url.',
    }),
    first: t.int({ description: 'SECURITY_QUESTIONS: the index (0 to 2) of the first question that was answered.' }),
    second: t.int({ description: 'SECURITY_QUESTIONS: the index of the second, which is greater.' }),
  }),
})

const CompletePasskeyRecoveryInput = builder.inputType('CompletePasskeyRecoveryInput', {
  description: 'What navigator.credentials.get gave.',
  fields: (t) => ({
    challengeId: t.id({ required: true, description: 'Of the challenge that the ceremony began with.' }),
    response: t.field({
      type: 'JSON',
      required: true,
      description: 'AuthenticationResponseJSON. A result of the PRF extension must be deleted from it first.',
    }),
  }),
})

const CompleteRecoveryInput = builder.inputType('CompleteRecoveryInput', {
  description: 'The new keys.',
  fields: (t) => ({
    encryptedPrivateKey: t.string({
      required: true,
      description: `The new key ring, for ringRevision + 1 and generation + 1: its kid is a record key that was never in force before. At most ${MAX_ENVELOPE_LETTERS.toLocaleString('en')} bytes.`,
    }),
    publicKey: t.field({ type: 'JSON', required: true, description: 'A public JWK on P-256: the same, or a new one.' }),
    keySalt: t.string({ required: true, description: 'A new salt: 32 bytes in base64url.' }),
    ringRevision: t.int({
      required: true,
      description: 'The revision that was recovered; CONFLICT when it is no longer in force.',
    }),
    slots: t.field({
      type: [KeySlotInput],
      required: true,
      description:
        'A new PASSPHRASE and eight new RECOVERY_CODE slots, and any of PASSKEY. All that there were are gone, and so are the security questions.',
    }),
  }),
})

const WRONG = 'PROOF_INVALID for every proof that is not right.'

builder.queryFields((t) => ({
  recoveryStatus: t.field({
    ...guarded('Query.recoveryStatus', { limit: 'account' }),
    type: RecoveryStatusRef,
    description: "How the ways to recover the account's keys stand, and the recovery that is under way.",
    resolve: (_root, _args, context) => readRecoveryStatus(context),
  }),
}))

builder.mutationFields((t) => ({
  initiateRecovery: t.field({
    ...guarded('Mutation.initiateRecovery', { limit: 'recovery', countsWhen: 'allowed' }),
    type: RecoveryRequestRef,
    description:
      'Begins a recovery, and warns the owner by mail, with a link that stops it. An open one is given back as it is: within it a code or a passkey is taken whatever it was begun for. SECURITY_QUESTIONS take the place of an open one by another way to which nothing was shown. Once in 24 hours for each method: RATE_LIMITED. RECOVERY_UNAVAILABLE for one that is not set up, or is closed for a while: `reason`, `availableAt`.',
    args: { input: t.arg({ type: InitiateRecoveryInput, required: true, description: 'How.' }) },
    resolve: (_root, { input }, context) => initiateRecovery(context, input.method),
  }),
  verifyRecovery: t.field({
    ...guarded('Mutation.verifyRecovery', { limit: 'recovery', countsWhen: 'allowed' }),
    type: RecoveryPayloadRef,
    description: `Shows a code, which is used up and releases its slot at once; or two answers, which begin the 48 hours, and release theirs once those have passed. ${WRONG} The fifth wrong pair of answers ends the recovery and locks the method for seven days. RECOVERY_NOT_OPEN where none is open; answers are taken in a recovery by SECURITY_QUESTIONS alone.`,
    args: { input: t.arg({ type: VerifyRecoveryInput, required: true, description: 'The proof.' }) },
    resolve: (_root, { input }, context) => verifyRecovery(context, input),
  }),
  beginPasskeyRecovery: t.field({
    ...guarded('Mutation.beginPasskeyRecovery', { limit: 'recovery', countsWhen: 'allowed' }),
    type: PasskeyChallengeRef,
    description:
      'Begins what completePasskeyRecovery ends, within an open recovery. REAUTHENTICATION_REQUIRED with MAGIC_LINK alone unless the session proved the mail address of late. Ask the passkey for the PRF extension too: what it gives opens the slot.',
    resolve: (_root, _args, context) => beginPasskeyRecovery(context),
  }),
  completePasskeyRecovery: t.field({
    ...guarded('Mutation.completePasskeyRecovery', { limit: 'recovery', countsWhen: 'allowed' }),
    type: RecoveryPayloadRef,
    description:
      "Shows one of the account's passkeys. The session is raised to STRONG, and its cookie changes. Where the passkey opens the keys, its slot is released; where it does not, `slot` is null and the recovery goes on as it was. CHALLENGE_INVALID, PASSKEY_INVALID as in completePasskeyReauthentication.",
    args: { input: t.arg({ type: CompletePasskeyRecoveryInput, required: true, description: 'The proof.' }) },
    resolve: (_root, { input }, context) => completePasskeyRecovery(context, input),
  }),
  completeRecovery: t.field({
    ...guarded('Mutation.completeRecovery', { limit: 'recovery', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description:
      'Ends a recovery by new keys, from the session to which the slot was released: RECOVERY_UNPROVEN for any other. All former slots and the security questions are gone, all other sessions end; this one is raised to STRONG, and its cookie changes. Then write the records anew: recordsToReencrypt, reencryptRecords. CONFLICT names the ringRevision in force.',
    args: { input: t.arg({ type: CompleteRecoveryInput, required: true, description: 'The new keys.' }) },
    resolve: async (_root, { input }, context) => {
      await completeRecovery(context, input)
      return readStatus(context)
    },
  }),
  cancelRecovery: t.boolean({
    ...guarded('Mutation.cancelRecovery', { limit: 'cancelRecovery' }),
    description:
      "Redeems the link in a warning's mail, and needs no session: stops the recovery, whatever it has released, or the fresh start. The method of the recovery, or a fresh start, is then locked for seven days. True; LINK_INVALID for a link that is unknown, used, or about something that is over. Call it when a button is pressed, never when a page opens: mail scanners open pages.",
    args: {
      token: t.arg.string({
        required: true,
        description: 'What stands behind the # of the link `/auth/cancel-recovery#...`: 43 characters.',
      }),
    },
    resolve: (_root, { token }, context) => cancelRecovery(context, token),
  }),
  cancelOpenRecovery: t.boolean({
    ...guarded('Mutation.cancelOpenRecovery', { limit: 'account' }),
    description:
      'The same from any session of the account: stops the recovery and the fresh start that are under way. False when nothing is.',
    resolve: (_root, _args, context) => cancelOpenRecovery(context),
  }),
}))
