import { useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { whoAsks } from '../of-person.ts'
import { say } from '../ui/said.tsx'
import { Deed } from './deed.tsx'
import type { PartProps } from './encryption.tsx'
import { InDoubt } from './in-doubt.tsx'
import { watched } from './lost-answer.ts'

/** Offers to switch encryption on. */
export function EncryptionOff({ reload, steps }: PartProps) {
  const [isInDoubt, setInDoubt] = useState(false)

  const setUp = (): Promise<null> =>
    steps.run(async (all) => {
      const sending = watched(all)
      try {
        const { kind } = await latchkey.encryption.setup(sending.steps)
        say(kind === 'Enabled' ? ON : CALLED_OFF)
        await reload().catch(() => undefined) // what is said matters more
      } catch (error) {
        if (!sending.isInDoubt(error)) throw error
        setInDoubt(true)
      }
      return null
    })

  async function look(): Promise<void> {
    const isTheirs = whoAsks()
    const { enabled } = await latchkey.encryption.status()
    if (!isTheirs()) return
    say(enabled ? ON_AFTER_ALL : STILL_OFF)
    await reload()
    setInDoubt(false)
  }
  if (isInDoubt) return <InDoubt words="Encryption may be on already, or still off." look={look} />
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

const ON = 'Encryption is on, and your keys are unlocked on this device.'
const CALLED_OFF = 'Nothing was switched on. Codes that were shown are worth nothing; throw them away.'
const ON_AFTER_ALL =
  'Encryption is on: only the answer was lost. The codes that you kept are in force, and the passphrase that you chose unlocks.'
const STILL_OFF =
  'Encryption is off: the new keys did not arrive. Set it up once more, and throw the codes of the first try away after that.'
