import { useId } from 'preact/hooks'
import type { EncryptionBenefits } from '../../client/index.ts'
import { useTask } from '../ui/task.ts'
import type { StepProps } from './key-steps.tsx'
import { StepFrame } from './step-frame.tsx'

/** Says what is protected, what is not, and what is lost when every way in is lost. */
export function Explain({ benefits, answer, ...step }: StepProps<boolean> & { benefits: EncryptionBenefits }) {
  const task = useTask(async () => answer(true))
  return (
    <StepFrame
      step={step}
      task={task}
      label="I understand, go on"
      lead="Encryption locks what you write before it leaves this device. Read what that means before you begin; it takes about three minutes, and you need something to write with."
    >
      <div class="benefits">
        <Points title="What it protects" points={benefits.protects} />
        <Points title="What it does not" points={benefits.doesNotProtect} />
        <Points title="What can be lost" points={benefits.lost} isWarning />
      </div>
    </StepFrame>
  )
}

function Points(props: { title: string; points: readonly string[]; isWarning?: boolean }) {
  const { title, points, isWarning = false } = props
  const id = useId()
  return (
    <section class={isWarning ? 'note' : undefined} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <ul>
        {points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </section>
  )
}
