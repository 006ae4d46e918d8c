import { compareServers } from './support/compare.ts'
import { ask } from './support/load.ts'
import { startLatchkey, startProgram } from './support/servers.ts'
import type { Settings } from './support/settings.ts'
import { providersOf, recordsStage } from './support/stage.ts'
import type { Stage } from './support/stage.ts'
import { ratioLine } from './support/table.ts'
import type { Line } from './support/table.ts'

const TARGET = 0.45

/** A page of a user's records, as a list in an app shows them. */
export const RECORDS = `{ records(first: 20) {
  pageInfo { hasNextPage endCursor } edges { node { id collection title data revision createdAt updatedAt } } } }`

/** The page against Yoga with a prepared join and a prepared select; on PostgreSQL also with the limits in Redis. */
export async function measureRecords(settings: Settings): Promise<Line[]> {
  const lines: Line[] = []
  for (const provider of providersOf(settings)) {
    const stage = await recordsStage(settings, provider)
    lines.push(ratioLine({ name: 'records', database: provider, ...(await againstFloor(stage, settings, {})) }, TARGET))
    if (provider !== 'postgresql' || !settings.redisUrl) continue
    const withRedis = await againstFloor(stage, settings, { REDIS_URL: settings.redisUrl })
    lines.push(ratioLine({ name: 'records', database: 'postgresql, redis', ...withRedis }, null))
  }
  return lines
}

async function againstFloor(stage: Stage, settings: Settings, env: Readonly<Record<string, string>>) {
  const [ours, floor] = [await startLatchkey(stage, env), await startProgram('floor', stage)]
  const ratio = await compareServers(ours, floor, ask(stage, RECORDS), settings)
  await Promise.all([ours.stop(), floor.stop()])
  return ratio
}
