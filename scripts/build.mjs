// Builds dist/ from the sources: the server and the SDK (ESM for Node), the pages (for the browser), and, when called
// as `npm run build`, the declarations of what the package exports. Does nothing when nothing has changed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const dist = path.join(root, 'dist')
const stampFile = path.join(dist, 'stamp')
const typesStampFile = path.join(dist, 'types', 'stamp')

/** Any of these changing makes dist out of date. src/generated follows from the schema, the generator and the lock file. */
const INPUTS = ['src', 'prisma', 'scripts', 'package-lock.json', 'tsconfig.json', 'tsconfig.browser.json']
const NOT_INPUTS = new Set(['src/generated', 'prisma/migrations', 'src/client/operations'])

/** The server's entry points, by the name that they have in dist. */
const SERVER_ENTRIES = {
  main: 'src/main.ts',
  app: 'src/app.ts',
  'doctor-main': 'src/doctor-main.ts',
  migrate: 'prisma/migrate.ts',
}

/** The SDK runs in browsers too: it is built by itself, and shares no file with the server. */
const CLIENT_ENTRIES = { 'client/index': 'src/client/index.ts' }

/** Whether the sources are here: an installed package has dist alone. */
export const hasSources = () => fs.existsSync(path.join(root, 'src', 'main.ts'))

/** Whether dist was made from the sources as they stand. */
export function isBuilt() {
  return readStamp(stampFile) === hashOfInputs()
}

/** Brings dist up to date, and tells whether there was anything to do. Processes that call it at once do no harm. */
export async function build() {
  const stamp = hashOfInputs()
  if (readStamp(stampFile) === stamp) return false
  const { generate } = await import('./generate.mjs')
  await generate()
  const { buildWeb } = await import('./build-web.mjs')
  const [server, web] = await Promise.all([buildServer(), buildWeb()])
  fs.rmSync(stampFile, { force: true }) // it comes back last: a build that is killed in between is done again
  replaceFolder(dist, server, ['web', 'types'])
  replaceFolder(path.join(dist, 'web'), web)
  fs.writeFileSync(stampFile, stamp)
  return true
}

/** What cannot be bundled: it is native, reads its own files, or starts a thread from one of them. */
const EXTERNAL = [
  'better-sqlite3',
  'pg-native',
  'pino',
  'pino-pretty',
  '@prisma/schema-engine-wasm',
  'esbuild',
  'prisma',
]

/**
 * esbuild's settings for the server. Dependencies go in, for a start from a handful of files takes half of the time of
 * one from a thousand; what is imported lazily stays lazy.
 */
const serverOptions = () => ({
  absWorkingDir: root,
  entryPoints: SERVER_ENTRIES,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: EXTERNAL,
  // What CommonJS dependencies count on.
  define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
  banner: {
    js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
  },
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'external',
  logLevel: 'silent',
  plugins: [graphqlAsModules],
})

// graphql comes as CommonJS and as modules. Bundled from CommonJS, each use of it goes through two getters, which costs
// a request several percent; and taking one form alone keeps its classes from existing twice.
const graphqlAsModules = {
  name: 'graphql-as-modules',
  setup(build) {
    const folder = path.join(root, 'node_modules', 'graphql')
    build.onResolve({ filter: /^graphql(\/.*)?$/ }, ({ path: name }) => {
      const file = name === 'graphql' ? 'index' : name.slice('graphql/'.length).replace(/\.m?js$/, '')
      const found = [`${file}.mjs`, `${file}/index.mjs`]
        .map((each) => path.join(folder, each))
        .find((each) => fs.existsSync(each))
      return found ? { path: found } : undefined
    })
  },
}

const clientOptions = () => ({
  ...serverOptions(),
  entryPoints: CLIENT_ENTRIES,
  platform: 'neutral',
  mainFields: ['module', 'main'], // zxcvbn names its modules so; a neutral platform reads neither by itself
  target: 'es2022',
  external: [],
  banner: {},
})

/** The Worker that holds the keys is one file without imports: it may then be served with `default-src 'none'`. */
const workerOptions = () => ({
  ...clientOptions(),
  entryPoints: { 'client/encryption-worker': 'src/client/encryption/encryption-worker.ts' },
  splitting: false,
  minify: true,
})

async function buildServer() {
  const esbuild = await import('esbuild')
  const built = await Promise.all(
    [serverOptions(), clientOptions(), workerOptions()].map((options) => esbuild.build({ ...options, write: false })),
  )
  const files = built.flatMap(({ outputFiles }) => outputFiles)
  return new Map(files.map((file) => [path.relative(dist, file.path), inAscii(file)]))
}

/**
 * The same in ASCII, for one other letter in a comment makes the engine keep the whole file at two bytes a letter: six
 * megabytes of the server's. esbuild has escaped what stands in strings; comments and regular expressions are left.
 */
function inAscii({ path: file, text, contents }) {
  if (!file.endsWith('.js')) return contents
  return text.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Writes the declarations of the package's exports to dist/types. It takes seconds, so a start does not wait for it. */
export function buildDeclarations() {
  const stamp = hashOfInputs()
  if (readStamp(typesStampFile) === stamp) return false
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  fs.rmSync(path.dirname(typesStampFile), { recursive: true, force: true })
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error('The declarations could not be made: see the errors above.')
  fs.writeFileSync(typesStampFile, stamp)
  return true
}

/** Each file is put in place by a rename, so that no reader meets half of one; then what is left over goes. */
export function replaceFolder(folder, files, keep = []) {
  for (const [name, contents] of files) {
    const file = path.join(folder, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(`${file}.${process.pid}.next`, contents)
    fs.renameSync(`${file}.${process.pid}.next`, file)
  }
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const name = path.relative(folder, path.join(entry.parentPath, entry.name))
    const stays =
      files.has(name) || entry.isDirectory() || name.endsWith('.next') || keep.includes(name.split(path.sep)[0])
    if (!stays) fs.rmSync(path.join(folder, name), { force: true })
  }
}

function hashOfInputs() {
  const hash = createHash('sha256')
  for (const input of INPUTS) {
    for (const file of filesOf(input)) hash.update(`\n${file}\n`).update(fs.readFileSync(path.join(root, file)))
  }
  return hash.digest('hex')
}

/** A text that changes when an input is written. Cheap enough to be asked for a few times a second. */
export function traceOfInputs() {
  const traces = INPUTS.flatMap(filesOf).map((file) => {
    const { mtimeMs, size } = fs.statSync(path.join(root, file), { throwIfNoEntry: false }) ?? {}
    return `${file} ${mtimeMs} ${size}`
  })
  return traces.join('\n')
}

function filesOf(name) {
  const stats = fs.statSync(path.join(root, name), { throwIfNoEntry: false })
  if (!stats) return []
  if (!stats.isDirectory()) return [name]
  return fs
    .readdirSync(path.join(root, name))
    .sort()
    .map((entry) => `${name}/${entry}`)
    .filter((entry) => !NOT_INPUTS.has(entry))
    .flatMap(filesOf)
}

function readStamp(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** `node scripts/build.mjs`: everything. With --for-start only what a start needs, and nothing said of it. */
async function runAsCommand() {
  const start = performance.now()
  const built = await build()
  if (process.argv.includes('--for-start')) return
  const declared = buildDeclarations()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(built || declared ? `Built in ${seconds} seconds.` : 'The build is up to date.')
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  await runAsCommand().catch((error) => {
    console.error(error.message)
    if (error.code === 'ERR_MODULE_NOT_FOUND')
      console.error('Building needs the development dependencies: run "npm ci".')
    process.exitCode = 1
  })
}
