import { Problem } from '../ui/form.tsx'
import { say } from '../ui/said.tsx'
import { useTask } from '../ui/task.ts'

const CLASSES = { main: '', second: 'second', plain: 'plain', danger: 'danger' } as const

/**
 * A button whose work may end in words of its own: what it gives is said beside the button, null where nothing is amiss.
 * `about` names what it is done to, for readers.
 */
export function Deed(props: {
  label: string
  working?: string
  about?: string
  kind?: keyof typeof CLASSES
  work: () => Promise<string | null>
}) {
  const { label, working = 'Just a moment', about, kind = 'second', work } = props
  const task = useTask(async () => {
    say('') // of what was done before
    const amiss = await work()
    if (amiss !== null) task.complain(amiss)
  })
  return (
    <div class="action deed">
      <button
        type="button"
        class={CLASSES[kind]}
        aria-disabled={task.isRunning || task.isWaiting}
        aria-label={about === undefined ? undefined : `${label}: ${about}`}
        onClick={() => void task.run()}
      >
        {task.isRunning ? working : label}
      </button>
      <Problem text={task.problem} />
    </div>
  )
}
