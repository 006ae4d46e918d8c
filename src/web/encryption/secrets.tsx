import { isLatchkeyError, estimatePassphrase, proposePassphrase } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { say } from '../ui/said.tsx'
import { viewer } from '../viewer.ts'
import { Deed } from './deed.tsx'
import type { PartProps } from './encryption.tsx'
import { FEW_CODES } from './few-codes.ts'
import { CODES, type KeySteps } from './key-steps.tsx'
import { askPassphrase } from './passphrase-dialog.tsx'

/** Another passphrase in the place of the one in force. */
export function ChangePassphrase({ steps }: PartProps) {
  const change = async (): Promise<string | null> => {
    const current = await askPassphrase({
      title: 'Your passphrase of today',
      words: 'It is needed to open the keys for the new one.',
    })
    if (current === null) return null
    const isChanged = await steps.run(async (shown) => {
      const next = await chooseNext(shown)
      if (next === null) return false
      await latchkey.encryption.changePassphrase({ current, next })
      return true
    }, [])
    say(
      isChanged
        ? 'The new passphrase opens your keys from now on, on all devices.'
        : 'Your passphrase stays as it was.',
    )
    return null
  }
  return (
    <section aria-labelledby="passphrase">
      <h2 id="passphrase">Passphrase</h2>
      <p>
        A new one takes the place of the old one on all devices; codes and passkeys stay. If somebody may know the old
        one, change everything instead, further below.
      </p>
      <Deed label="Change passphrase" work={change} />
    </section>
  )
}

/** Asks for a new passphrase by the step of a set-up. Null when it is called off. */
export async function chooseNext({ choosePassphrase }: KeySteps): Promise<string | null> {
  const who = viewer.peek()
  const email = who.kind === 'SIGNED_IN' ? who.user.email : ''
  const estimate = (text: string) => estimatePassphrase(text, { email })
  return choosePassphrase({ proposal: await proposePassphrase(), estimate })
}

/** New recovery codes in the place of those that are left. */
export function NewCodes({ status: { recoveryCodesLeft: left }, steps, reload }: PartProps) {
  const make = async (): Promise<string | null> => {
    const passphrase = await askPassphrase({
      title: 'Make new recovery codes',
      words: 'Your passphrase opens the keys for the new codes. The old ones stay until you have kept the new ones.',
    })
    if (passphrase === null) return null
    try {
      const made = (shown: KeySteps) => latchkey.encryption.regenerateRecoveryCodes({ passphrase, ...shown })
      return tell((await steps.run(made, CODES)).kind)
    } catch (error) {
      // No answer came, and nobody knows which codes are in force.
      if (isLatchkeyError(error, 'NETWORK')) return CODES_UNKNOWN
      throw error
    } finally {
      reload().catch(() => undefined) // the button says what matters
    }
  }
  return (
    <section aria-labelledby="codes">
      <h2 id="codes">Recovery codes</h2>
      {left <= FEW_CODES && (
        <p class="note">{left === 0 ? 'None is left.' : `Only ${left} left.`} Make new ones now.</p>
      )}
      <p>They open your keys when you forget the passphrase. New ones end the old ones: throw those away.</p>
      <Deed label="Make new codes" work={make} />
    </section>
  )
}

function tell(kind: 'Replaced' | 'ChangedElsewhere' | 'CalledOff'): string | null {
  if (kind === 'ChangedElsewhere') {
    return 'Your keys were changed on another device at the same time. The codes that were shown here are worth nothing: make new ones.'
  }
  say(
    kind === 'Replaced'
      ? 'The new codes count from now on. Throw the old ones away.'
      : 'The old codes stay in force. Those that were shown are worth nothing.',
  )
  return null
}

const CODES_UNKNOWN =
  'No answer came, so that the new codes may be in force, or the old ones. Keep both until you are connected, then make new ones.'
