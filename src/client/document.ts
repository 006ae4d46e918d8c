/**
 * The text of an operation, with the types of its answer and of its variables. At run time it is a string and nothing
 * else, so that no GraphQL parser is shipped to a browser.
 */
export type OperationText<TResult, TVariables> = string & { readonly __apiType?: (variables: TVariables) => TResult }

/** Joins an operation's text with the fragments that it uses. It neither reads nor checks what it joins. */
export function gql(texts: TemplateStringsArray, ...fragments: readonly string[]): string {
  return String.raw({ raw: texts }, ...fragments)
}
