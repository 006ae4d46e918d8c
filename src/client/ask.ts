import type { OperationText } from './document.ts'
import type { Sender } from './send.ts'

/** Sends an operation, and gives all that was asked for or throws the first refusal. */
export type Ask = <TResult, TVariables>(
  document: OperationText<TResult, TVariables>,
  variables: TVariables,
  options?: { signal?: AbortSignal | undefined },
) => Promise<TResult>

export function askOver(sender: Sender): Ask {
  return async <TResult, TVariables>(
    document: OperationText<TResult, TVariables>,
    variables: TVariables,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ) => {
    const { data, errors } = await sender(document, variables, signal)
    if (errors[0]) throw errors[0]
    return data as TResult // the document's type was made from the schema that the server answers by
  }
}
