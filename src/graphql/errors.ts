import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { ExecutionResult } from 'graphql'
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
export function maskError(services: Services, error: unknown): GraphQLError {
  const { log } = services
  const refusal = refusalIn(services, error)
  if (refusal) return refusal
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error
  if (isDatabaseAway(cause) || cause instanceof LimiterUnavailableError) {
    log.warn('graphql.unavailable', { error: cause })
    return located(
      error,
      new AppError(
        'UNAVAILABLE',
        'Something that the server leans on is away. Try again; after a change, read first whether it was made.',
      ),
    )
  }
  const errorId = randomUUID()
  log.error('graphql.unexpected', { errorId, error: cause })
  return new GraphQLError('Unexpected error.', {
    ...placeOf(error),
    extensions: { code: 'INTERNAL' satisfies ErrorCode, errorId, ...(!hasRun(error) && { http: { status: 500 } }) },
  })
}

/** Gives the faults of parsing and validation their stable codes. */
export function codedErrors(services: Services): Plugin {
  const { metrics } = services
  const count = ({ errors = [] }: ExecutionResult): void => {
    for (const error of errors) {
      const code = codeOf(error)
      if (code) metrics.refused(code)
    }
  }
  return {
    onParse:
      () =>
      ({ result, replaceParseResult }) => {
        if (result instanceof GraphQLError) replaceParseResult(withCode(services, result, 'GRAPHQL_PARSE_FAILED'))
      },
    onValidate:
      () =>
      ({ result, setResult }) => {
        if (result.length > 0) setResult(result.map((error) => withCode(services, error, 'GRAPHQL_VALIDATION_FAILED')))
      },
    onExecute: () => ({
      onExecuteDone({ result }) {
        if ('errors' in result) count(result)
      },
    }),
    onSubscribe: () => ({
      onSubscribeResult({ result }) {
        if (!(Symbol.asyncIterator in result)) return count(result)
        return { onNext: ({ result: part }) => count(part) }
      },
    }),
  }
}

// The limits on documents, ours and graphql-js' own, speak in messages alone.
const DOCUMENT_LIMIT =
  /^(Syntax Error: )?((Token|Aliases|Directives|Query depth|Query Cost) limit of \d+ exceeded|Maximum introspection depth|Validation aborted)/

// A message may quote what was sent, and what was sent may be long and quoted in a hundred messages.
const LONGEST_MESSAGE = 500

function withCode(services: Services, error: GraphQLError, code: ErrorCode): GraphQLError {
  if (codeOf(error)) return error
  const refused = DOCUMENT_LIMIT.test(error.message)
  return new GraphQLError(messageOf(services, error, refused), {
    ...placeOf(error),
    extensions: { ...error.extensions, code: refused ? 'QUERY_REFUSED' : code },
  })
}

function messageOf({ config }: Services, { message }: GraphQLError, refused: boolean): string {
  const plain = refused ? message.replace('Syntax Error: ', '') : message
  // A name put right would tell of a schema that may not be asked for.
  const told = config.introspection ? plain : plain.replace(/ Did you mean .*\?$/s, '')
  return told.length > LONGEST_MESSAGE ? `${told.slice(0, LONGEST_MESSAGE)}...` : told
}

function refusalIn(services: Services, error: unknown): GraphQLError | null {
  if (!(error instanceof GraphQLError)) return null
  const root = rootOf(error)
  if (root instanceof AppError) return located(error, root)
  if (!(root instanceof GraphQLError) || !speaksOfDocument(error, root)) return null
  return located(error, withCode(services, error, 'BAD_INPUT'))
}

// An error under a path was thrown by a resolver, unless it points into the document, as graphql-js does for arguments.
function speaksOfDocument(error: GraphQLError, root: GraphQLError): boolean {
  return error.path === undefined || (root !== error && root.nodes !== undefined)
}

function rootOf(error: GraphQLError): Error {
  const { originalError } = error
  return originalError instanceof GraphQLError ? rootOf(originalError) : (originalError ?? error)
}

function located(error: unknown, refusal: GraphQLError): GraphQLError {
  const http = refusal.extensions['code'] === 'UNAVAILABLE' ? { status: 503 } : hasRun(error) ? null : NOT_RUN
  return new GraphQLError(refusal.message, {
    ...placeOf(error),
    extensions: { ...(http && { http }), ...refusal.extensions },
  })
}

// A bad request, where the caller takes more than 200 (application/graphql-response+json).
const NOT_RUN = { spec: true, status: 400 }

function hasRun(error: unknown): boolean {
  return error instanceof GraphQLError && error.path !== undefined
}

function placeOf(error: unknown) {
  if (!(error instanceof GraphQLError)) return {}
  return {
    nodes: error.nodes ?? null,
    path: error.path ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
  }
}

function codeOf(error: GraphQLError): ErrorCode | null {
  const { code } = error.extensions
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : null // a key of the list, as just checked
}
