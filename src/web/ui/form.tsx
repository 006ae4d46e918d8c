import type { ComponentChildren, Ref } from 'preact'
import { useId } from 'preact/hooks'
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

type FieldProps = {
  label: string
  value: string
  onValue: (value: string) => void
  /** What of the typed text is kept. */
  clean?: (typed: string) => string
  hint?: ComponentChildren
  isInvalid?: boolean
  inputRef?: Ref<HTMLInputElement>
  class?: string
  type?: 'text' | 'email' | 'password' | 'search'
  name?: string
  /** The tokens of HTML's autofill: 'username webauthn'. */
  autoComplete?: string
  inputMode?: 'numeric'
  autoCapitalize?: 'none'
  spellcheck?: boolean
  placeholder?: string
  maxLength?: number
}

/** A field of one line, with its label and a hint. */
export function Field({
  label,
  value,
  onValue,
  clean = (typed) => typed,
  hint,
  isInvalid = false,
  inputRef,
  type = 'text',
  ...input
}: FieldProps) {
  const id = useId()
  const textType = type as 'text' // Preact's types tell inputs apart by it; what is set here each of these takes
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...input}
        id={id}
        type={textType}
        {...(inputRef && { ref: inputRef })}
        value={value}
        aria-invalid={isInvalid || undefined}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={({ currentTarget: input }) => {
          const kept = clean(input.value)
          // Where the value stays what it was, nothing is rendered that would take the rest out of the field.
          if (kept !== input.value) input.value = kept
          onValue(kept)
        }}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** A text of several lines. */
export function TextField(props: {
  label: string
  value: string
  onValue: (value: string) => void
  hint?: ComponentChildren
  rows?: number
}) {
  const id = useId()
  const { label, value, onValue, hint, rows = 6 } = props
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** A box to tick. */
export function Check(props: {
  label: string
  checked: boolean
  onChecked: (checked: boolean) => void
  hint?: string
}) {
  const id = useId()
  const { label, checked, onChecked, hint } = props
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={checked}
          aria-describedby={hint === undefined ? undefined : id}
          onChange={(event) => onChecked(event.currentTarget.checked)}
        />
        <span>{label}</span>
      </label>
      {hint !== undefined && (
        <p class="hint" id={id}>
          {hint}
        </p>
      )}
    </>
  )
}

/** Six digits, typed or pasted with spaces around and between; `onComplete` is called with the sixth. */
export function CodeField(props: {
  value: string
  onValue: (value: string) => void
  onComplete: () => void
  isInvalid: boolean
  inputRef?: Ref<HTMLInputElement>
  hint?: ComponentChildren
}) {
  const { value, onValue, onComplete, ...rest } = props
  return (
    <Field
      {...rest}
      label="Six-digit code"
      class="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellcheck={false}
      placeholder="······"
      value={value}
      clean={(typed) => typed.normalize('NFKC').replace(/\D/g, '').slice(0, 6)}
      onValue={(digits) => {
        onValue(digits)
        if (digits.length === 6 && digits !== value) queueMicrotask(onComplete)
      }}
    />
  )
}
