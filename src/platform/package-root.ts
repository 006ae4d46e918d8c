import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds this package's package.json, found from the sources as well as from the built server. */
export function packageRoot(folder = path.dirname(fileURLToPath(import.meta.url))): string {
  if (isOurs(path.join(folder, 'package.json'))) return folder
  const parent = path.dirname(folder)
  if (parent === folder) throw new Error('No folder above this file holds the package.json of latchkey.')
  return packageRoot(parent)
}

function isOurs(file: string): boolean {
  if (!fs.existsSync(file)) return false
  const content: unknown = JSON.parse(fs.readFileSync(file, 'utf8'))
  return typeof content === 'object' && content !== null && 'name' in content && content.name === 'latchkey'
}
