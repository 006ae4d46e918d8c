import { useId } from 'preact/hooks'
import type { RotationProgress } from '../../client/index.ts'

/** How far it is that what is stored is encrypted with the new keys. */
export function Reencrypting({ progress: { done, total } }: { progress: RotationProgress }) {
  const id = useId()
  return (
    <>
      <p class="lead">
        Your new passphrase and codes are in force. What you have saved is locked with the new keys now.
      </p>
      <div class="progress">
        <label for={id}>
          {done} of {total} encrypted anew
        </label>
        <progress id={id} max={Math.max(1, total)} value={total === 0 ? 1 : done} />
      </div>
      <p class="quiet">Keep this page open. If it is closed, any device that you unlock goes on.</p>
    </>
  )
}
