import type { Passkey as Row } from '../../generated/sqlite/client.ts'
import { TRANSPORTS } from './parse-response.ts'
import type { Transport } from './parse-response.ts'

/** How many passkeys an account may have. */
export const MAX_PASSKEYS = 5

/** What the options of a ceremony name a passkey by. */
export function descriptorOf({ credentialId, transports }: Pick<Row, 'credentialId' | 'transports'>) {
  return { id: credentialId, transports: transportsOf(transports) }
}

/** The transports as they are kept: JSON text. */
export function transportsOf(text: string): Transport[] {
  const kept = JSON.parse(text) as unknown // written by the registration alone
  return TRANSPORTS.filter((known) => Array.isArray(kept) && kept.includes(known))
}
