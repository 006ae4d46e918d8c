import type { Ref } from 'preact'
import { Field } from '../ui/fields.tsx'
import './key-steps.css'

/** A field for one of the recovery codes, as they stand on paper. */
export function RecoveryCodeField(props: {
  label: string
  value: string
  onValue: (value: string) => void
  isInvalid: boolean
  hint?: string
  inputRef?: Ref<HTMLInputElement>
}) {
  return (
    <Field
      {...props}
      class="recovery-code"
      autoComplete="off"
      autoCapitalize="none"
      spellcheck={false}
      placeholder="XXXX-XXXX-XXXX-XXXX-XXXX-XXXX"
    />
  )
}
