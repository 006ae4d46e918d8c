import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { canonicalEmail } from '../sign-in/canonical-email.ts'
import { SignInResult } from '../sign-in/schema.ts'
import { requestMagicLink } from './request-magic-link.ts'
import type { RequestedLink } from './request-magic-link.ts'
import { verifyMagicCode } from './verify-magic-code.ts'
import { verifyMagicLink } from './verify-magic-link.ts'

const RequestMagicLinkInput = builder.inputType('RequestMagicLinkInput', {
  description: 'Who wants to sign in, for how long, and where to go afterwards.',
  fields: (t) => ({
    email: t.string({
      required: true,
      description: 'The mail address. EMAIL_INVALID says what is odd about one that is refused.',
    }),
    rememberDevice: t.boolean({
      defaultValue: false,
      description: 'Keep this device signed in for 30 days instead of 24 hours.',
    }),
    redirectTo: t.string({
      description:
        'Where the sign-in page sends the browser afterwards: a path of this site, or a URL of an allowed origin; REDIRECT_NOT_ALLOWED otherwise.',
    }),
  }),
})

const VerifyMagicLinkInput = builder.inputType('VerifyMagicLinkInput', {
  description: 'The token of a link.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'What stands behind the # of the link: 43 characters.' }),
    confirm: t.boolean({
      defaultValue: false,
      description:
        'Sign in here although another browser asked for the link. The user pressed a button; no script sets it.',
    }),
  }),
})

export const VerifyMagicCodeInput = builder.inputType('VerifyMagicCodeInput', {
  description: 'The code of a mail.',
  fields: (t) => ({
    code: t.string({
      required: true,
      description:
        'The code from the same mail: six digits; spaces are ignored. It works only in the browser that asked for it.',
    }),
  }),
})

export const RequestMagicLinkPayload = builder.objectRef<RequestedLink>('RequestMagicLinkPayload').implement({
  description: 'The same for an address that has an account and for one that has none.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'Shown to the user.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When what the mail holds stops working.' }),
  }),
})

builder.mutationFields((t) => ({
  requestMagicLink: t.field({
    ...guarded('Mutation.requestMagicLink', {
      limit: 'requestMagicLink',
      address: (args) => canonicalEmail(emailIn(args)),
    }),
    type: RequestMagicLinkPayload,
    description:
      'Mails a link and a code, good for ten minutes and for one sign-in. The first sign-in makes the account.',
    args: {
      input: t.arg({ type: RequestMagicLinkInput, required: true, description: 'Who, for how long, and where to.' }),
    },
    resolve: (_root, { input }, context) =>
      requestMagicLink(context, {
        email: input.email,
        rememberDevice: input.rememberDevice ?? false,
        redirectTo: input.redirectTo ?? null,
      }),
  }),
  verifyMagicLink: t.field({
    ...guarded('Mutation.verifyMagicLink', { limit: 'verifyMagicLink' }),
    type: SignInResult,
    description:
      'Redeems a link: signs in, or asks for a confirmation when another browser asked for it. LINK_INVALID otherwise.',
    args: { input: t.arg({ type: VerifyMagicLinkInput, required: true, description: 'The token.' }) },
    resolve: (_root, { input }, context) =>
      verifyMagicLink(context, { token: input.token, confirm: input.confirm ?? false }),
  }),
  verifyMagicCode: t.field({
    ...guarded('Mutation.verifyMagicCode', { limit: 'verifyMagicCode' }),
    type: SignInResult,
    description:
      'Redeems the code of a mail in the browser that asked for it. CODE_INVALID otherwise; five tries for a code.',
    args: { input: t.arg({ type: VerifyMagicCodeInput, required: true, description: 'The code.' }) },
    resolve: (_root, { input }, context) => verifyMagicCode(context, input),
  }),
}))

function emailIn(args: Record<string, unknown>): string {
  const { input } = args
  const email = typeof input === 'object' && input !== null && 'email' in input ? input.email : null
  return typeof email === 'string' ? email : ''
}
