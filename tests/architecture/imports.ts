import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** One import line: who imports what. `to` is a path below src, or the name of a package. */
export type Arrow = { from: string; to: string; isPackage: boolean; typeOnly: boolean }

const SRC = 'src'

/** Every source file below src that people wrote, by its path there. */
export function sourceFiles(): { path: string; text: string }[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/(^|\/)generated\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))
}

// import x from '...', import '...', export ... from '...', import('...'), import.meta.resolve stays out.
const IMPORT =
  /^(?:import|export)\s+(?<clause>(?:type\s+)?[\w*{][^'"`;]*?)\s+from\s+['"](?<from>[^'"]+)['"]|^import\s+['"](?<bare>[^'"]+)['"]|(?<keyword>typeof\s+)?import\(\s*['"](?<dynamic>[^'"]+)['"]\s*\)/gm

/** All import lines of src. */
export function arrows(): Arrow[] {
  return sourceFiles().flatMap(({ path, text }) =>
    [...text.matchAll(IMPORT)].map(({ groups = {} }) => {
      const specifier = groups['from'] ?? groups['bare'] ?? groups['dynamic'] ?? ''
      const isPackage = !specifier.startsWith('.')
      const to = isPackage ? specifier : normalize(join(dirname(path), specifier))
      return { from: path, to, isPackage, typeOnly: isTypeOnly(groups['clause']) || groups['keyword'] !== undefined }
    }),
  )
}

function isTypeOnly(clause: string | undefined): boolean {
  if (clause === undefined) return false
  if (/^type\s/.test(clause)) return true
  const names = /^\{([^}]*)\}$/
    .exec(clause.trim())?.[1]
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type '))
}
