import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import { AppError } from '../../errors.ts'

const LONGEST = 65_536
const base64url = z
  .string()
  .max(LONGEST)
  .regex(/^[A-Za-z0-9_-]+$/)

// Members that the server does not read are dropped here: nothing that a page sends along goes any further.
const credential = { id: base64url.max(1_400), rawId: base64url.max(1_400), type: z.literal('public-key') }

const registration = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z.array(z.string()).max(16).optional(),
  }),
})

const authentication = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.optional().nullable(),
  }),
})

/** WebAuthn level 3, section 5.8.4: what the server keeps of the transports that a page names. */
export const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** Reads a RegistrationResponseJSON. BAD_INPUT for anything else, and for one that carries a secret. */
export function parseRegistration(json: unknown): RegistrationResponseJSON {
  const { response, ...rest } = parsed(registration, json)
  const transports = TRANSPORTS.filter((known) => response.transports?.includes(known))
  return {
    ...rest,
    response: { clientDataJSON: response.clientDataJSON, attestationObject: response.attestationObject, transports },
    clientExtensionResults: {},
  }
}

/** Reads an AuthenticationResponseJSON. BAD_INPUT for anything else, and for one that carries a secret. */
export function parseAuthentication(json: unknown): AuthenticationResponseJSON {
  const { response, ...rest } = parsed(authentication, json)
  const { userHandle, ...signed } = response
  return { ...rest, response: { ...signed, ...(userHandle && { userHandle }) }, clientExtensionResults: {} }
}

function parsed<Shape>(shape: z.ZodType<Shape>, json: unknown): Shape {
  refuseSecrets(json)
  const result = shape.safeParse(json)
  if (result.success) return result.data
  const place = result.error.issues[0]?.path.join('.')
  throw new AppError(
    'BAD_INPUT',
    `response: what navigator.credentials gave, as JSON (its toJSON()), unchanged${place ? `; ${place} is not right` : ''}.`,
    { field: 'response' },
  )
}

// What the PRF extension gives opens the user's encrypted data. The browser's toJSON() writes it out.
function refuseSecrets(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    if (name === 'prf' && typeof member === 'object' && member !== null && 'results' in member) {
      throw new AppError(
        'BAD_INPUT',
        'response holds a result of the PRF extension, a secret that no server may see. Delete clientExtensionResults.prf.results before you send it.',
        { field: 'response' },
      )
    }
    refuseSecrets(member)
  }
}
