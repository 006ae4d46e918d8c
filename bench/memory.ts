import { ask, load } from './support/load.ts'
import { residentMegabytes } from './support/process-use.ts'
import { RECORDS } from './records.ts'
import { startLatchkey } from './support/servers.ts'
import type { Settings } from './support/settings.ts'
import { providersOf, recordsStage } from './support/stage.ts'
import type { Stage } from './support/stage.ts'
import type { Line } from './support/table.ts'

const MOST_MEGABYTES = 300
const MOST_GROWTH = 1.15
const PORTIONS = 10

/** Resident memory of the server process, half of the requests for the user and half for a page of records. */
export async function measureMemory(settings: Settings): Promise<Line[]> {
  const lines: Line[] = []
  for (const provider of providersOf(settings))
    lines.push(...(await memoryOn(await recordsStage(settings, provider), settings)))
  return lines
}

async function memoryOn(stage: Stage, { warmUpRequests, requests }: Settings): Promise<Line[]> {
  const server = await startLatchkey(stage)
  const [me, records] = [ask(stage, '{ me { id email } }'), ask(stage, RECORDS)]
  const run = async (count: number) => {
    await load(server, me, { requests: count / 2 })
    await load(server, records, { requests: count / 2 })
    return residentMegabytes(server.pid)
  }
  const warm = await run(warmUpRequests)
  const samples: number[] = []
  for (let portion = 0; portion < PORTIONS; portion++) samples.push(await run(requests / PORTIONS))
  await server.stop()

  const [end, most] = [samples.at(-1) ?? Number.NaN, Math.max(warm, ...samples)]
  const growth = end / warm
  const detail = `MB: ${warm.toFixed(0)} warm, then ${samples.map((sample) => sample.toFixed(0)).join(' ')}`
  return [
    { name: 'memory, at most', database: stage.provider, measured: `${most.toFixed(0)} MB`,
      target: `< ${MOST_MEGABYTES} MB`, ok: most < MOST_MEGABYTES },
    { name: `memory, after ${requests.toLocaleString('en')}`, database: stage.provider, measured: `x ${growth.toFixed(2)}`, detail,
      target: `<= ${MOST_GROWTH}`, ok: growth <= MOST_GROWTH },
  ] // prettier-ignore
}
