import { MAX_ENVELOPE_LETTERS } from '../../shared/encryption/envelopes.ts'
import { LatchkeyError } from '../errors.ts'

/** A value as the JSON that is encrypted. BAD_INPUT for what JSON cannot hold: undefined, a function, a circle. */
export function jsonOf(value: unknown): string {
  const json = stringified(value)
  if (json === undefined) throw new LatchkeyError('BAD_INPUT', 'value: JSON cannot hold it.', { field: 'value' })
  if (json.length > MAX_ENVELOPE_LETTERS) throw tooLarge() // encrypted it is larger still
  return json
}

export const tooLarge = () =>
  new LatchkeyError('TOO_LARGE', `value: it makes more than ${MAX_ENVELOPE_LETTERS} characters once it is encrypted.`, {
    field: 'value',
    limit: MAX_ENVELOPE_LETTERS,
  })

// The types say that a text always comes; for undefined and functions none does.
function stringified(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
