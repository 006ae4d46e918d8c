import type { Passkey } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { confirmed } from '../ui/confirm.tsx'

/** Removes a passkey from the account, once the person has confirmed it. False when it was put off. */
export async function removePasskey({ id, name }: Passkey): Promise<boolean> {
  const isWanted = await confirmed({
    title: `Remove “${name}”?`,
    words:
      'It will no longer sign you in, nor unlock your encrypted data. A link by mail goes on working. Your device keeps the passkey until you delete it there.',
    action: 'Remove',
    isDangerous: true,
  })
  if (!isWanted) return false
  await latchkey.removeDevice(id)
  return true
}
