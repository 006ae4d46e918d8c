import type { RecoveryStatus } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { ofPerson, whoAsks } from '../of-person.ts'

/** How it stands with recovering the encrypted data of whoever is signed in; null as long as it is not known. */
export const recoveryStatus = ofPerson<RecoveryStatus | null>(null)

let looks = 0 // an answer that was overtaken is not shown

/** Asks how it stands; a page that begins or stops something asks anew. Never throws. */
export async function lookAtRecovery(): Promise<void> {
  const mine = (looks += 1)
  const isTheirs = whoAsks()
  // Without an answer nothing is said: the page's own parts tell what is amiss.
  const status = await latchkey.encryption.recoveryStatus().catch(() => null)
  if (status && mine === looks && isTheirs()) recoveryStatus.value = status
}
