import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { KeySlotInput } from '../encryption/schema.ts'
import { readRecoveryStatus } from './read-status.ts'
import { removeSecurityQuestions } from './remove-security-questions.ts'
import { RecoveryStatusRef } from './schema.ts'
import { setSecurityQuestions } from './set-security-questions.ts'

const SecurityQuestionPairInput = builder.inputType('SecurityQuestionPairInput', {
  description: 'Two of the three questions, and the slot that their answers open.',
  fields: (t) => ({
    first: t.int({ required: true, description: 'The index (0 or 1) of the first question of the pair.' }),
    second: t.int({ required: true, description: 'The index of the second, which is greater.' }),
    slot: t.field({
      type: KeySlotInput,
      required: true,
      description: 'A SECURITY_QUESTIONS slot. Its verifier is derived from both answers, never from one of them.',
    }),
  }),
})

const SetSecurityQuestionsInput = builder.inputType('SetSecurityQuestionsInput', {
  description: 'Three questions, and what two answers of them open. No answer is in it.',
  fields: (t) => ({
    questions: t.stringList({
      required: true,
      description: "Three different questions in the user's own words: one line each, from 1 to 200 characters.",
    }),
    pairs: t.field({
      type: [SecurityQuestionPairInput],
      required: true,
      description: 'One slot for each of the three pairs: 0 and 1, 0 and 2, 1 and 2.',
    }),
    salt: t.string({
      description:
        'What the answers are stretched with: 32 random bytes in base64url. recoveryStatus gives it back as questionsSalt.',
    }),
    slotsRevision: t.int({
      description:
        'The revision of the slots that the change was prepared from; CONFLICT when it is no longer in force. Nothing is compared where it is left out.',
    }),
  }),
})

builder.objectFields(RecoveryStatusRef, (t) => ({
  takesQuestions: t.boolean({
    description: 'Whether this server takes security questions at all.',
    resolve: (_status, _args, { services }) => services.config.securityQuestions,
  }),
}))

builder.mutationFields((t) => ({
  setSecurityQuestions: t.field({
    ...guarded('Mutation.setSecurityQuestions', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: RecoveryStatusRef,
    description:
      'Sets three questions, two answers of which recover the keys, in the place of those that there are; a recovery by those that is open is over. For seven days they recover nothing. BAD_INPUT, SLOTS_INVALID, ENVELOPE_INVALID for what is not of the right form; RECOVERY_UNAVAILABLE (`reason` "switched-off") where the server takes none.',
    args: {
      input: t.arg({ type: SetSecurityQuestionsInput, required: true, description: 'The questions and the slots.' }),
    },
    resolve: async (_root, { input }, context) => {
      await setSecurityQuestions(context, input)
      return readRecoveryStatus(context)
    },
  }),
  removeSecurityQuestions: t.field({
    ...guarded('Mutation.removeSecurityQuestions', { limit: 'changeKeys', countsWhen: 'allowed' }),
    type: RecoveryStatusRef,
    description:
      'Removes the questions and what their answers open; a recovery by them that is open is over. NOT_FOUND when none are set.',
    resolve: async (_root, _args, context) => {
      await removeSecurityQuestions(context)
      return readRecoveryStatus(context)
    },
  }),
}))
