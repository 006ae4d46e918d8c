// `npm run dev`: builds at each change and restarts the server. A build that fails is shown, and the server that runs
// goes on. The old process has stopped before the new one starts: they share a port and a database.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, traceOfInputs } from './build.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const LOOK_EVERY_MS = 250
const STOP_AFTER_MS = 12_000

let server = null
let stopping = false
let turn = Promise.resolve()
let trace = ''

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop())
// Looked for, not waited for: watching a tree of folders misses changes on some systems.
setInterval(look, LOOK_EVERY_MS)
look()

function look() {
  const found = traceOfInputs()
  if (found === trace) return
  trace = found
  changeTurn()
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
  // The server's faults come from esbuild; Vite's, of the pages, have told all in their message.
  const shown = error.errors?.every(({ text }) => typeof text === 'string')
    ? await formatMessages(error.errors, { kind: 'error', color: process.stderr.isTTY })
    : [error.errors ? error.message : error.stack]
  console.error(shown.join('\n'))
  console.error(server ? 'The server goes on as it was. Waiting for a change ...' : 'Waiting for a change ...')
}

function startServer() {
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(root, 'dist', 'main.js')], {
    stdio: 'inherit',
  })
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
