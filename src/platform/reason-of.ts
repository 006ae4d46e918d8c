import { loggableText } from './loggable.ts'

/** Why something on the network does not answer, in one line that holds no secret. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it does not answer.'
  // A host with several addresses fails with one error for each, and an empty message around them.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  return loggableText(first instanceof Error && first.message !== '' ? first.message : error.name, 300)
}
