import type { Ask } from '../ask.ts'
import { isLatchkeyError } from '../errors.ts'
import {
  BeginPasskeyRegistrationDocument,
  CompletePasskeyRegistrationDocument,
  DevicesDocument,
  type PasskeyFieldsFragment,
} from '../generated/graphql.ts'
import { createPasskey, type NotUsed } from '../passkeys.ts'
import { proveWithPrf } from './prove-with-prf.ts'

/**
 * Why a passkey cannot unlock. BROWSER: this browser does not know the PRF extension. PASSKEY: the passkey was made
 * without it, and must be made again; removing it first makes the device ready for that. NOT_ENROLLED: it could, and
 * `storeBiometricKey` has not made it. UNRELIABLE: it gave two secrets where one is asked for.
 */
export type NoPrfReason = 'BROWSER' | 'PASSKEY' | 'NOT_ENROLLED' | 'UNRELIABLE'

/** The passkey was touched, and does not unlock: offer the passphrase. */
export type NoPrf = { kind: 'NoPrf'; reason: NoPrfReason }

/** What a passkey gave twice, each time asked for anew. Whoever takes it fills both with zeros. */
export type TwoOutputs = { kind: 'Both'; passkey: PasskeyFieldsFragment; prf: Uint8Array; again: Uint8Array }

type Options = { signal?: AbortSignal | undefined }

/** Why no output came. */
export async function noPrf(): Promise<NoPrf> {
  return { kind: 'NoPrf', reason: (await isPasskeyUnlockSupported()) === false ? 'BROWSER' : 'PASSKEY' }
}

/** Whether a passkey could unlock in this browser; null where the browser does not tell. */
export async function isPasskeyUnlockSupported(): Promise<boolean | null> {
  const credential: unknown = Reflect.get(globalThis, 'PublicKeyCredential')
  if (typeof credential !== 'function' || !('getClientCapabilities' in credential)) return null
  const ask: unknown = credential.getClientCapabilities
  if (typeof ask !== 'function') return null
  const capabilities: unknown = await (ask as () => Promise<unknown>).call(credential) // WebAuthn level 3, section 5.1.7
  const known: unknown = typeof capabilities === 'object' && capabilities && Reflect.get(capabilities, 'extension:prf')
  return typeof known === 'boolean' ? known : null
}

/** Makes a passkey, and has it give its output twice: what it gives when it is made, where it does, and then again. */
export async function makePasskeyWithPrf(
  ask: Ask,
  { name, signal }: Options & { name?: string | undefined },
): Promise<TwoOutputs | NotUsed | NoPrf> {
  const begin = async () => (await ask(BeginPasskeyRegistrationDocument, {}, { signal })).beginPasskeyRegistration
  const made = await createPasskey(begin, { signal })
  if (made.kind === 'NotUsed') return made
  const { challengeId, response, prf, credentialId } = made
  try {
    const { completePasskeyRegistration: passkey } = await ask(
      CompletePasskeyRegistrationDocument,
      { input: { challengeId, response, ...(name !== undefined && { name }) } },
      { signal },
    )
    if (!prf.enabled && !prf.output) return await noPrf()
    return await withOutputs(ask, passkey, { credentialId, signal, first: prf.output })
  } catch (error) {
    prf.output?.fill(0)
    throw error
  }
}

/** Has a passkey of the account give its output twice. */
export async function touchTwice(
  ask: Ask,
  passkey: PasskeyFieldsFragment,
  { signal }: Options,
): Promise<TwoOutputs | NotUsed | NoPrf> {
  return withOutputs(ask, passkey, { credentialId: passkey.credentialId, signal, first: null })
}

type Touching = Options & { credentialId: string; first: Uint8Array | null }

async function withOutputs(
  ask: Ask,
  passkey: PasskeyFieldsFragment,
  { credentialId, signal, first }: Touching,
): Promise<TwoOutputs | NotUsed | NoPrf> {
  const outputs = first ? [first] : []
  try {
    while (outputs.length < 2) {
      const touched = await proveWithPrf(ask, { signal, credentialId })
      if (touched.kind === 'NotUsed') return touched
      if (!touched.output) return await noPrf()
      outputs.push(touched.output)
    }
    const [prf = new Uint8Array(), again = new Uint8Array()] = outputs.splice(0)
    return { kind: 'Both', passkey, prf, again }
  } finally {
    for (const output of outputs) output.fill(0)
  }
}

/** The account's passkeys. */
export const listPasskeys = async (ask: Ask): Promise<PasskeyFieldsFragment[]> =>
  (await ask(DevicesDocument, {})).devices

export const isUnreliable = (error: unknown): boolean => isLatchkeyError(error, 'PRF_UNRELIABLE')
