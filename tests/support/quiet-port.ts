import { createServer } from 'node:net'
import type { Server } from 'node:net'

// Below those that the system gives to outgoing connections: a port that is used again for each start must not meanwhile
// be somebody's connection. Each has a guard, in the range below it.
const [FIRST, COUNT] = [20_000, 10_000] as const

/**
 * A port that nothing listens on, for this process alone as long as it lives. Whoever has it keeps its guard occupied,
 * so that another process does not find the port free before the server listens, or while it restarts. The system
 * frees the guards of a process that ended, however it ended.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    const guard = await occupied(port - COUNT)
    if (!guard) continue
    const probe = await occupied(port)
    if (probe) {
      await new Promise((resolve) => probe.close(resolve))
      guard.unref()
      return port
    }
    guard.close() // somebody listens there who does not know of guards
  }
}

function occupied(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
