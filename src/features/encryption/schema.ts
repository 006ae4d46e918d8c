import type { KeySlot } from '../../generated/sqlite/client.ts'
import { builder } from '../../schema/builder.ts'
import { guarded, needs } from '../../schema/guarded.ts'
import { jsonFromText } from '../../schema/json-value.ts'
import { encodeNodeId, rowIdOf } from '../../schema/node-id.ts'
import { SLOT_KINDS } from '../../shared/encryption/contexts.ts'
import type { SlotKind } from '../../shared/encryption/contexts.ts'
import { changePassphrase } from './change-passphrase.ts'
import { MAX_ENVELOPE_LETTERS } from '../../shared/encryption/envelopes.ts'
import { disableBiometricUnlock } from './disable-biometric-unlock.ts'
import { disableEncryption } from './disable-encryption.ts'
import { enableBiometricUnlock } from './enable-biometric-unlock.ts'
import { openSlot } from './key-slots.ts'
import { findOpenSlot, readKeys } from './read-keys.ts'
import type { KeysToUnlock } from './read-keys.ts'
import { readRotation, readStatus } from './read-status.ts'
import type { EncryptionStatus, RotationStatus } from './read-status.ts'
import { regenerateRecoveryCodes } from './regenerate-recovery-codes.ts'
import { rotateKeys } from './rotate-keys.ts'
import { setupEncryption } from './setup-encryption.ts'

const KeySlotKindEnum = builder.enumType('KeySlotKind', {
  description: 'By what a slot is opened.',
  values: {
    PASSPHRASE: { description: 'A passphrase (PBES2). Every account whose encryption is on has one.' },
    PASSKEY: { description: 'The PRF extension of a passkey: a fingerprint, a face, a security key.' },
    RECOVERY_CODE: { description: 'One of eight codes that the user keeps on paper.' },
    SECURITY_QUESTIONS: {
      description: 'Two answers of three: setSecurityQuestions makes them, recovery alone releases them.',
    },
  } satisfies Record<SlotKind, object>,
})

export const KeySlotRef = builder.node(builder.objectRef<KeySlot>('KeySlot'), {
  description: "One way to open the master key. The envelope is a compact JWE that only the slot's secret opens.",
  id: { resolve: ({ id }) => id, description: '`keyslot_<uuid>`.' },
  loadOne: (id, context) => findOpenSlot(context, id),
  fields: (t) => ({
    kind: t.field({
      type: KeySlotKindEnum,
      description: 'By what it is opened.',
      resolve: ({ kind }) => kindOf(kind),
    }),
    passkeyId: t.id({
      nullable: true,
      description: 'The passkey that opens a PASSKEY slot.',
      resolve: ({ passkeyId }) => (passkeyId === null ? null : encodeNodeId('Passkey', passkeyId)),
    }),
    envelope: t.string({
      ...needs('KeySlot.envelope'),
      description: "A compact JWE that only the slot's secret opens: it holds the master key.",
      resolve: (slot, _args, { services }) => openSlot(services.keys, slot),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})

export const EncryptionKeysRef = builder.objectRef<KeysToUnlock>('EncryptionKeys').implement({
  description: 'Everything that a signed-in client needs to unlock, and nothing that opens it.',
  fields: (t) => ({
    encryptedPrivateKey: t.string({
      description: 'The key ring: a compact JWE under the master key.',
      resolve: ({ keys }) => keys.encryptedPrivateKey,
    }),
    publicKey: t.field({
      type: 'JSON',
      description: "The account's public key (JWK).",
      resolve: ({ keys }) => jsonFromText(keys.publicKey),
    }),
    keySalt: t.string({
      description: "The salt of the passphrase's key: 32 bytes in base64url.",
      resolve: ({ keys }) => keys.keySalt,
    }),
    keyId: t.id({
      description: 'The kid that new records must be encrypted with.',
      resolve: ({ keys }) => keys.keyId,
    }),
    ringRevision: t.int({
      description: 'Counts the writes of the key ring. A write names the revision that it changes.',
      resolve: ({ keys }) => keys.ringRevision,
    }),
    slotsRevision: t.int({
      description: 'Counts the writes of slots. It never goes back.',
      resolve: ({ keys }) => keys.slotsRevision,
    }),
    generation: t.int({
      description: 'Counts the master keys. It grows with every full rotation.',
      resolve: ({ keys }) => keys.generation,
    }),
    slots: t.field({
      type: [KeySlotRef],
      description:
        'PASSPHRASE and PASSKEY slots, and of formerKeys the RECOVERY_CODE slots too. Of keys in force a RECOVERY_CODE or SECURITY_QUESTIONS slot is only released by recovery.',
      resolve: ({ slots }) => slots,
    }),
  }),
})

export const KeyRotationRef = builder.objectRef<RotationStatus>('KeyRotation').implement({
  description: 'A change of the record key, and how far the records have followed it.',
  fields: (t) => ({
    fromKeyId: t.id({
      description: 'The record key before it, retired since.',
      resolve: ({ rotation }) => rotation.fromKeyId,
    }),
    toKeyId: t.id({ description: 'The record key that it put in force.', resolve: ({ rotation }) => rotation.toKeyId }),
    recordsLeft: t.int({
      description: 'Records still encrypted with a retired key: of this rotation, or of an earlier one.',
      resolve: ({ recordsLeft }) => recordsLeft,
    }),
    startedAt: t.field({
      type: 'DateTime',
      description: 'When the new key came into force.',
      resolve: ({ rotation }) => rotation.startedAt,
    }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When no record was left. reencryptRecords notes it, also with an empty list.',
      resolve: ({ rotation }) => rotation.finishedAt,
    }),
  }),
})

export const EncryptionStatusRef = builder.objectRef<EncryptionStatus>('EncryptionStatus').implement({
  description: "How the account's end-to-end encryption stands.",
  fields: (t) => ({
    enabled: t.boolean({
      description: 'Whether it is switched on.',
      resolve: ({ keys }) => keys?.encryptionEnabled ?? false,
    }),
    biometricAvailable: t.boolean({
      description: 'Whether a passkey opens the keys.',
      resolve: ({ keys }) => keys?.biometricKeyAvailable ?? false,
    }),
    recoveryCodesLeft: t.int({
      description: 'How many recovery codes are unused.',
      resolve: (status) => status.slotsOf('RECOVERY_CODE'),
    }),
    securityQuestionsSet: t.boolean({
      description:
        'Whether security questions are set, also where the server takes none for the time being: recoveryStatus says whether they recover.',
      resolve: async (status) => (await status.slotsOf('SECURITY_QUESTIONS')) > 0,
    }),
    createdAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was switched on; null while it is off.',
      resolve: ({ keys }) => (keys?.encryptionEnabled ? keys.createdAt : null),
    }),
    generation: t.int({
      description:
        'Counts the master keys of the account, from 1; 0 before the first. It never goes back. setupEncryption and completeFreshStart are made for one more.',
      resolve: ({ keys }) => keys?.generation ?? 0,
    }),
    ringRevision: t.int({
      description:
        'Counts the writes of the key ring, from 1; 0 before the first. It never goes back. setupEncryption and completeFreshStart are made for one more.',
      resolve: ({ keys }) => keys?.ringRevision ?? 0,
    }),
    rotation: t.field({
      type: KeyRotationRef,
      nullable: true,
      description: 'The newest rotation; null when there never was one.',
      resolve: (_status, _args, context) => readRotation(context),
    }),
  }),
})

export const KeySlotInput = builder.inputType('KeySlotInput', {
  description: 'A new way to open the master key.',
  fields: (t) => ({
    id: t.id({
      required: true,
      description: 'Made by the client: a UUIDv7 in lower case, with or without `keyslot_`. The envelope names it.',
    }),
    kind: t.field({ type: KeySlotKindEnum, required: true, description: 'By what it is opened.' }),
    envelope: t.string({
      required: true,
      description: 'A compact JWE of the master key: ENVELOPE_INVALID says what is wrong with any other.',
    }),
    passkeyId: t.id({ description: 'PASSKEY, and no other kind: the passkey that opens it.' }),
    verifier: t.string({
      description:
        'RECOVERY_CODE and SECURITY_QUESTIONS, and no other kind: what the client will show to have the slot released (base64url, 32 bytes, derived from the secret).',
    }),
  }),
})

const ring = `At most ${MAX_ENVELOPE_LETTERS.toLocaleString('en')} bytes.`

const slotsRevision =
  'The revision of the slots that the change was prepared from; CONFLICT when it is no longer in force. Nothing is compared where it is left out.'

export const SetupEncryptionInput = builder.inputType('SetupEncryptionInput', {
  description: 'The first keys of an account, or those with which it begins anew. The client makes them.',
  fields: (t) => ({
    encryptedPrivateKey: t.string({
      required: true,
      description: `The key ring: a compact JWE under the master key, whose kid is the record key in force. ${ring}`,
    }),
    publicKey: t.field({ type: 'JSON', required: true, description: 'A public JWK on P-256.' }),
    keySalt: t.string({ required: true, description: '32 bytes in base64url.' }),
    slots: t.field({
      type: [KeySlotInput],
      required: true,
      description: 'One PASSPHRASE and eight RECOVERY_CODE slots.',
    }),
  }),
})

const EnableBiometricUnlockInput = builder.inputType('EnableBiometricUnlockInput', {
  description: 'The passkey that shall open the keys.',
  fields: (t) => ({
    slot: t.field({ type: KeySlotInput, required: true, description: 'A PASSKEY slot of an own passkey.' }),
    slotsRevision: t.int({ description: slotsRevision }),
  }),
})

const ChangePassphraseInput = builder.inputType('ChangePassphraseInput', {
  description: 'Another passphrase.',
  fields: (t) => ({
    slot: t.field({ type: KeySlotInput, required: true, description: 'The PASSPHRASE slot that takes its place.' }),
    keySalt: t.string({ required: true, description: 'A new salt: 32 bytes in base64url.' }),
    ringRevision: t.int({
      required: true,
      description: 'The revision of the keys that were unlocked; CONFLICT when it is no longer in force.',
    }),
    slotsRevision: t.int({ description: slotsRevision }),
  }),
})

const RotateKeysInput = builder.inputType('RotateKeysInput', {
  description: 'New keys.',
  fields: (t) => ({
    encryptedPrivateKey: t.string({
      required: true,
      description: `The new key ring: its kid is a record key that was never in force before. ${ring}`,
    }),
    publicKey: t.field({ type: 'JSON', required: true, description: 'A public JWK on P-256: the same, or a new one.' }),
    ringRevision: t.int({
      required: true,
      description: 'The revision that the change was made from; CONFLICT when it is no longer in force.',
    }),
    slots: t.field({
      type: [KeySlotInput],
      description:
        'Given when the master key changes too: every slot, sealed anew. Slots left out are gone, and so are the security questions; a recovery or a fresh start that is open is over.',
    }),
    slotsRevision: t.int({ description: slotsRevision }),
    keySalt: t.string({
      description:
        'With slots, and not without: a new salt, 32 bytes in base64url. The salt stays where it is left out.',
    }),
  }),
})

const RegenerateRecoveryCodesInput = builder.inputType('RegenerateRecoveryCodesInput', {
  description: 'New recovery codes.',
  fields: (t) => ({
    slots: t.field({ type: [KeySlotInput], required: true, description: 'Eight.' }),
    slotsRevision: t.int({ description: slotsRevision }),
  }),
})

builder.queryFields((t) => ({
  encryptionStatus: t.field({
    ...guarded('Query.encryptionStatus', { limit: 'account' }),
    type: EncryptionStatusRef,
    description: "How the account's end-to-end encryption stands.",
    resolve: (_root, _args, context) => readStatus(context),
  }),
  encryptionKeys: t.field({
    ...guarded('Query.encryptionKeys', { limit: 'account' }),
    type: EncryptionKeysRef,
    nullable: true,
    description: 'What the client needs to unlock; null while encryption is off.',
    resolve: (_root, _args, context) => readKeys(context),
  }),
}))

builder.mutationFields((t) => ({
  setupEncryption: t.field({
    ...guarded('Mutation.setupEncryption', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description:
      'Switches end-to-end encryption on. The envelopes are made for one generation and one ringRevision more than encryptionStatus says. ENCRYPTION_ON when it is on; ENVELOPE_INVALID, SLOTS_INVALID, PUBLIC_KEY_INVALID for what is not of the right form.',
    args: { input: t.arg({ type: SetupEncryptionInput, required: true, description: 'The keys.' }) },
    resolve: async (_root, { input }, context) => {
      await setupEncryption(context, input)
      return readStatus(context)
    },
  }),
  enableBiometricUnlock: t.field({
    ...guarded('Mutation.enableBiometricUnlock', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description:
      "Lets a passkey open the keys, in the place of that passkey's former slot. SLOTS_INVALID for another's passkey, and where there is no passphrase or no unused recovery code beside it.",
    args: { input: t.arg({ type: EnableBiometricUnlockInput, required: true, description: 'Which, and how.' }) },
    resolve: async (_root, { input }, context) => {
      await enableBiometricUnlock(context, input)
      return readStatus(context)
    },
  }),
  disableBiometricUnlock: t.field({
    ...guarded('Mutation.disableBiometricUnlock', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description:
      "Closes the way in by a passkey; signing in by it goes on. NOT_FOUND for a passkey that opens nothing, or another user's.",
    args: { passkeyId: t.arg.id({ required: true, description: 'The id of the passkey.' }) },
    resolve: async (_root, { passkeyId }, context) => {
      await disableBiometricUnlock(context, rowIdOf('Passkey', passkeyId))
      return readStatus(context)
    },
  }),
  changePassphrase: t.field({
    ...guarded('Mutation.changePassphrase', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description:
      'Puts another passphrase in the place of the one that there is. The keys stay: whoever copied them and knew the old one still opens that copy; rotateKeys ends that.',
    args: { input: t.arg({ type: ChangePassphraseInput, required: true, description: 'The new one.' }) },
    resolve: async (_root, { input }, context) => {
      await changePassphrase(context, input)
      return readStatus(context)
    },
  }),
  rotateKeys: t.field({
    ...guarded('Mutation.rotateKeys', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description:
      'Puts a new record key in force, and with slots a new master key too. The ring is made for ringRevision + 1, and with slots it and they for generation + 1. From then on KEY_ROTATED refuses the old key. Then write the records anew: recordsToReencrypt, reencryptRecords. CONFLICT names the ringRevision or slotsRevision in force.',
    args: { input: t.arg({ type: RotateKeysInput, required: true, description: 'The new keys.' }) },
    resolve: async (_root, { input }, context) => {
      await rotateKeys(context, input)
      return readStatus(context)
    },
  }),
  regenerateRecoveryCodes: t.field({
    ...guarded('Mutation.regenerateRecoveryCodes', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description: 'Puts eight new recovery codes in the place of those that are left.',
    args: { input: t.arg({ type: RegenerateRecoveryCodesInput, required: true, description: 'The new ones.' }) },
    resolve: async (_root, { input }, context) => {
      await regenerateRecoveryCodes(context, input)
      return readStatus(context)
    },
  }),
  disableEncryption: t.field({
    ...guarded('Mutation.disableEncryption', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description:
      'Switches end-to-end encryption off. Only when no record holds encryptedData any more: RECORDS_ENCRYPTED otherwise.',
    resolve: async (_root, _args, context) => {
      await disableEncryption(context)
      return readStatus(context)
    },
  }),
}))

function kindOf(text: string): SlotKind {
  const kind = SLOT_KINDS.find((known) => known === text)
  if (!kind) throw new Error(`A slot has the unknown kind "${text}"; expected ${SLOT_KINDS.join(' or ')}.`)
  return kind
}
