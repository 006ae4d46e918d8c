import { useEffect } from 'preact/hooks'
import type { EncryptionStatus } from '../../client/index.ts'
import { AccountFrame } from '../account/frame.tsx'
import { latchkey } from '../latchkey.ts'
import { Loaded, useLoad } from '../ui/load.tsx'
import { online } from '../ui/online.ts'
import { person } from '../viewer.ts'
import { ChangeKeys, UnfinishedRotation } from './change-keys.tsx'
import './encryption.css'
import { useKeySteps, type ShownSteps } from './key-steps.tsx'
import { OlderKeys, SwitchOff } from './last-resorts.tsx'
import { EncryptionOff } from './off.tsx'
import { Passkeys } from './passkeys.tsx'
import { PassphraseDialog } from './passphrase-dialog.tsx'
import { ChangePassphrase, NewCodes } from './secrets.tsx'
import { Standing } from './standing.tsx'
import { useTurning, type Turning } from './turning.tsx'

/** How the encryption of the account stands, and all that can be changed about it. */
export function Encryption() {
  // What one person was shown, such as codes, is not there for the next, in the same tab.
  return <EncryptionOfOne key={person.value} />
}

function EncryptionOfOne() {
  const steps = useKeySteps()
  const turning = useTurning()
  return (
    <AccountFrame title={turning.title ?? steps.title ?? 'Encryption'}>
      {() => (
        <>
          {turning.view ?? steps.view}
          {/* It stays beneath a step, which it began and will tell the end of. */}
          <div hidden={turning.view !== null || steps.view !== null}>
            <Page steps={steps} turning={turning} />
          </div>
          <PassphraseDialog />
        </>
      )}
    </AccountFrame>
  )
}

/** What each part of the page is given. */
export type PartProps = {
  status: EncryptionStatus
  /** Asks for the status anew. */
  reload: () => Promise<void>
  steps: ShownSteps
  turning: Turning
}

function Page({ steps, turning }: { steps: ShownSteps; turning: Turning }) {
  const { value: isOnline } = online
  const status = useLoad(() => latchkey.encryption.status())
  useEffect(() => {
    if (isOnline) return
    // Once the connection is back: a change of keys may have been cut off.
    return () => void status.reload().catch(() => undefined)
  }, [isOnline])
  return (
    <Loaded from={status}>
      {(value) => <Parts status={value} reload={status.reload} steps={steps} turning={turning} />}
    </Loaded>
  )
}

function Parts(part: PartProps) {
  if (!part.status.enabled) return <EncryptionOff {...part} />
  return (
    <div class="parts">
      <UnfinishedRotation {...part} />
      <Standing {...part} />
      <ChangePassphrase {...part} />
      <NewCodes {...part} />
      <Passkeys {...part} />
      <ChangeKeys {...part} />
      <OlderKeys />
      <SwitchOff {...part} />
    </div>
  )
}
