import { ago, dateAndTime } from '../times.ts'
import { useRef, useState } from 'preact/hooks'
import { isPasskeySupported, type Passkey, type SecurityDevices, type User } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { ActionButton, TaskForm } from '../ui/form.tsx'
import { Loaded, useLoad } from '../ui/load.tsx'
import { say } from '../ui/said.tsx'
import { useTask } from '../ui/task.ts'
import { whyNot } from '../words.ts'
import { endOthers } from './end-others.ts'
import { AccountFrame } from './frame.tsx'
import { removePasskey } from './remove-passkey.ts'
import { RenameDialog } from './rename-dialog.tsx'
import { Section } from './section.tsx'
import { useNews } from './use-news.ts'

/** By what the person can sign in: mail, and passkeys to add, name and remove. */
export function WaysIn() {
  return <AccountFrame title="Ways in">{(user) => <Ways user={user} />}</AccountFrame>
}

function Ways({ user }: { user: User }) {
  const devices = useLoad(() => latchkey.securityDevices())
  const [isOffered, setOffered] = useState(false)
  useNews(devices.reload)
  const changed = async (): Promise<void> => {
    await devices.reload()
    setOffered(true)
  }
  return (
    <>
      <p class="lead">By these you can sign in. Two are better than one, and mail always works.</p>
      <Loaded from={devices}>
        {(loaded) => (
          <>
            {isOffered && loaded.sessions.length > 1 && <EndOthersOffer done={() => setOffered(false)} />}
            <Section title="Mail">
              <ul class="things">
                <li>
                  <div>
                    <p class="thing-title">{user.email}</p>
                    <p class="quiet">A link and a code, each good once, for ten minutes. It cannot be switched off.</p>
                  </div>
                </li>
              </ul>
            </Section>
            <Passkeys devices={loaded} reload={devices.reload} changed={changed} />
          </>
        )}
      </Loaded>
    </>
  )
}

function EndOthersOffer({ done }: { done: () => void }) {
  return (
    <div class="note offer">
      <p>A way into your account has changed. Is somebody signed in elsewhere whom you do not know?</p>
      <div class="row">
        <ActionButton
          label="Sign out everywhere else"
          working="Signing out"
          work={async () => {
            if (await endOthers()) done()
          }}
        />
        <a href="/account/sessions">Look at the sessions</a>
        <button type="button" class="plain" onClick={done}>
          Leave them
        </button>
      </div>
    </div>
  )
}

type Changes = { reload: () => Promise<void>; changed: () => Promise<void> }

function Passkeys({ devices, reload, changed }: { devices: SecurityDevices } & Changes) {
  const { passkeys, passkeysLeft } = devices
  const title = useRef<HTMLHeadingElement>(null)
  const add = useTask(async (): Promise<void> => {
    const outcome = await latchkey.registerPasskey()
    if (outcome.kind === 'NotUsed') return add.complain(whyNot(outcome.reason, { to: 'add' }))
    await changed()
    const unlocks = outcome.canUnlock ? ' It can also unlock encrypted data, once you allow it under Encryption.' : ''
    say(`“${outcome.passkey.name}” can sign you in from now on. A link by mail goes on working.${unlocks}`)
  })
  const hint = hintFor(passkeysLeft)
  return (
    <Section title="Passkeys" titleRef={title}>
      {passkeys.length === 0 && (
        <p class="quiet empty">
          None yet. A passkey is your fingerprint, your face or a security key: faster than mail, and nobody can trick
          it out of you.
        </p>
      )}
      <ul class="things">
        {passkeys.map((passkey) => (
          <PasskeyItem
            key={passkey.id}
            passkey={passkey}
            reload={reload}
            changed={async () => {
              await changed()
              title.current?.focus()
            }}
          />
        ))}
      </ul>
      {hint === '' ? (
        <TaskForm task={add} label="Add a passkey" working="Waiting for your device" />
      ) : (
        <p class="hint">{hint}</p>
      )}
    </Section>
  )
}

function hintFor(passkeysLeft: number): string {
  if (!isPasskeySupported()) return 'This browser cannot make passkeys. Open this page in another one to add some.'
  return passkeysLeft === 0 ? 'Five passkeys are as many as an account may have. Remove one to add another.' : ''
}

function PasskeyItem({ passkey, reload, changed }: { passkey: Passkey } & Changes) {
  const { name, createdAt, lastUsedAt } = passkey
  const [isRenaming, setRenaming] = useState(false)

  async function remove(): Promise<void> {
    if (!(await removePasskey(passkey))) return
    await changed()
    say(`“${name}” is removed. A link by mail goes on working.`)
  }

  return (
    <li>
      <div>
        <p class="thing-title">{name}</p>
        <p class="quiet">{reachOf(passkey)}</p>
        <p class="quiet">
          {`Added ${dateAndTime(new Date(createdAt))}, ${lastUsedAt ? `last used ${ago(new Date(lastUsedAt))}` : 'not used yet'}.`}
        </p>
      </div>
      <div class="row">
        <button type="button" class="plain" aria-label={`Rename: ${name}`} onClick={() => setRenaming(true)}>
          Rename
        </button>
        <ActionButton label="Remove" working="Removing" about={name} work={remove} />
      </div>
      {isRenaming && <RenameDialog passkey={passkey} renamed={reload} close={() => setRenaming(false)} />}
    </li>
  )
}

function reachOf({ deviceType, backedUp }: Passkey): string {
  if (deviceType === 'SINGLE_DEVICE') return 'It stays on the one device that made it, and is lost with that.'
  return backedUp
    ? 'Its provider syncs it between your devices, so that it survives the loss of one.'
    : 'Its provider can sync it between your devices, but kept no copy when it was last used.'
}
