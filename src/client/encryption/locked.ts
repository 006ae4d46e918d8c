import { LatchkeyError } from '../errors.ts'

/** The refusal of what needs keys that are not at hand. */
export const locked = () =>
  new LatchkeyError('ENCRYPTION_LOCKED', 'The keys are locked, or were locked meanwhile. Unlock, then ask again.')
