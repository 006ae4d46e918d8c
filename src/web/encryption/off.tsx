import { isLatchkeyError } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { say } from '../ui/said.tsx'
import { Deed } from './deed.tsx'
import type { PartProps } from './encryption.tsx'

/** Offers to switch encryption on. */
export function EncryptionOff({ reload, steps }: PartProps) {
  const setUp = async (): Promise<string | null> => {
    try {
      const { kind } = await steps.run((shown) => latchkey.encryption.setup(shown))
      say(
        kind === 'Enabled'
          ? 'Encryption is on, and your keys are unlocked on this device.'
          : 'Nothing was switched on. Codes that were shown are worth nothing; throw them away.',
      )
      return null
    } catch (error) {
      // No answer came, and nobody knows whether the keys are in force.
      if (isLatchkeyError(error, 'NETWORK')) return SET_UP_UNKNOWN
      throw error
    } finally {
      await reload().catch(() => undefined) // what is said matters more
    }
  }
  return (
    <>
      <p class="lead">Encryption is off. What you save can be read by whoever runs this server.</p>
      <ul class="reasons">
        <li>Switched on, you can lock what you write on this device, so that nobody else can read it.</li>
        <li>You choose a passphrase, and get eight recovery codes in case you forget it.</li>
        <li>Your fingerprint or face can open it, too, where your device can do that.</li>
      </ul>
      <Deed label="Set up encryption" kind="main" work={setUp} />
    </>
  )
}

const SET_UP_UNKNOWN =
  'The connection broke. If you were shown codes, keep them and the passphrase: they may be in force. This page tells once you are connected.'
