import type { DocumentNode } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Context } from '../context.ts'
import type { Services } from '../services.ts'

/** Counts and times each operation by its kind and outcome. Its name is the caller's word, so it labels nothing. */
export function measured({ metrics }: Services): Plugin<Context> {
  return {
    onExecute: ({ args }) => {
      const startedAt = performance.now()
      return {
        onExecuteDone({ result }) {
          const { definitions }: DocumentNode = args.document
          const definition = definitions.find((node) => node.kind === 'OperationDefinition')
          const failed = 'errors' in result && (result.errors?.length ?? 0) > 0
          metrics.graphqlOperation(
            definition?.operation ?? 'query',
            failed ? 'errors' : 'ok',
            (performance.now() - startedAt) / 1_000,
          )
        },
      }
    },
    // How long it takes to begin: a stream lasts as long as its reader likes.
    onSubscribe: () => {
      const startedAt = performance.now()
      return {
        onSubscribeResult({ result }) {
          const outcome = Symbol.asyncIterator in result ? 'ok' : 'errors'
          metrics.graphqlOperation('subscription', outcome, (performance.now() - startedAt) / 1_000)
        },
      }
    },
  }
}
