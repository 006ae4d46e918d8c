import type { ComponentChildren, Ref } from 'preact'
import { useTask, type Task } from './task.ts'

type Kind = 'main' | 'second' | 'plain' | 'danger'
const CLASSES: Readonly<Record<Kind, string>> = { main: '', second: 'second', plain: 'plain', danger: 'danger' }

/** A form of one task: what is between its fields and its button is what went wrong. */
export function TaskForm(props: {
  task: Task<void>
  label: string
  working: string
  kind?: Kind
  class?: string
  describedBy?: string
  buttonRef?: Ref<HTMLButtonElement>
  children?: ComponentChildren
  /** Beside the button. */
  beside?: ComponentChildren
}) {
  const { task, children, beside, class: named, ...button } = props
  return (
    <form
      noValidate
      class={named}
      onSubmit={(event) => {
        event.preventDefault()
        void task.run()
      }}
    >
      {children}
      <Problem text={task.problem} />
      <div class="buttons">
        <SubmitButton task={task} {...button} />
        {beside}
      </div>
    </form>
  )
}

/** The button that sends the form that it is in. `disabled` would take the focus away from under the reader. */
export function SubmitButton(props: {
  task: Pick<Task<never>, 'isRunning' | 'isWaiting'>
  label: string
  working: string
  kind?: Kind
  describedBy?: string | undefined
  buttonRef?: Ref<HTMLButtonElement>
}) {
  const { task, label, working, kind = 'main', describedBy, buttonRef } = props
  const isOff = task.isRunning || task.isWaiting
  return (
    <button
      type="submit"
      {...(buttonRef && { ref: buttonRef })}
      class={CLASSES[kind]}
      aria-disabled={isOff}
      aria-describedby={describedBy}
    >
      {task.isRunning ? working : label}
    </button>
  )
}

type ButtonProps = {
  label: string
  working?: string
  /** What it is done to, for readers. */
  about?: string
  kind?: Kind
}

/** A button that does its work by itself, and says beside it what fails. */
export function ActionButton({ work, ...button }: ButtonProps & { work: () => Promise<void> }) {
  const task = useTask<void>(work)
  return <TaskButton task={task} {...button} />
}

/** The button of a task, with what went wrong. */
export function TaskButton({ task, label, working, about, kind = 'plain' }: ButtonProps & { task: Task<void> }) {
  const isOff = task.isRunning || task.isWaiting
  return (
    <div class="action">
      <button
        type="button"
        class={CLASSES[kind]}
        aria-disabled={isOff}
        aria-label={about === undefined ? undefined : `${label}: ${about}`}
        onClick={() => void task.run()}
      >
        {task.isRunning ? (working ?? `${label} …`) : label}
      </button>
      <Problem text={task.problem} />
    </div>
  )
}

/** What went wrong, said to a reader as soon as it is there. */
export function Problem({ text }: { text: string }) {
  return (
    <p class="error" role="alert">
      {text}
    </p>
  )
}
