import type { RotationProgress } from '../../client/index.ts'
import { latchkey } from '../latchkey.ts'
import { TaskForm } from '../ui/form.tsx'
import { say } from '../ui/said.tsx'
import { useTask } from '../ui/task.ts'

/** After an answer was lost: finds out whether the new keys are in force, and goes on from there. */
export function CutOff(props: {
  onProgress: (progress: RotationProgress) => void
  finished: () => void
  again: () => void
}) {
  const task = useTask(async () => {
    const { request } = await latchkey.encryption.recoveryStatus()
    if (request?.state !== 'COMPLETED') {
      props.again()
      say('Nothing was changed: the old keys are in force, and the codes that you saw last are void. Begin once more.')
      return
    }
    await latchkey.encryption.resumeRotation({ onProgress: props.onProgress })
    props.finished()
  })
  return (
    <>
      <p class="lead">
        Your new keys may be in force already, or the old ones still. <strong>Keep both:</strong> the old codes and the
        new ones, and the new passphrase.
      </p>
      <p>Once you are connected, look which it is. If the new ones are in force, it goes on by itself.</p>
      <TaskForm task={task} label="Look, and go on" working="Looking" />
    </>
  )
}
