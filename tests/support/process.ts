import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from '../../scripts/build.mjs'
import { visit } from './browser-like.ts'
import type { Visitor } from './browser-like.ts'
import { quietPort } from './quiet-port.ts'

export { quietPort }

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const UP_WITHIN_MS = 30_000

/** How a process ended. `output` holds what it said on both streams. */
export type Ended = { code: number | null; signal: NodeJS.Signals | null; output: string }

/** A program of the build, run by `scripts/start.mjs` in a process of its own. */
export type Program = {
  pid: number
  /** What it has said so far: both streams, and the one of errors alone. */
  output(): string
  errors(): string
  kill(signal: NodeJS.Signals): void
  ended: Promise<Ended>
}

/** A server in a process of its own. */
export type ServerProcess = Program & {
  url: URL
  port: number
  /** Resolve when /healthz, or /readyz, says so; reject, with what the process said, when it ends before. */
  listening: Promise<void>
  ready: Promise<void>
  /** A browser without cookies, at this server. */
  browser(): Visitor
  /** SIGTERM, and how it ended. */
  stop(): Promise<Ended>
}

/** Brings the build up to date. To be called once before processes are started, for a start must not wait for it. */
export async function makeBuild(): Promise<void> {
  await build()
}

/** Runs a program of dist: 'main' is the server. It gets this environment and nothing of the tests' own. */
export function run(name: string, env: Record<string, string>, folder = tmpdir()): Program {
  // Elsewhere than in the repository, where a developer's own .env may lie.
  const child = spawn(process.execPath, [join(root, 'scripts', 'start.mjs'), name], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [output, errors] = ['', '']
  const keep = (chunk: Buffer) => void (output += chunk.toString())
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal, output })
    })
  })
  running.set(child, ended)
  return {
    pid: child.pid ?? 0,
    output: () => output,
    errors: () => errors,
    kill: (signal) => void child.kill(signal),
    ended,
  }
}

/** What still runs. A test that fails in the middle leaves processes behind: see `endAll`. */
const running = new Map<ChildProcess, Promise<Ended>>()
process.once('exit', () => {
  for (const child of running.keys()) child.kill('SIGKILL')
})

/** Ends the processes that a test has left; to be called after each. */
export async function endAll(): Promise<void> {
  for (const child of running.keys()) child.kill('SIGKILL')
  await Promise.all(running.values())
}

/** Starts a server on a port, and does not wait for it: see `ready`. */
export function startServer(env: Record<string, string>, port: number): ServerProcess {
  const program = run('main', { PORT: String(port), ...env })
  const url = new URL(`http://127.0.0.1:${port}`)
  const listening = waitFor(program, new URL('/healthz', url))
  const ready = waitFor(program, new URL('/readyz', url))
  listening.catch(() => {}) // whoever does not wait for them does not want to hear of it
  ready.catch(() => {})
  return {
    ...program,
    url,
    port,
    listening,
    ready,
    browser: () => visit(url, env['PUBLIC_URL'] ?? `http://localhost:${port}`),
    stop() {
      program.kill('SIGTERM')
      return program.ended
    },
  }
}

/** The same, ready. */
export async function startedServer(env: Record<string, string>, port?: number): Promise<ServerProcess> {
  const server = startServer(env, port ?? (await quietPort()))
  await server.ready
  return server
}

async function waitFor({ ended, output }: Program, page: URL): Promise<void> {
  let hasEnded = false
  void ended.then(() => (hasEnded = true))
  const deadline = Date.now() + UP_WITHIN_MS
  while (Date.now() < deadline && !hasEnded) {
    const { status } = await read(page)
    if (status === 200) return
    await delay(10)
  }
  throw new Error(`The server did not get as far as ${page.pathname}. It said:\n${output()}`)
}

/** A page's status and text; status 0 when nobody answers. */
export async function read(page: URL): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(page)
    return { status: answer.status, text: await answer.text() }
  } catch {
    return { status: 0, text: '' }
  }
}

/** A mail as /dev/mailbox.json gives it. */
export type MailboxMail = { id: string; to: string; subject: string; text: string; html: string; sentAt: string }

/** The newest mail to an address in the development mailbox, once it holds as many as told. */
export async function mailIn(server: Pick<ServerProcess, 'url'>, to: string, count = 1): Promise<MailboxMail> {
  for (;;) {
    const answer = await fetch(new URL('/dev/mailbox.json', server.url))
    const mails = ((await answer.json()) as MailboxMail[]).filter((mail) => mail.to === to) // the documented form
    const [newest] = mails
    if (newest && mails.length >= count) return newest
    await delay(20)
  }
}
