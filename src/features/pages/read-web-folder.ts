import fs from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../../platform/package-root.ts'

/** A file that the browser may ask for. Only what stands in the table is served, so no path can lead out of it. */
export type WebFile = { contentType: string; read: () => Promise<Buffer> }

export type WebFiles = {
  /** The page of that name, as text. */
  page(name: string): string
  /** By the path that the browser asks for. */
  assets: ReadonlyMap<string, WebFile>
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** dist/web, which `npm run build` makes. */
export const builtWebFolder = (): string => path.join(packageRoot(), 'dist', 'web')

/** Reads the names of the built files, and the pages. Large assets are read when they are asked for. */
export function readWebFolder(folder: string): WebFiles {
  if (!fs.existsSync(folder)) throw new Error('The pages are not built: dist/web is missing. Run "npm run build".')
  const names = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const assets = new Map<string, WebFile>()
  for (const { parentPath, name } of names) {
    const file = path.join(parentPath, name)
    const contentType = CONTENT_TYPES[path.extname(name)]
    const address = `/${path.relative(folder, file).split(path.sep).join('/')}`
    if (contentType) assets.set(address, { contentType, read: () => fs.promises.readFile(file) })
  }
  return { page: (name) => fs.readFileSync(path.join(folder, `${name}.html`), 'utf8'), assets }
}
