import { RECORDS } from '../records.ts'
import { compareServers } from './compare.ts'
import type { Ratio } from './compare.ts'
import { ask } from './load.ts'
import type { Reach } from './reach.ts'
import { startProgram } from './servers.ts'
import type { Settings } from './settings.ts'
import type { Stage } from './stage.ts'

/** Whole requests for a page of records, by two ways to reach them. All else is the same. */
export async function compareReaches(ours: Reach, floor: Reach, stage: Stage, settings: Settings): Promise<Ratio> {
  const start = (reach: Reach) => startProgram('reaching-server', stage, { REACH: reach })
  const [first, second] = [await start(ours), await start(floor)]
  const ratio = await compareServers(first, second, ask(stage, RECORDS), settings)
  await Promise.all([first.stop(), second.stop()])
  return ratio
}
