import { ago } from '../times.ts'
import { EncryptionKeysDocument, type Passkey } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { Loaded, useLoad } from '../ui/load.tsx'
import { say } from '../ui/said.tsx'
import { whyNot, whyNotUnlocked } from '../words.ts'
import { Deed } from './deed.tsx'
import type { PartProps } from './encryption.tsx'
import { askPassphrase } from './passphrase-dialog.tsx'

/** The ids of the passkeys that unlock; null where that asks for a proof which the session has not given of late. */
type Unlocking = ReadonlySet<string> | null
type Known = { passkeys: readonly Passkey[]; unlocking: Unlocking }

/** Lets passkeys unlock, so that a fingerprint or a face does what the passphrase does. */
export function Passkeys({ status: { biometricAvailable: someUnlock }, reload }: PartProps) {
  const known = useLoad(() => look(someUnlock), [someUnlock])
  const again = async (): Promise<void> => void (await Promise.all([reload(), known.reload()]))
  return (
    <section aria-labelledby="fingerprint">
      <h2 id="fingerprint">Fingerprint and face</h2>
      <p>
        A passkey can open your keys by one touch, where the device and the browser can do that. The passphrase goes on
        working.
      </p>
      <Loaded from={known}>
        {({ passkeys, unlocking }) => (
          <>
            {passkeys.length === 0 && <p class="quiet empty">You have no passkey yet.</p>}
            <ul class="things">
              {passkeys.map((passkey) => (
                <Row key={passkey.id} passkey={passkey} unlocking={unlocking} again={again} />
              ))}
            </ul>
            {unlocking === null && (
              <Deed label="Show which ones unlock" work={async () => (known.put(await tellAll(passkeys)), null)} />
            )}
            <Deed label="Add a passkey that unlocks" work={() => letUnlock(null, again)} />
          </>
        )}
      </Loaded>
    </section>
  )
}

function Row(props: { passkey: Passkey; unlocking: Unlocking; again: () => Promise<void> }) {
  const { passkey, unlocking, again } = props
  const { id, name, createdAt } = passkey
  const end = async (): Promise<null> => {
    await latchkey.encryption.removeBiometricKey(id)
    say(`${name} unlocks no more. It goes on signing you in.`)
    await again()
    return null
  }
  return (
    <li>
      <div>
        <p>
          <strong>{name}</strong>
        </p>
        <p class="quiet">
          {unlocking?.has(id)
            ? 'Signs you in and unlocks'
            : unlocking
              ? 'Signs you in'
              : 'Signs you in, and may unlock'}
          {`, added ${ago(new Date(createdAt))}`}
        </p>
      </div>
      {unlocking &&
        (unlocking.has(id) ? (
          <Deed label="No longer" about={name} kind="plain" work={end} />
        ) : (
          <Deed label="Let it unlock" about={name} kind="plain" work={() => letUnlock(passkey, again)} />
        ))}
    </li>
  )
}

async function look(someUnlock: boolean): Promise<Known> {
  const [passkeys, session] = await Promise.all([latchkey.devices(), latchkey.session()])
  if (!someUnlock) return { passkeys, unlocking: new Set() }
  // A page that is only looked at asks nobody for a proof.
  return session?.level === 'SESSION' ? { passkeys, unlocking: null } : tellAll(passkeys)
}

async function tellAll(passkeys: readonly Passkey[]): Promise<Known> {
  const { encryptionKeys } = await latchkey.request(EncryptionKeysDocument)
  const ids = (encryptionKeys?.slots ?? []).flatMap(({ passkeyId }) => passkeyId ?? [])
  return { passkeys, unlocking: new Set(ids) }
}

/** Lets a passkey unlock, a new one where none is named; gives what is amiss. */
async function letUnlock(passkey: Passkey | null, again: () => Promise<void>): Promise<string | null> {
  const passphrase = await askPassphrase({
    title: passkey ? `Let ${passkey.name} unlock` : 'Add a passkey that unlocks',
    words: 'Your passphrase opens the keys for it. Your browser then asks for the passkey, two or three times.',
  })
  if (passphrase === null) return null
  const named = passkey ? { passkeyId: passkey.id } : {}
  const outcome = await latchkey.encryption.storeBiometricKey({ passphrase, ...named })
  await again()
  if (outcome.kind === 'NotUsed') return whyNot(outcome.reason, { to: 'add' })
  if (outcome.kind === 'NoPrf') return whyNotUnlocked(outcome)
  say(`${outcome.passkey.name} unlocks from now on.`)
  return null
}
