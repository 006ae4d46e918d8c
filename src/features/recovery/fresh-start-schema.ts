import type { FreshStart } from '../../generated/sqlite/client.ts'
import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { readStatus } from '../encryption/read-status.ts'
import { EncryptionKeysRef, EncryptionStatusRef, SetupEncryptionInput } from '../encryption/schema.ts'
import { completeFreshStart } from './complete-fresh-start.ts'
import { readFormerKeys, readFormerKeysUntil, readFreshStart } from './read-fresh-start.ts'
import { readRecoveryStatus } from './read-status.ts'
import { requestFreshStart } from './request-fresh-start.ts'
import { RecoveryStatusRef } from './schema.ts'

const FreshStartRef = builder.objectRef<FreshStart>('FreshStart').implement({
  description:
    "A new start with new keys, for who has lost every way to open the old ones. All its times are the database's.",
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    availableAt: t.expose('availableAt', {
      type: 'DateTime',
      description: 'From when on completeFreshStart does it: seven days after it was asked for.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when.' }),
    deviceName: t.exposeString('deviceName', { description: "The browser that asked for it: 'Chrome on macOS'." }),
    ipAddress: t.exposeString('ipAddress', { nullable: true, description: 'The address that asked for it.' }),
  }),
})

builder.objectFields(RecoveryStatusRef, (t) => ({
  freshStart: t.field({
    type: FreshStartRef,
    nullable: true,
    description: 'The fresh start that waits, or can be done now; null where there is none.',
    resolve: (_status, _args, context) => readFreshStart(context),
  }),
  formerKeysUntil: t.field({
    type: 'DateTime',
    nullable: true,
    description:
      'Until when the keys that the last fresh start gave up are kept, and what they encrypted; null where none are.',
    resolve: (_status, _args, context) => readFormerKeysUntil(context),
  }),
}))

builder.queryFields((t) => ({
  formerKeys: t.field({
    ...guarded('Query.formerKeys', { limit: 'account' }),
    type: [EncryptionKeysRef],
    description:
      'The keys that fresh starts gave up, the newest first, each for 30 days: a passphrase or a recovery code that is found again opens them, and what they encrypted. None afterwards.',
    resolve: (_root, _args, context) => readFormerKeys(context),
  }),
}))

builder.mutationFields((t) => ({
  requestFreshStart: t.field({
    ...guarded('Mutation.requestFreshStart', { limit: 'recovery', countsWhen: 'allowed' }),
    type: RecoveryStatusRef,
    description:
      'For who has lost every way to open the keys: asks to give them up, and what they encrypted, and to begin anew. It waits seven days, and the owner is warned by mail, with a link that stops it; one that waits already stays as it is. BAD_INPUT unless the mail address was typed; RECOVERY_UNAVAILABLE with `availableAt` for seven days after one was stopped.',
    args: {
      confirmation: t.arg.string({
        required: true,
        description: 'The mail address of the account, as the user has typed it.',
      }),
    },
    resolve: async (_root, { confirmation }, context) => {
      await requestFreshStart(context, confirmation)
      return readRecoveryStatus(context)
    },
  }),
  completeFreshStart: t.field({
    ...guarded('Mutation.completeFreshStart', { limit: 'recovery', countsWhen: 'allowed' }),
    type: EncryptionStatusRef,
    description:
      'Begins anew with other keys, made for one generation and one ringRevision more than encryptionStatus says, from any session of the account that is FRESH. The old keys, and what they encrypted, are kept for 30 days (formerKeys), and then removed. RECOVERY_NOT_OPEN where no fresh start was asked for, RECOVERY_UNAVAILABLE with `availableAt` while it waits.',
    args: { input: t.arg({ type: SetupEncryptionInput, required: true, description: 'The new keys.' }) },
    resolve: async (_root, { input }, context) => {
      await completeFreshStart(context, input)
      return readStatus(context)
    },
  }),
}))
