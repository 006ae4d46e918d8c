import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { rowIdOf } from '../../schema/node-id.ts'
import type { AUTH_LEVELS, AUTH_METHODS } from '../../viewer.ts'
import type { ViewerSession, ViewerUser } from '../../viewer.ts'
import { levelOf } from './level.ts'
import { listSessions } from './list-sessions.ts'
import { logout, revokeOtherSessions, revokeSession } from './revoke-session.ts'
import { toViewerSession } from './to-viewer-session.ts'

export const AuthLevelEnum = builder.enumType('AuthLevel', {
  description: `What a caller must have proved for a field. The levels are ordered: SESSION < FRESH < STRONG.
An account that has no passkey and no authenticator app yet satisfies STRONG with a FRESH proof.`,
  values: {
    SESSION: { description: 'A live session.' },
    FRESH: { description: 'A live session that proved any factor in the last 15 minutes.' },
    STRONG: { description: 'A live session that proved a passkey or an authenticator app in the last 15 minutes.' },
  } satisfies Record<(typeof AUTH_LEVELS)[number], object>,
})

export const AuthMethodEnum = builder.enumType('AuthMethod', {
  description: 'A way to prove who you are.',
  values: {
    MAGIC_LINK: { description: 'A link or a code sent by mail.' },
    PASSKEY: { description: 'A passkey (WebAuthn): a fingerprint, a face, a security key.' },
  } satisfies Record<(typeof AUTH_METHODS)[number], object>,
})

const User = builder.objectRef<ViewerUser>('User')

export const UserRef = builder.node(User, {
  description: 'A person with an account. A caller only ever sees their own.',
  id: { resolve: (user) => user.id, description: '`user_<uuid>`.' },
  loadOne: (id, context) => (context.viewer?.user.id === id ? context.viewer.user : null),
  fields: (t) => ({
    email: t.exposeString('email', {
      description: 'The mail address in its canonical form: lower case, the domain in ASCII.',
    }),
    displayName: t.exposeString('displayName', {
      nullable: true,
      description: 'The name to show. Always null yet: nothing sets it.',
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When the account was made, by its first sign-in.',
    }),
    lastLoginAt: t.expose('lastLoginAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When someone last signed in to it.',
    }),
  }),
})

const Session = builder.objectRef<ViewerSession>('Session')

export const SessionRef = builder.node(Session, {
  description: 'One browser or device that is signed in.',
  id: { resolve: (session) => session.id, description: '`session_<uuid>`.' },
  loadOne: async (id, context) => {
    const row = await context.db.session.findFirst({ where: { id } })
    return row && toViewerSession(row)
  },
  fields: (t) => ({
    current: t.boolean({
      description: 'True for the session that asks.',
      resolve: ({ id }, _args, context) => id === (context.issued?.session.id ?? context.viewer?.session.id),
    }),
    deviceName: t.exposeString('deviceName', { description: "Read from the user agent: 'Chrome on macOS'." }),
    authMethod: t.expose('authMethod', {
      type: AuthMethodEnum,
      description: 'How the session began. Proving again does not change it.',
    }),
    level: t.field({
      type: AuthLevelEnum,
      description:
        'The highest level that this session satisfies now. Compare by the order of the levels: without a passkey a fresh proof gives STRONG. It falls to SESSION when the session is used from another network or browser than its last proof; of the other sessions in a list it cannot tell whether they are used from elsewhere now.',
      resolve: (session, _args, { viewer, issued, services }) => {
        const hasPasskey = (issued?.user ?? viewer?.user)?.passkeyCount !== 0
        const moved = !issued && session.id === viewer?.session.id && viewer.moved
        return levelOf({ session, hasPasskey, moved }, services.now(), services.config.lifetimes.freshMs)
      },
    }),
    remembered: t.exposeBoolean('remembered', {
      description: 'True when the device is kept signed in for 30 days, not 24 hours.',
    }),
    encryptionEnabled: t.boolean({
      description: "Whether the account's end-to-end encryption is switched on.",
      resolve: (_session, _args, { viewer, issued }) => (issued?.user ?? viewer?.user)?.encryptionEnabled ?? false,
    }),
    ipAddress: t.exposeString('ipAddress', {
      nullable: true,
      description: 'The address of the last proof: the sign-in, or the last time that it was asked again.',
    }),
    userAgent: t.exposeString('userAgent', {
      nullable: true,
      description: 'The browser of the last proof, in its own words.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began.' }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description: 'When it was last used, to the minute.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'When it ends at the latest; an unused one ends sooner.',
    }),
  }),
})

builder.queryFields((t) => ({
  me: t.field({
    ...guarded('Query.me', { limit: 'account' }),
    type: UserRef,
    nullable: true,
    description: 'The signed-in user, or null.',
    resolve: (_root, _args, { viewer }) => viewer?.user ?? null,
  }),
  session: t.field({
    ...guarded('Query.session', { limit: 'account' }),
    type: SessionRef,
    nullable: true,
    description: 'The session that asks, or null when nobody is signed in.',
    resolve: (_root, _args, { viewer }) => viewer?.session ?? null,
  }),
  sessions: t.field({
    ...guarded('Query.sessions', { limit: 'account' }),
    type: [SessionRef],
    description: "All of the user's live sessions, the newest first.",
    resolve: (_root, _args, context) => listSessions(context),
  }),
}))

builder.mutationFields((t) => ({
  logout: t.boolean({
    ...guarded('Mutation.logout', { limit: 'account' }),
    description: 'Ends the session that asks and clears its cookie. True, also when nobody was signed in.',
    resolve: (_root, _args, context) => logout(context),
  }),
  revokeSession: t.field({
    ...guarded('Mutation.revokeSession', { limit: 'account' }),
    type: SessionRef,
    description:
      "Ends one of the user's sessions, at once and everywhere. NOT_FOUND for one that is gone, or another user's.",
    args: { id: t.arg.id({ required: true, description: 'The id of the session to end.' }) },
    resolve: (_root, { id }, context) => revokeSession(context, rowIdOf('Session', id)),
  }),
  revokeOtherSessions: t.field({
    ...guarded('Mutation.revokeOtherSessions', { limit: 'account' }),
    type: [SessionRef],
    description: 'Ends all sessions of the user but the one that asks, and answers those that it ended.',
    resolve: (_root, _args, context) => revokeOtherSessions(context),
  }),
}))
