import { randomBytes } from 'node:crypto'
import {
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { MasterKey } from './keyring.ts'

const KEY_BYTES = 32
// 32 random bytes hold about 30 different ones. Fewer than this is a pattern: zeros, or a text repeated.
const FEWEST_DIFFERENT_BYTES = 12
const DEVELOPMENT_KEY_FILE = 'development-master-keys'

/**
 * Reads `id:key,id2:key2`, each key 32 bytes in base64url, the current one first. Throws an Error that says what is
 * wrong with which key, by its place, and never shows one.
 */
export function parseMasterKeys(text: string): MasterKey[] {
  const keys = text.split(',').map((entry, index) => parseMasterKey(entry.trim(), index + 1))
  if (new Set(keys.map((key) => key.id)).size < keys.length) throw new Error('Two keys have the same id.')
  if (new Set(keys.map((key) => key.bytes.toString('hex'))).size < keys.length)
    throw new Error('The same key stands under two ids.')
  return keys
}

/**
 * The key of a development server: made at the first start, kept in the data folder for its owner alone. Processes
 * that start together get the same key, and one that dies on the way leaves a whole key or none.
 */
export function developmentMasterKeys(dataDir: string): MasterKey[] {
  const file = join(dataDir, DEVELOPMENT_KEY_FILE)
  const kept = readIfThere(file)
  if (kept !== null) return parseKept(kept, file)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  placeOnce(file, `development:${randomBytes(KEY_BYTES).toString('base64url')}\n`)
  return parseKept(readFileSync(file, 'utf8'), file)
}

function parseMasterKey(entry: string, place: number): MasterKey {
  const [id, encoded, ...rest] = entry.split(':')
  if (!id || !encoded || rest.length > 0) throw new Error(`Key ${place} is not of the form id:key.`)
  // The id stands between dots in what the key seals.
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(id)) {
    throw new Error(`The id of key ${place} is not one to 32 letters, digits, - or _.`)
  }
  const bytes = Buffer.from(encoded, 'base64url')
  if (bytes.toString('base64url') !== encoded)
    throw new Error(`Key ${place} is not base64url (A-Z a-z 0-9 - _, without =).`)
  if (bytes.length !== KEY_BYTES) throw new Error(`Key ${place} has ${bytes.length} bytes; a key has ${KEY_BYTES}.`)
  if (new Set(bytes).size < FEWEST_DIFFERENT_BYTES) throw new Error(`Key ${place} is not random.`)
  return { id, bytes }
}

function parseKept(text: string, file: string): MasterKey[] {
  try {
    return parseMasterKeys(text.trim())
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    throw new Error(
      `The development key in ${file} cannot be used. ${reason} Restore the file; without it, what it sealed is lost.`,
    )
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

// A link appears with its whole content or not at all, and only the first of two makes it.
function placeOnce(file: string, text: string): void {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    writeWhole(draft, text)
    try {
      linkSync(draft, file)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return
      // A file system without hard links.
      copyExclusively(draft, file)
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

function writeWhole(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function copyExclusively(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
