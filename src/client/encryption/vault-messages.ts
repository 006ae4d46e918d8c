import { LatchkeyError } from '../errors.ts'
import type { LatchkeyErrorCode } from '../errors.ts'
import type { Vault } from './vault.ts'

/*
 * What passes between a page and the Worker that holds its keys. Both come from one build, so neither reads the other's
 * messages with suspicion; but nothing passes that a page has not asked for.
 */

/** What the Worker does for a page. To lock is not among it: the page ends the Worker. */
export const VAULT_CALLS = [
  'make',
  'unlock',
  'follow',
  'state',
  'encrypt',
  'decrypt',
  'reencrypt',
  'rotateRecordKey',
  'rotateMasterKey',
  'sealForPassphrase',
  'sealForPasskey',
  'sealForCodes',
  'sealForQuestions',
  'verifierOfCode',
  'verifierOfAnswers',
] as const satisfies readonly Exclude<keyof Vault, 'lock'>[]

export type VaultCallName = (typeof VAULT_CALLS)[number]
export type VaultCall = { id: number; name: VaultCallName; input: unknown }
export type VaultAnswer = { id: number } & ({ ok: true; value: unknown } | { ok: false; error: SentError })

/** An error as it passes: a copy would lose its code. */
export type SentError = {
  code: LatchkeyErrorCode | null
  message: string
  field?: string | undefined
  limit?: number | undefined
  extensions?: Readonly<Record<string, unknown>>
}

/** Of an error that is no refusal the name alone passes: its text may quote what was being worked on. */
export function sendError(error: unknown): SentError {
  if (error instanceof LatchkeyError) {
    const { code, message, field, limit, extensions } = error
    return { code, message, field, limit, extensions }
  }
  return { code: null, message: `The vault has failed: ${error instanceof Error ? error.name : typeof error}.` }
}

export function receiveError({ code, message, ...details }: SentError): Error {
  return code ? new LatchkeyError(code, message, details) : new Error(message)
}
