import type { ComponentProps } from 'preact'
import { TaskButton } from '../ui/form.tsx'
import { say } from '../ui/said.tsx'
import { useTask } from '../ui/task.ts'

type Props = Omit<ComponentProps<typeof TaskButton>, 'task'> & { work: () => Promise<string | null> }

/** A button whose work may end in words of its own: what it gives is said beside the button, null where nothing is amiss. */
export function Deed({ work, working = 'Just a moment', kind = 'second', ...button }: Props) {
  const task = useTask(async () => {
    say('') // of what was done before
    const amiss = await work()
    if (amiss !== null) task.complain(amiss)
  })
  return <TaskButton task={task} working={working} kind={kind} {...button} />
}
