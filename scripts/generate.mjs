// Makes what src/generated holds from prisma/schema.prisma: a Prisma client for SQLite, one for PostgreSQL (the same
// schema with another provider line), the types that Pothos needs, and the data model as the isolation reads it. Does
// nothing when nothing has changed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const schemaFile = path.join(root, 'prisma', 'schema.prisma')
const generated = path.join(root, 'src', 'generated')
const stampFile = path.join(generated, 'stamp')
const datamodelGenerator = path.join(root, 'scripts', 'datamodel-generator.mjs')
const parts = ['sqlite', 'postgresql', 'pothos.ts', 'datamodel.ts']
const require = createRequire(import.meta.url)

/**
 * Brings src/generated up to date, and tells whether there was anything to do. Several processes may call it at once:
 * one works, the others wait. What stands there is replaced only when all of the new has been made.
 */
export async function generate() {
  if (isUpToDate()) return false
  fs.mkdirSync(generated, { recursive: true })
  const release = await takeLock(path.join(generated, 'lock'))
  removeLeftovers()
  const workshop = fs.mkdtempSync(path.join(generated, 'next-'))
  try {
    if (isUpToDate()) return false
    const stamp = hashOfInputs()
    await makeAll(workshop)
    putInPlace(workshop, stamp)
    return true
  } finally {
    fs.rmSync(workshop, { recursive: true, force: true })
    release()
  }
}

/** What a run that was killed has left. */
function removeLeftovers() {
  const left = fs.readdirSync(generated).filter((name) => name.startsWith('next-'))
  for (const name of left) fs.rmSync(path.join(generated, name), { recursive: true, force: true })
}

function isUpToDate() {
  if (!parts.every((part) => fs.existsSync(path.join(generated, part)))) return false
  return fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === hashOfInputs()
}

function hashOfInputs() {
  const hash = createHash('sha256')
  for (const file of [schemaFile, import.meta.filename, datamodelGenerator]) hash.update(fs.readFileSync(file))
  for (const generator of ['prisma', '@pothos/plugin-prisma']) hash.update(`${generator} ${versionOf(generator)}\n`)
  return hash.digest('hex')
}

function versionOf(name) {
  return JSON.parse(fs.readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')).version
}

async function makeAll(workshop) {
  const source = fs
    .readFileSync(schemaFile, 'utf8')
    .replaceAll('"../src/generated/', '"./')
    .replaceAll('"node scripts/', `"node ${path.relative(workshop, path.dirname(datamodelGenerator))}/`)
  await Promise.all([
    runPrisma(workshop, 'sqlite.prisma', source),
    runPrisma(workshop, 'postgresql.prisma', forPostgresql(source), ['--generator', 'client']),
  ])
}

/** The schema's text for PostgreSQL. Another provider is all that the databases may differ in. */
function forPostgresql(source) {
  const text = source
    .replace(/(datasource \w+ \{[^}]*provider\s*=\s*)"sqlite"/, '$1"postgresql"')
    .replace('"./sqlite"', '"./postgresql"')
  if (!text.includes('"postgresql"') || !text.includes('"./postgresql"')) {
    throw new Error('prisma/schema.prisma: expected provider = "sqlite" and output = "../src/generated/sqlite".')
  }
  return text
}

function runPrisma(workshop, fileName, text, options = []) {
  fs.writeFileSync(path.join(workshop, fileName), text)
  const bin = path.join(root, 'node_modules', '.bin')
  const child = spawn(
    process.execPath,
    [require.resolve('prisma/build/index.js'), 'generate', '--schema', path.join(workshop, fileName), ...options],
    {
      cwd: workshop, // away from prisma.config.ts
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: [bin, path.dirname(process.execPath), process.env.PATH].join(path.delimiter), // where the generators' commands are
        // Generating does not use the schema engine but would download it; any executable that exists will do.
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
        NO_COLOR: '1',
      },
    },
  )
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`prisma generate failed:\n${output}`))))
  })
}

/** The stamp goes first and comes back last: a run that is killed in between is done again. */
function putInPlace(workshop, stamp) {
  fs.rmSync(stampFile, { force: true })
  for (const part of parts) {
    const place = path.join(generated, part)
    if (fs.existsSync(place)) fs.renameSync(place, path.join(workshop, `old-${part}`))
    fs.renameSync(path.join(workshop, part), place)
  }
  fs.writeFileSync(path.join(workshop, 'stamp'), stamp)
  fs.renameSync(path.join(workshop, 'stamp'), stampFile)
}

/** One process at a time. The lock holds its owner's process id, so that one left by a killed process is not waited for. */
async function takeLock(file) {
  const deadline = Date.now() + 120_000
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' })
      return () => fs.rmSync(file, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (Date.now() > deadline)
      throw new Error(`Another process has been generating for two minutes. If not, remove ${file}`)
    if (isAbandoned(file)) fs.rmSync(file, { force: true })
    else await sleep(50)
  }
}

function isAbandoned(file) {
  try {
    const pid = Number(fs.readFileSync(file, 'utf8'))
    if (pid === 0) return false // being written at this moment
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const made = await generate()
  console.log(made ? 'Generated the database clients.' : 'The database clients are up to date.')
}
