import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { AppError } from '../errors.ts'
import { isDatabaseAway } from '../platform/db/errors.ts'
import { LimiterUnavailableError } from '../platform/limits/limiter.ts'
import type { Services } from '../services.ts'
import { ERROR_CODES } from '../shared/error-codes.ts'
import type { ErrorCode } from '../shared/error-codes.ts'

/**
 * What a caller may see of an error: refusals as they are, the document's own faults as they are, and of everything
 * else an id that stands in the log beside what happened.
 */
export function maskError({ log, metrics }: Services, error: unknown): GraphQLError {
  const refusal = refusalIn(error)
  if (refusal) return refusal
  const cause = error instanceof GraphQLError ? error.originalError ?? error : error
  if (isDatabaseAway(cause) || cause instanceof LimiterUnavailableError) {
    log.warn('graphql.unavailable', { error: cause })
    return located(error, new AppError('UNAVAILABLE', 'Something that the server leans on is away. Nothing was done. Try again.'), 503)
  }
  const errorId = randomUUID()
  log.error('graphql.unexpected', { errorId, error: cause })
  metrics.refused('INTERNAL')
  return new GraphQLError('Unexpected error.', {
    ...placeOf(error),
    extensions: { code: 'INTERNAL' satisfies ErrorCode, errorId },
  })
}

/** Gives the faults of parsing and validation their stable codes. */
export function codedErrors({ metrics }: Services): Plugin {
  return {
    onParse: () => ({ result, replaceParseResult }) => {
      if (result instanceof GraphQLError) replaceParseResult(withCode(result, 'GRAPHQL_PARSE_FAILED') as never)
    },
    onValidate: () => ({ result, setResult }) => {
      if (result.length > 0) setResult(result.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')))
    },
    onExecute: () => ({
      onExecuteDone({ result }) {
        if (!('errors' in result)) return
        for (const error of result.errors ?? []) {
          const code = codeOf(error)
          if (code) metrics.refused(code)
        }
      },
    }),
  }
}

// The limits on documents, ours and graphql-js' own, speak in messages alone.
const DOCUMENT_LIMIT =
  /^(Syntax Error: )?((Token|Aliases|Directives|Query depth|Query Cost) limit of \d+ exceeded|Maximum introspection depth|Validation aborted)/

function withCode(error: GraphQLError, code: ErrorCode): GraphQLError {
  if (codeOf(error)) return error
  const refused = DOCUMENT_LIMIT.test(error.message)
  return new GraphQLError(refused ? error.message.replace('Syntax Error: ', '') : error.message, {
    ...placeOf(error),
    extensions: { ...error.extensions, code: refused ? 'QUERY_REFUSED' : code },
  })
}

function refusalIn(error: unknown): GraphQLError | null {
  if (error instanceof AppError) return error
  if (!(error instanceof GraphQLError)) return null
  const root = rootOf(error)
  if (root instanceof AppError) return located(error, root)
  return root instanceof GraphQLError && speaksOfDocument(error, root) ? badRequest(withCode(error, 'BAD_INPUT')) : null
}

// An error under a path was thrown by a resolver, unless it points at an argument in the document: graphql-js does that.
function speaksOfDocument(error: GraphQLError, root: GraphQLError): boolean {
  return error.path === undefined || (root !== error && root.nodes !== undefined)
}

function rootOf(error: GraphQLError): Error {
  const { originalError } = error
  return originalError instanceof GraphQLError ? rootOf(originalError) : (originalError ?? error)
}

// The status of a document that does not run, where the caller takes more than 200 (application/graphql-response+json).
function badRequest(error: GraphQLError): GraphQLError {
  if (error.path === undefined) error.extensions['http'] ??= { spec: true, status: 400 }
  return error
}

function located(error: unknown, refusal: AppError, status?: number): GraphQLError {
  return new GraphQLError(refusal.message, {
    ...placeOf(error),
    extensions: { ...refusal.extensions, ...(status && { http: { status } }) },
  })
}

function placeOf(error: unknown) {
  if (!(error instanceof GraphQLError)) return {}
  return { nodes: error.nodes ?? null, path: error.path ?? null, source: error.source ?? null, positions: error.positions ?? null }
}

function codeOf(error: GraphQLError): ErrorCode | null {
  const { code } = error.extensions
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : null // a key of the list, as just checked
}
