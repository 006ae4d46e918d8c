import { useEffect, useRef, useState } from 'preact/hooks'
import { useTask } from '../ui/task.ts'
import type { StepProps } from './key-steps.tsx'
import { RecoveryCodeField } from './recovery-code-field.tsx'
import { StepFrame } from './step-frame.tsx'

type Props = StepProps<readonly string[] | null> & {
  positions: readonly number[]
  fault: { position: number } | undefined
}

/** Asks for two of the codes, so that nobody goes on without having kept them. */
export function TypeBack({ positions, fault, answer, ...step }: Props) {
  const [typed, setTyped] = useState<Readonly<Record<number, string>>>({})
  const wrong = useRef<HTMLInputElement>(null)
  const task = useTask(async () => answer(positions.map((position) => typed[position] ?? '')))
  useEffect(() => {
    if (!fault) return
    task.complain(
      `Code ${fault.position} is not as it was shown. Compare it letter by letter; dashes and capitals do not matter.`,
    )
    wrong.current?.focus()
  }, [fault])
  return (
    <StepFrame
      step={step}
      task={task}
      label="Check them"
      lead="Read these two from your paper, your print or your file. Nothing is changed before both are right."
    >
      {positions.map((position) => (
        <RecoveryCodeField
          key={position}
          label={`Code ${position}`}
          isInvalid={fault?.position === position && task.problem !== ''}
          {...(fault?.position === position && { inputRef: wrong })}
          value={typed[position] ?? ''}
          onValue={(value) => {
            task.complain('')
            setTyped({ ...typed, [position]: value })
          }}
        />
      ))}
    </StepFrame>
  )
}
