import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { quietPort, startedServer } from '../../tests/support/process.ts'
import type { Stage } from './stage.ts'

/** A server in a process of its own, ready to be asked. */
export type Server = { url: URL; pid: number; stop(): Promise<void> }

/** The server as it is started in production, on the build as it stands. */
export async function startLatchkey({ env }: Stage, more: Readonly<Record<string, string>> = {}): Promise<Server> {
  const server = await startedServer({ ...env, ...more })
  return { url: server.url, pid: server.pid, stop: async () => void (await server.stop()) }
}

/** A program of the bench's own that listens on PORT, with the stage's environment. */
export async function startProgram(
  name: string,
  { env }: Stage,
  more: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const port = await quietPort()
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, `${name}.ts`)], {
    env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', ...env, ...more, PORT: String(port) },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const url = new URL(`http://127.0.0.1:${port}`)
  await answers(url, () => child.exitCode !== null)
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}

async function answers(url: URL, hasEnded: () => boolean): Promise<void> {
  while (!hasEnded()) {
    const answered = await fetch(url).then(
      ({ body }) => body?.cancel().then(() => true) ?? true,
      () => false,
    )
    if (answered) return
    await delay(20)
  }
  throw new Error(`${url.href} ended before it answered.`)
}
