import { isLatchkeyError } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { confirmed } from '../ui/confirm.tsx'
import { focusHeading } from '../ui/plate.tsx'
import { say } from '../ui/said.tsx'
import { Deed } from './deed.tsx'
import type { PartProps } from './encryption.tsx'

/** Takes keys that are older than those that this device has seen. */
export function OlderKeys() {
  return (
    <section aria-labelledby="backup">
      <h2 id="backup">After a restored backup</h2>
      <p>
        If this device refuses your keys because they are older than those it has seen, ask whoever runs this server
        whether a backup was restored. Only if they say so, let the older keys in.
      </p>
      <Deed label="Let older keys in" work={letOlderIn} />
    </section>
  )
}

async function letOlderIn(): Promise<null> {
  const isWanted = await confirmed({
    title: 'Let older keys in?',
    words:
      'Do this only if a backup was restored, and you heard it from a person you trust. A server that lies could otherwise bring back keys that somebody else has. This device locks; unlock it again afterwards.',
    action: 'A backup was restored, let them in',
    isDangerous: true,
  })
  if (!isWanted) return null
  await latchkey.encryption.acceptOlderKeys()
  say('This device takes the older keys from now on. Load pages anew that are open elsewhere, then unlock.')
  return null
}

/** Switches encryption off, once nothing is encrypted any more. */
export function SwitchOff({ reload }: PartProps) {
  return (
    <section aria-labelledby="off">
      <h2 id="off">Switch encryption off</h2>
      <p>The keys, the passphrase and the codes are thrown away. It can be set up anew at any time.</p>
      <Deed label="Switch off" work={() => switchOff(reload)} />
    </section>
  )
}

async function switchOff(reload: () => Promise<void>): Promise<string | null> {
  const isWanted = await confirmed({
    title: 'Switch encryption off?',
    words: 'Passphrase, codes and passkeys open nothing any more afterwards. Signing in stays as it is.',
    action: 'Switch off',
    isDangerous: true,
  })
  if (!isWanted) return null
  try {
    await latchkey.encryption.disable()
  } catch (error) {
    if (isLatchkeyError(error, 'RECORDS_ENCRYPTED')) return STILL_ENCRYPTED
    throw error
  }
  say('Encryption is off.')
  await reload()
  focusHeading() // the button is gone, and with it the place of whoever pressed it
  return null
}

const STILL_ENCRYPTED =
  'Something is still encrypted, and nobody could read it afterwards, so nothing was switched off. Delete your encrypted notes first, or save them as plain ones.'
