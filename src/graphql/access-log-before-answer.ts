import type { Plugin } from 'graphql-yoga'
import type { Context } from '../context.ts'
import type { Services } from '../services.ts'
import { maskError } from './errors.ts'
import { rateLimitHeaders } from '../schema/rate-limit.ts'

/**
 * Commits the log of what a request read before its answer is sent. An answer whose log cannot be written is not
 * given. The limits' headers go out with it. Of a stream each part is an answer.
 */
export function accessLogBeforeAnswer(services: Services): Plugin<Context> {
  return {
    onExecute: ({ args }) => {
      const context = args.contextValue
      return {
        async onExecuteDone({ setResult }) {
          context.setHeaders(rateLimitHeaders(context.limitsTaken))
          try {
            await context.accessLog.flush()
          } catch (error) {
            setResult({ data: null, errors: [maskError(services, error)] })
          }
        },
      }
    },
    onSubscribe: ({ args }) => {
      const context = args.contextValue
      return {
        onSubscribeResult() {
          context.setHeaders(rateLimitHeaders(context.limitsTaken))
          return {
            async onNext({ setResult }) {
              try {
                await context.accessLog.flush()
              } catch (error) {
                setResult({ data: null, errors: [maskError(services, error)] })
              }
            },
          }
        },
      }
    },
  }
}
