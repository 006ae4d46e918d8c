import { compareServers } from './support/compare.ts'
import { ask } from './support/load.ts'
import { startLatchkey, startProgram } from './support/servers.ts'
import type { Settings } from './support/settings.ts'
import { providersOf, recordsStage } from './support/stage.ts'
import { ratioLine } from './support/table.ts'
import type { Line } from './support/table.ts'

const TARGET = 0.75

/** The cheapest question that needs a session, against Yoga with one prepared join. */
export async function measureMe(settings: Settings): Promise<Line[]> {
  const lines: Line[] = []
  for (const provider of providersOf(settings)) {
    const stage = await recordsStage(settings, provider)
    const [ours, floor] = [await startLatchkey(stage), await startProgram('floor', stage)]
    const ratio = await compareServers(ours, floor, ask(stage, '{ me { id email } }'), settings)
    lines.push(ratioLine({ name: 'me', database: provider, ...ratio }, TARGET))
    await Promise.all([ours.stop(), floor.stop()])
  }
  return lines
}
