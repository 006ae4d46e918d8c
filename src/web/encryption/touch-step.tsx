import { useTask } from '../ui/task.ts'
import type { StepProps } from './key-steps.tsx'
import { StepFrame } from './step-frame.tsx'

/** Asks whether a passkey that unlocks is at hand, to go on unlocking. */
export function TouchPasskey({ name, answer, ...step }: StepProps<boolean> & { name: string }) {
  const task = useTask(async () => answer(true))
  return (
    <StepFrame
      step={step}
      task={task}
      label="Use it now"
      callOffLabel="Leave it out"
      lead={
        <>
          The passkey <strong>{name}</strong> opens your keys today. To open the new ones it has to be used once, now.
          If it is lost or not at hand, leave it out: it goes on signing you in, and you can let it unlock again later.
        </>
      }
    />
  )
}
