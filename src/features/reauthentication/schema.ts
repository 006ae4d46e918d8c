import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { RequestMagicLinkPayload, VerifyMagicCodeInput } from '../magic-link/schema.ts'
import { SessionRef } from '../sessions/schema.ts'
import { reauthenticateWithCode } from './reauthenticate-with-code.ts'
import { requestCode } from './request-code.ts'

builder.mutationFields((t) => ({
  requestReauthenticationCode: t.field({
    ...guarded('Mutation.requestReauthenticationCode', { limit: 'requestReauthenticationCode' }),
    type: RequestMagicLinkPayload,
    description:
      "Mails six digits to the user's own address, good for ten minutes, for one proof, and for this session alone. Give them to `reauthenticateWithCode`. The mail holds no link.",
    resolve: (_root, _args, context) => requestCode(context),
  }),
  reauthenticateWithCode: t.field({
    ...guarded('Mutation.reauthenticateWithCode', { limit: 'reauthenticateWithCode' }),
    type: SessionRef,
    description:
      'Raises this session to FRESH (to STRONG where the account has no passkey) by the digits of a mail that it asked for; what was refused can then be called again. The session keeps its id and its end, and its cookie changes. Any of the three newest codes does, and a wrong one is a try for each of them: after five a new code is needed. CODE_INVALID for whatever is wrong.',
    args: { input: t.arg({ type: VerifyMagicCodeInput, required: true, description: 'The code.' }) },
    resolve: (_root, { input }, context) => reauthenticateWithCode(context, input),
  }),
}))
