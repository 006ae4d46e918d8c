import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { quietPort, startServer } from '../tests/support/process.ts'
import type { Settings } from './support/settings.ts'
import { spreadOf } from './support/spread.ts'
import { providersOf, recordsStage } from './support/stage.ts'
import type { Stage } from './support/stage.ts'
import type { Line } from './support/table.ts'

const TARGET_SECONDS = 1

/** From the command to a server that listens, when there is nothing left to build or to migrate. */
export async function measureStart(settings: Settings): Promise<Line[]> {
  const lines: Line[] = []
  for (const provider of providersOf(settings)) {
    const stage = await recordsStage(settings, provider)
    const times: number[] = []
    for (let start = 0; start <= settings.starts; start++) times.push(await secondsToListen(stage))
    const { median, lowest, highest } = spreadOf(times.slice(1)) // the first one fills the caches of the disk
    lines.push({
      name: 'start',
      database: provider,
      measured: `${median.toFixed(2)} s (${lowest.toFixed(2)}-${highest.toFixed(2)})`,
      target: `<= ${TARGET_SECONDS} s`,
      ok: median <= TARGET_SECONDS,
    })
  }
  return lines
}

async function secondsToListen({ env }: Stage): Promise<number> {
  const port = await quietPort()
  const began = performance.now()
  const server = startServer(env, port)
  while (!(await listens(port))) await delay(2)
  const seconds = (performance.now() - began) / 1_000
  await server.ready
  await server.stop()
  return seconds
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
