import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { rowIdOf } from '../../schema/node-id.ts'
import type { JsonValue } from '../../schema/json-value.ts'
import type { Passkey } from '../../generated/sqlite/client.ts'
import type { AuthMethod } from '../../viewer.ts'
import { listSessions } from '../sessions/list-sessions.ts'
import { AuthMethodEnum, SessionRef } from '../sessions/schema.ts'
import { canonicalEmail } from '../sign-in/canonical-email.ts'
import { SignInResult } from '../sign-in/schema.ts'
import { beginAssertion, beginLogin, beginRegistration } from './begin-ceremony.ts'
import type { BegunCeremony } from './begin-ceremony.ts'
import { completeLogin } from './complete-login.ts'
import { completeReauthentication } from './complete-reauthentication.ts'
import { completeRegistration } from './complete-registration.ts'
import { listDevices, removeDevice, renameDevice } from './devices.ts'
import { MAX_PASSKEYS, transportsOf } from './passkey.ts'
import { signInOptions } from './sign-in-options.ts'

const PasskeyDeviceType = builder.enumType('PasskeyDeviceType', {
  description: 'Whether a passkey may leave the authenticator that made it.',
  values: {
    SINGLE_DEVICE: { description: 'Bound to one authenticator.' },
    MULTI_DEVICE: { description: 'Synced between devices by its provider.' },
  },
})

const PasskeyRef = builder.node(builder.objectRef<Passkey>('Passkey'), {
  description: 'A registered biometric device or security key.',
  id: { resolve: ({ id }) => id, description: '`passkey_<uuid>`.' },
  loadOne: (id, { db }) => db.passkey.findFirst({ where: { id } }),
  fields: (t) => ({
    credentialId: t.exposeString('credentialId', {
      description: "The credential's id, base64url: what `allowCredentials` names it by.",
    }),
    name: t.exposeString('name', {
      description: "As its owner calls it; at first its provider or device: 'iCloud Keychain', 'Passkey on Windows'.",
    }),
    deviceType: t.field({
      type: PasskeyDeviceType,
      description: 'Whether it may leave its device.',
      resolve: ({ deviceType }) => (deviceType === 'MULTI_DEVICE' ? 'MULTI_DEVICE' : 'SINGLE_DEVICE'),
    }),
    backedUp: t.exposeBoolean('backedUp', {
      description: 'Whether its provider held a copy when it was last used: it then survives the loss of the device.',
    }),
    transports: t.stringList({
      description: "How a browser reaches it: 'internal', 'hybrid', 'usb', 'nfc', 'ble', ... (WebAuthn).",
      resolve: ({ transports }) => transportsOf(transports),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was registered.' }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it last signed in or proved its owner again; null when it has not yet.',
    }),
  }),
})

export const PasskeyChallengeRef = builder.objectRef<BegunCeremony>('PasskeyChallenge').implement({
  description: 'Options for navigator.credentials, to be used once, within five minutes, by the browser that asked.',
  fields: (t) => ({
    challengeId: t.id({
      description:
        'Names the challenge in the call that completes the ceremony: CHALLENGE_INVALID once it is used, too old, or in another browser.',
      resolve: ({ challengeId }) => challengeId,
    }),
    options: t.field({
      type: 'JSON',
      description:
        'PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON (WebAuthn level 3).',
      // A plain object that WebAuthn itself defines as JSON.
      resolve: ({ options }) => options as unknown as JsonValue,
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When the challenge stops working.' }),
  }),
})

const CompletePasskeyRegistrationInput = builder.inputType('CompletePasskeyRegistrationInput', {
  description: 'What navigator.credentials.create gave.',
  fields: (t) => ({
    challengeId: t.id({ required: true, description: 'Of the challenge that the ceremony began with.' }),
    response: t.field({
      type: 'JSON',
      required: true,
      description: 'RegistrationResponseJSON. A result of the PRF extension must be deleted from it first.',
    }),
    name: t.string({
      description: 'What to call it, in 1 to 64 characters; a sensible name is found where it is left out.',
    }),
  }),
})

const BeginPasskeyLoginInput = builder.inputType('BeginPasskeyLoginInput', {
  description: 'Who wants to sign in, where that is known.',
  fields: (t) => ({
    email: t.string({
      description:
        'The mail address; the passkey must then be of its account. Left out for a discoverable passkey (autofill).',
    }),
  }),
})

const CompletePasskeyLoginInput = builder.inputType('CompletePasskeyLoginInput', {
  description: 'What navigator.credentials.get gave.',
  fields: (t) => ({
    challengeId: t.id({ required: true, description: 'Of the challenge that the ceremony began with.' }),
    response: t.field({
      type: 'JSON',
      required: true,
      description: 'AuthenticationResponseJSON. A result of the PRF extension must be deleted from it first.',
    }),
    rememberDevice: t.boolean({
      defaultValue: false,
      description: 'Keep this device signed in for 30 days instead of 24 hours.',
    }),
    redirectTo: t.string({
      description:
        'Where the sign-in page sends the browser afterwards: a path of this site, or a URL of an allowed origin; REDIRECT_NOT_ALLOWED otherwise, and the challenge stays good.',
    }),
  }),
})

const CompletePasskeyReauthenticationInput = builder.inputType('CompletePasskeyReauthenticationInput', {
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

const RenameDeviceInput = builder.inputType('RenameDeviceInput', {
  description: 'Another name for a passkey.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The id of the passkey.' }),
    name: t.string({ required: true, description: 'Its new name: 1 to 64 characters.' }),
  }),
})

const SignInOptionsRef = builder.objectRef<readonly AuthMethod[]>('SignInOptions').implement({
  description:
    'How a sign-in with this address should start. Says nothing of whether the address has an account. The answer is alike for every address in a browser that has not signed in with it before.',
  fields: (t) => ({
    methods: t.field({
      type: [AuthMethodEnum],
      description: 'The methods to offer, the preferred first. MAGIC_LINK is always among them.',
      resolve: (methods) => [...methods],
    }),
  }),
})

/** The passkeys are read once, for the list and for how many are left; the sessions only where they are asked for. */
const SecurityDevicesRef = builder.objectRef<{ passkeys: Passkey[] }>('SecurityDevices').implement({
  description: 'Every way into the account, on one page. A link by mail is always one, too.',
  fields: (t) => ({
    passkeys: t.field({
      type: [PasskeyRef],
      description: 'The registered passkeys, the newest first.',
      resolve: ({ passkeys }) => passkeys,
    }),
    sessions: t.field({
      type: [SessionRef],
      description: "All of the user's live sessions, the newest first.",
      resolve: (_page, _args, context) => listSessions(context),
    }),
    passkeysLeft: t.int({
      description: 'How many passkeys the account may still add (5 at the most).',
      resolve: ({ passkeys }) => Math.max(0, MAX_PASSKEYS - passkeys.length),
    }),
  }),
})

builder.queryFields((t) => ({
  devices: t.field({
    ...guarded('Query.devices', { limit: 'account' }),
    type: [PasskeyRef],
    description: 'The registered biometric devices, the newest first.',
    resolve: (_root, _args, context) => listDevices(context),
  }),
  signInOptions: t.field({
    ...guarded('Query.signInOptions', { limit: 'signInOptions' }),
    type: SignInOptionsRef,
    description:
      'The ways to offer to somebody who has typed an address: alike for every address in a browser that has not signed in with it before. One that has learns whether there is a passkey. EMAIL_INVALID for an address that is odd.',
    args: { email: t.arg.string({ required: true, description: 'The mail address.' }) },
    resolve: (_root, args, context) => signInOptions(context, args.email),
  }),
  securityDevices: t.field({
    ...guarded('Query.securityDevices', { limit: 'account' }),
    type: SecurityDevicesRef,
    description: 'Every way into the account, on one page.',
    resolve: async (_root, _args, context) => ({ passkeys: await listDevices(context) }),
  }),
}))

builder.mutationFields((t) => ({
  beginPasskeyRegistration: t.field({
    ...guarded('Mutation.beginPasskeyRegistration', { limit: 'account' }),
    type: PasskeyChallengeRef,
    description:
      'Begins to register a passkey. QUOTA_EXCEEDED when the account has five; PASSKEYS_UNAVAILABLE where the server is reached by an IP address.',
    resolve: (_root, _args, context) => beginRegistration(context),
  }),
  completePasskeyRegistration: t.field({
    ...guarded('Mutation.completePasskeyRegistration', { limit: 'changePasskeys', countsWhen: 'allowed' }),
    type: PasskeyRef,
    description:
      'Registers a passkey, and raises this session to STRONG. From then on STRONG asks for a passkey in every session; offer to end the others (revokeOtherSessions). CHALLENGE_INVALID for a challenge that is used or too old, PASSKEY_INVALID for what cannot be verified, PASSKEY_EXISTS for a passkey that is registered already, QUOTA_EXCEEDED when the account has five. Signing in by mail goes on working.',
    args: {
      input: t.arg({ type: CompletePasskeyRegistrationInput, required: true, description: 'The new passkey.' }),
    },
    resolve: (_root, { input }, context) => completeRegistration(context, { ...input, name: input.name ?? null }),
  }),
  beginPasskeyLogin: t.field({
    ...guarded('Mutation.beginPasskeyLogin', { limit: 'beginPasskeyLogin', address: addressIn }),
    type: PasskeyChallengeRef,
    description:
      'Begins to sign in by a passkey. The answer is alike for every address, known or not, in a browser that has not signed in with it before; one that has is told the passkeys of the account. PASSKEYS_UNAVAILABLE where the server is reached by an IP address.',
    args: { input: t.arg({ type: BeginPasskeyLoginInput, description: 'Who, where that is known.' }) },
    resolve: (_root, { input }, context) => beginLogin(context, { email: input?.email ?? null }),
  }),
  completePasskeyLogin: t.field({
    ...guarded('Mutation.completePasskeyLogin', { limit: 'completePasskeyLogin' }),
    type: SignInResult,
    description:
      'Signs in by a passkey, at once: never a ConfirmationRequired. CHALLENGE_INVALID for a challenge that is used, too old, or was given to another browser; PASSKEY_INVALID for every other answer that does not sign in. Signing in by mail goes on working.',
    args: { input: t.arg({ type: CompletePasskeyLoginInput, required: true, description: 'The proof.' }) },
    resolve: (_root, { input }, context) =>
      completeLogin(context, {
        ...input,
        remember: input.rememberDevice ?? false,
        redirectTo: input.redirectTo ?? null,
      }),
  }),
  renameDevice: t.field({
    ...guarded('Mutation.renameDevice', { limit: 'account' }),
    type: PasskeyRef,
    description: "Gives a passkey another name. NOT_FOUND for one that is gone, or another user's.",
    args: { input: t.arg({ type: RenameDeviceInput, required: true, description: 'Which, and what to call it.' }) },
    resolve: (_root, { input }, context) => renameDevice(context, rowIdOf('Passkey', input.id), input.name),
  }),
  removeDevice: t.field({
    ...guarded('Mutation.removeDevice', { limit: 'changePasskeys', countsWhen: 'allowed' }),
    type: PasskeyRef,
    description:
      "Removes a passkey, and answers what it was. Sessions that it began go on: offer to end the others (revokeOtherSessions). NOT_FOUND for one that is gone, or another user's. Signing in by mail goes on working.",
    args: { id: t.arg.id({ required: true, description: 'The id of the passkey.' }) },
    resolve: (_root, { id }, context) => removeDevice(context, rowIdOf('Passkey', id)),
  }),
  beginPasskeyReauthentication: t.field({
    ...guarded('Mutation.beginPasskeyReauthentication', { limit: 'account' }),
    type: PasskeyChallengeRef,
    description:
      'Begins what completePasskeyReauthentication ends, and changes nothing by itself. Raises the level of this session; makes no new one. NOT_FOUND when the account has no passkey: requestReauthenticationCode then. PASSKEYS_UNAVAILABLE where the server is reached by an IP address.',
    resolve: (_root, _args, context) => beginAssertion(context, 'REAUTHENTICATION'),
  }),
  completePasskeyReauthentication: t.field({
    ...guarded('Mutation.completePasskeyReauthentication', { limit: 'completePasskeyReauthentication' }),
    type: SessionRef,
    description:
      'Raises this session to STRONG. Its cookie changes, its end does not. CHALLENGE_INVALID for a challenge that is used, too old, or was given to another session; PASSKEY_INVALID for every other answer that proves nothing.',
    args: { input: t.arg({ type: CompletePasskeyReauthenticationInput, required: true, description: 'The proof.' }) },
    resolve: (_root, { input }, context) => completeReauthentication(context, input),
  }),
}))

// Null where no address is named: the network's row alone counts then.
function addressIn(args: Record<string, unknown>): string | null {
  const { input } = args
  const email = typeof input === 'object' && input !== null && 'email' in input ? input.email : null
  return typeof email === 'string' ? canonicalEmail(email) : null
}
