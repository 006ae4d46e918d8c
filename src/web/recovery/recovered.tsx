import { dateAndTime } from '../times.ts'
import { useState } from 'preact/hooks'
import type { Passkey } from '../../client/index.ts'
import { removePasskey } from '../account/remove-passkey.ts'
import { Section } from '../account/section.tsx'
import { latchkey } from '../latchkey.ts'
import { ActionButton } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { focusHeading } from '../ui/plate.tsx'
import { say } from '../ui/said.tsx'
import type { Done } from './run-recovery.tsx'

/** What holds after a recovery, and what is worth doing next. */
export function RecoveredView({ done }: { done: Done }) {
  return (
    <>
      <p class="lead">
        Your new passphrase opens it, and your new codes are in force. The old ones open nothing any more, and every
        other device is signed out.
      </p>
      {done && done.unreadable.length > 0 && <Unreadable count={done.unreadable.length} />}
      {done?.questionsLost === true && (
        <p class="note">
          Your security questions went with the old keys. <a href="/account/recovery?way=questions">Set them anew</a> if
          you want to keep this way.
        </p>
      )}
      {done ? <Passkeys passkeys={done.passkeys} lost={done.passkeysLost} /> : <PasskeysNow />}
      <div class="buttons">
        <a class="button" href="/notes">
          To my notes
        </a>
        <a href="/account/recovery">Back to Recovery</a>
      </div>
    </>
  )
}

function Unreadable({ count }: { count: number }) {
  return (
    <p class="note">
      {count === 1 ? 'One record does' : `${count} records do`} not open, also not with the old keys. It stays as it is:
      somebody may have changed it outside of this app.
    </p>
  )
}

/** Where the recovery was cut off, nobody told which passkeys there are. */
function PasskeysNow() {
  const passkeys = useLoad(() => latchkey.devices())
  return <Loaded from={passkeys}>{(known) => <Passkeys passkeys={known} lost={[]} />}</Loaded>
}

function Passkeys({ passkeys, lost }: { passkeys: readonly Passkey[]; lost: readonly string[] }) {
  const [left, setLeft] = useState(passkeys)
  if (passkeys.length === 0) return null
  return (
    <Section title="Do you still have each of your passkeys?">
      <p>Whoever has one can sign in as you. Remove those that you have lost.</p>
      <ul class="things">
        {left.map((passkey) => (
          <li key={passkey.id}>
            <div>
              <p>{passkey.name}</p>
              <p class="quiet">{lost.includes(passkey.id) ? NO_LONGER : lastUsed(passkey)}</p>
            </div>
            <ActionButton
              label="Remove"
              about={passkey.name}
              work={() => remove(passkey, () => setLeft((all) => all.filter(({ id }) => id !== passkey.id)))}
            />
          </li>
        ))}
      </ul>
    </Section>
  )
}

const NO_LONGER = 'Signs you in, and no longer unlocks your data. You can let it again under Encryption.'

const lastUsed = ({ lastUsedAt, createdAt }: Passkey): string =>
  lastUsedAt === null ? `Added ${dateAndTime(new Date(createdAt))}` : `Last used ${dateAndTime(new Date(lastUsedAt))}`

async function remove(passkey: Passkey, removed: () => void): Promise<void> {
  if (!(await removePasskey(passkey))) return
  removed()
  focusHeading() // the button is gone
  say(`“${passkey.name}” is removed. It signs nobody in any more.`)
}
