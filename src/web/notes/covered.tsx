import { latchkey } from '../latchkey.ts'
import { ActionButton } from '../ui/form.tsx'
import { mayLeave } from '../ui/leaving.ts'
import { unlocks } from '../unlock.tsx'
import { dropDraft, uncover } from './draft.ts'
import { PaneHeading } from './pane-heading.tsx'

/** Stands in for a text that was being written when the keys were locked. */
export function Covered({ onLeft }: { onLeft: () => void }) {
  async function letGo(): Promise<void> {
    if (!(await mayLeave())) return
    dropDraft()
    onLeft()
  }
  return (
    <>
      <PaneHeading>Your encrypted data is locked</PaneHeading>
      <p>
        What you were writing is not saved yet, and out of sight. Unlock to go on where you were. Once this tab is
        closed or you sign out, it is gone.
      </p>
      <div class="buttons">
        <ActionButton label="Unlock" working="Unlocking" kind="main" work={unlock} />
        <ActionButton label="Let go of the text" work={letGo} />
      </div>
    </>
  )
}

async function unlock(): Promise<void> {
  // Switched off on another device meanwhile, there is nothing to unlock by.
  const { enabled } = await latchkey.encryption.status()
  if (!enabled) uncover()
  else await unlocks.ask({ reason: 'LOCKED', service: latchkey.encryption }) // what the keys open is shown as they open
}
