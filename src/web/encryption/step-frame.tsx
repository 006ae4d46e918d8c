import type { ComponentChildren } from 'preact'
import { TaskForm } from '../ui/form.tsx'
import type { Task } from '../ui/task.ts'
import type { StepProps } from './key-steps.tsx'

/** What each step has: where it stands among the others, its main button, and the way to call it off. */
export function StepFrame(props: {
  step: Omit<StepProps<never>, 'answer'>
  task: Task<void>
  label: string
  callOffLabel?: string
  lead: ComponentChildren
  children?: ComponentChildren
}) {
  const { step, task, label, callOffLabel = 'Call it off', lead, children } = props
  const { place, isWorking, callOff } = step
  return (
    <>
      {place !== null && <p class="quiet place">{place}</p>}
      <p class="lead">{lead}</p>
      <TaskForm
        task={{ ...task, isRunning: task.isRunning || isWorking }}
        label={label}
        working="Just a moment"
        class="step"
        beside={
          <button type="button" class="second" aria-disabled={isWorking} onClick={callOff}>
            {callOffLabel}
          </button>
        }
      >
        {children}
      </TaskForm>
    </>
  )
}
