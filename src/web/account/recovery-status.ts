import { signal } from '@preact/signals'
import type { RecoveryStatus } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { viewer } from '../viewer.ts'

const known = signal<{ userId: string; status: RecoveryStatus } | null>(null)

/** How it stands with recovering a person's encrypted data, as far as it is known. */
export const recoveryStatusOf = (userId: string): RecoveryStatus | null =>
  known.value?.userId === userId ? known.value.status : null

/** Asks how it stands; a page that begins or stops something asks anew. Never throws. */
export async function lookAtRecovery(): Promise<void> {
  const who = viewer.peek()
  if (who.kind !== 'SIGNED_IN') return
  // Without an answer nothing is said: the page's own parts tell what is amiss.
  const status = await latchkey.encryption.recoveryStatus().catch(() => null)
  if (status) known.value = { userId: who.user.id, status }
}
