import type { ComponentChildren, Ref } from 'preact'
import { useId } from 'preact/hooks'

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
