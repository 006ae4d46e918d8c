import { builder } from '../../schema/builder.ts'
import { SessionRef, UserRef } from '../sessions/schema.ts'
import type { ConfirmationRequired, SignedIn } from './sign-in-result.ts'

const SignedInRef = builder.objectRef<SignedIn>('SignedIn').implement({
  description: 'The browser is signed in; its session cookie came with this answer.',
  fields: (t) => ({
    user: t.expose('user', { type: UserRef, description: 'Who signed in.' }),
    session: t.expose('session', { type: SessionRef, description: 'The session that began, or was renewed.' }),
    redirectTo: t.exposeString('redirectTo', {
      nullable: true,
      description:
        "Where to go now, when the request named an allowed place: a path of this server's own site, or a whole URL.",
    }),
  }),
})

const ConfirmationRequiredRef = builder.objectRef<ConfirmationRequired>('ConfirmationRequired').implement({
  description: 'Another browser asked for this link. Nothing was used up: show this, and ask.',
  fields: (t) => ({
    email: t.exposeString('email', {
      description: 'Whose account the link opens. Show it: somebody may have sent a link to their own.',
    }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: 'When the link was asked for.' }),
    deviceName: t.exposeString('deviceName', { description: "The browser that asked: 'Firefox on Windows'." }),
    ipAddress: t.exposeString('ipAddress', { nullable: true, description: 'The address that asked.' }),
  }),
})

/** How every method ends. */
export const SignInResult = builder.unionType('SignInResult', {
  description:
    'How a sign-in ended: ask for `__typename`. Only a link asks for a confirmation, where another browser had asked for it.',
  types: [SignedInRef, ConfirmationRequiredRef],
  resolveType: (result) => result.kind,
})
