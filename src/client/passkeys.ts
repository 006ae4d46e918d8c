import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
} from '@simplewebauthn/browser'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import { askingForPrf, readPrf, type PrfResult } from './encryption/prf.ts'

/**
 * Why a passkey was not used. CANCELLED: the person called it off, took too long, or has none here; browsers do not say
 * which. ABORTED: the page called it off, or began another ceremony. UNSUPPORTED: this browser or device cannot.
 * ALREADY_REGISTERED: the device holds a passkey of this account.
 */
export type NotUsedReason = 'CANCELLED' | 'ABORTED' | 'UNSUPPORTED' | 'ALREADY_REGISTERED'

/** No passkey was used, and nothing was changed: offer to try again, or another way. Mail always is one. */
export type NotUsed = { kind: 'NotUsed'; reason: NotUsedReason }

/** What a ceremony gave: the response as it goes to the server, and what must not go there. */
export type Used = {
  kind: 'Used'
  challengeId: string
  response: unknown
  /** WebAuthn's own id of the passkey, in base64url. */
  credentialId: string
  prf: PrfResult
}

type Begin = () => Promise<{ challengeId: string; options: unknown }>
type Options = { signal?: AbortSignal | undefined }

// A challenge lives for five minutes, and a page may wait longer for somebody to choose a passkey from the list.
const CHALLENGE_KEPT_MS = 4 * 60_000

/** Whether this browser knows passkeys at all. False outside of a browser. */
export const isPasskeySupported = (): boolean => typeof globalThis.document !== 'undefined' && browserSupportsWebAuthn()

/** Whether this browser offers passkeys in the list under a text field (`autocomplete="username webauthn"`). */
export const isAutofillSupported = async (): Promise<boolean> =>
  isPasskeySupported() && (await browserSupportsWebAuthnAutofill())

/** Makes a passkey, and asks it for the PRF extension: one that was made without has none for ever. */
export function createPasskey(begin: Begin, { signal }: Options): Promise<Used | NotUsed> {
  // The server's options, which come as JSON of any form.
  const start = (options: unknown) =>
    startRegistration({ optionsJSON: askingForPrf(options) as PublicKeyCredentialCreationOptionsJSON })
  return runCeremony(begin, start, [signal])
}

type UseOptions = Options & {
  autofill?: boolean | undefined
  /** Whether to ask for the PRF extension's output, which unlocks. */
  prf?: boolean | undefined
  /** The one passkey to use, of those that the server would take. */
  credentialId?: string | undefined
}

/** Uses a passkey: at once, in the browser's own dialog, or with `autofill` once one is chosen from the list of a field. */
export async function usePasskey(
  begin: Begin,
  { signal, autofill = false, prf = false, credentialId }: UseOptions,
): Promise<Used | NotUsed> {
  const start = (options: unknown) =>
    startAuthentication({
      optionsJSON: allowing(
        credentialId,
        prf ? askingForPrf(options) : options,
      ) as PublicKeyCredentialRequestOptionsJSON,
      useBrowserAutofill: autofill,
      verifyBrowserAutofillInput: false, // it may be shown later
    })
  if (!autofill) return runCeremony(begin, start, [signal])
  if (!(await isAutofillSupported())) return notUsed('UNSUPPORTED')
  for (;;) {
    const turn = new AbortController()
    const timer = setTimeout(() => turn.abort(), CHALLENGE_KEPT_MS)
    const outcome = await runCeremony(begin, start, [signal, turn.signal]).finally(() => clearTimeout(timer))
    const isOver = outcome.kind === 'Used' || !turn.signal.aborted || signal?.aborted
    if (isOver) return outcome
  }
}

async function runCeremony(
  begin: Begin,
  start: (options: unknown) => Promise<object>,
  signals: readonly (AbortSignal | undefined)[],
): Promise<Used | NotUsed> {
  const isAborted = (): boolean => signals.some((signal) => signal?.aborted)
  if (!isPasskeySupported()) return notUsed('UNSUPPORTED')
  if (isAborted()) return notUsed('ABORTED')
  const { challengeId, options } = await begin()
  if (isAborted()) return notUsed('ABORTED')
  const cancel = (): void => WebAuthnAbortService.cancelCeremony()
  for (const signal of signals) signal?.addEventListener('abort', cancel)
  try {
    return { kind: 'Used', challengeId, ...withoutSecrets(await start(options)) }
  } catch (error) {
    const reason = reasonOf(error)
    if (!reason) throw error
    return notUsed(reason)
  } finally {
    for (const signal of signals) signal?.removeEventListener('abort', cancel)
  }
}

/** The result of the PRF extension opens the person's encrypted data: it never leaves the browser. */
function withoutSecrets(answer: object): Omit<Used, 'kind' | 'challengeId'> {
  // As WebAuthn defines it.
  const { clientExtensionResults, ...rest } = answer as {
    id?: unknown
    clientExtensionResults?: Record<string, unknown>
  }
  const { prf, ...results } = clientExtensionResults ?? {}
  const isEnabled = typeof prf === 'object' && prf !== null && 'enabled' in prf ? { prf: { enabled: prf.enabled } } : {}
  return {
    response: { ...rest, clientExtensionResults: { ...results, ...isEnabled } },
    credentialId: typeof rest.id === 'string' ? rest.id : '',
    prf: readPrf(prf),
  }
}

/** Narrows the passkeys that may be used to one. */
function allowing(credentialId: string | undefined, options: unknown): unknown {
  if (credentialId === undefined) return options
  return { ...(options as object), allowCredentials: [{ id: credentialId, type: 'public-key' }] } // JSON of WebAuthn's
}

// By the names that WebAuthn gives (level 3, section 5.1); the library keeps them. Anything else is a fault of the page or the server.
const REASONS: Readonly<Record<string, NotUsedReason>> = {
  NotAllowedError: 'CANCELLED',
  AbortError: 'ABORTED',
  ConstraintError: 'UNSUPPORTED',
  NotSupportedError: 'UNSUPPORTED',
  InvalidStateError: 'ALREADY_REGISTERED',
}

function reasonOf(error: unknown): NotUsedReason | undefined {
  return error instanceof Error && Object.hasOwn(REASONS, error.name) ? REASONS[error.name] : undefined
}

function notUsed(reason: NotUsedReason): NotUsed {
  return { kind: 'NotUsed', reason }
}
