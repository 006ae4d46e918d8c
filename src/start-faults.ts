import { ConfigError } from './config.ts'
import { MissingKeyError, WrongKeyError } from './platform/crypto/check-keys.ts'
import { DatabaseUnreachableError } from './platform/db/errors.ts'
import { GeographyError } from './platform/geography.ts'

const DATA_DIR = 'Give the folder that DATA_DIR names to the user that the server runs as, or name another one.'

/** What a start may meet on its machine, and what to do about it. */
const MENDING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'End the other process that listens there, or set PORT to another port.',
  EADDRNOTAVAIL: 'Set HOST to an address of this machine.',
  EACCES: `${DATA_DIR} A port below 1024 needs rights that a server should not have: set PORT=4000.`,
  EPERM: DATA_DIR,
  EROFS: DATA_DIR,
  ENOTDIR: DATA_DIR,
  EEXIST: DATA_DIR, // a file stands where the folder should
  ENOSPC: 'Make room on the disk.',
  SQLITE_CANTOPEN: DATA_DIR,
  SQLITE_READONLY: DATA_DIR,
  SQLITE_NOTADB: 'DATABASE_URL names a file that SQLite did not make. Name another one, or restore it.',
  SQLITE_CORRUPT: 'The file is damaged. Restore it from a backup.',
}

/** Why the server does not start, for whoever starts it: what is wrong and what mends it, or else the whole error. */
export function whyNotStarted(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (!(error instanceof Error)) return `Latchkey does not start: ${String(error)}`
  const tellsItself = error instanceof DatabaseUnreachableError || error instanceof GeographyError
  const mend = tellsItself ? error.mend : MENDING[codeOf(error)]
  if (mend !== undefined) return `Latchkey does not start. ${error.message}\n  mend: ${mend}`
  if (error instanceof WrongKeyError || error instanceof MissingKeyError)
    return `Latchkey does not start. ${error.message}`
  return `Latchkey does not start. ${error.stack ?? error.message}`
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
