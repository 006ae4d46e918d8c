// `npm run dev`: builds at each change and restarts the server. A build that fails is shown, and the server that runs
// goes on. The old process has stopped before the new one starts: they share a port and a database.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const WATCHED = ['src', 'prisma']
const NOT_WATCHED = /^(generated|migrations)([\\/]|$)/ // within a watched folder
const STOP_AFTER_MS = 12_000

let server = null
let stopping = false
let turn = Promise.resolve()
let waiting = null

for (const folder of WATCHED) fs.watch(path.join(root, folder), { recursive: true }, (_, file) => noteChange(file ?? ''))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop())
changeTurn()

function noteChange(file) {
  if (NOT_WATCHED.test(file) || file.endsWith('~') || file.endsWith('.swp')) return
  clearTimeout(waiting)
  waiting = setTimeout(changeTurn, 60) // an editor writes several files, or one in several steps
}

/** One turn after the other: a change during a build starts the next one when this one is through. */
function changeTurn() {
  turn = turn.then(rebuild)
}

async function rebuild() {
  if (stopping) return
  const start = performance.now()
  try {
    if (!(await build()) && server) return
  } catch (error) {
    await showBuildError(error)
    return
  }
  console.log(`Built in ${Math.round(performance.now() - start)} ms.`)
  await stopServer()
  if (!stopping) startServer()
}

async function showBuildError(error) {
  const { formatMessages } = await import('esbuild')
  const shown = error.errors ? await formatMessages(error.errors, { kind: 'error', color: process.stderr.isTTY }) : [error.stack]
  console.error(shown.join('\n'))
  console.error(server ? 'The server goes on as it was. Waiting for a change ...' : 'Waiting for a change ...')
}

function startServer() {
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(root, 'dist', 'main.js')], { stdio: 'inherit' })
  child.ended = new Promise((resolve) => child.once('close', resolve))
  child.once('close', (code, signal) => {
    if (server !== child) return
    server = null
    if (!stopping) console.error(`The server ended (${signal ?? code}). Waiting for a change ...`)
  })
  server = child
}

async function stopServer() {
  const child = server
  server = null
  if (!child || child.exitCode !== null) return
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_AFTER_MS)
  await child.ended
  clearTimeout(impatience)
}

async function stop() {
  if (stopping) return
  stopping = true
  await stopServer()
  process.exit(0)
}
