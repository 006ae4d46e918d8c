import { createRequire } from 'node:module'
import pino from 'pino'
import type { Config } from '../config.ts'
import { loggable, loggableText } from './loggable.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** What belongs to an event. Secrets in it are struck out, but better left away. */
export type LogFields = Readonly<Record<string, unknown>>

/** The server's log: one line for each event, named 'noun.whatHappened'. Never throws. */
export type Log = Record<Level, (event: string, fields?: LogFields) => void> & {
  /** A log that adds these fields to each of its events. */
  child(fields: LogFields): Log
}

/** Where lines go: called once for each, with its line break. */
export type LogDestination = { write(line: string): unknown }

const LONGEST_EVENT = 200
// The line's own keys, which fields cannot take.
const RESERVED = new Set(['time', 'level', 'event'])

/**
 * Opens the log: a JSON line for each event (time, level, event, fields), or a readable one where `pretty` asks for it.
 * Lines are written before the call returns, so that an exit loses none.
 */
export function openLog(settings: Config['log'], destination?: LogDestination): Log {
  const lines = destination ?? pino.destination({ dest: 1, sync: true })
  const isTerminal = destination === undefined && process.stdout.isTTY
  const logger = pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      // Errors were written out already.
      serializers: { err: (value: unknown) => value },
    },
    settings.level !== 'silent' && settings.pretty ? readable(lines, isTerminal) : lines,
  )
  return logOver(logger, {})
}

/** A log that says nothing. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLog }

function logOver(logger: pino.Logger, bound: LogFields): Log {
  const write =
    (level: Level) =>
    (event: string, fields: LogFields = {}): void => {
      if (!logger.isLevelEnabled(level)) return
      try {
        logger[level]({ event: loggableText(event, LONGEST_EVENT), ...bound, ...lineFields(fields) })
      } catch {
        // A log that cannot be written must not stop what it tells of.
      }
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => logOver(logger, { ...bound, ...lineFields(fields) }),
  }
}

function lineFields(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(loggable(fields)).map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, value]),
  )
}

// Called for each line instead of piped through, so that it is written at once. Loaded only where it is used.
function readable(lines: LogDestination, colorize: boolean): LogDestination {
  // The package's own types, as an import would give them.
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty')
  const format = pretty.prettyFactory({
    colorize,
    messageKey: 'event',
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  })
  return { write: (line) => lines.write(format(line)) }
}

function nothing(): void {}
