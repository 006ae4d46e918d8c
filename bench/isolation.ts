import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/platform/db/client.ts'
import { silentLog } from '../src/platform/log.ts'
import { compareCalls } from './support/calls.ts'
import { pageOf } from './support/page-of.ts'
import { reachBy } from './support/reach.ts'
import { compareReaches } from './support/reaches.ts'
import type { Settings } from './support/settings.ts'
import { providersOf, recordsStage } from './support/stage.ts'
import type { Stage } from './support/stage.ts'
import { ratioLine } from './support/table.ts'
import type { Line } from './support/table.ts'

const TARGET = 0.8

/** What the scoped client costs: its rules, and its bookkeeping for the security log. Both sides use the same pool. */
export async function measureIsolation(settings: Settings): Promise<Line[]> {
  const lines: Line[] = []
  for (const provider of providersOf(settings)) {
    const stage = await recordsStage(settings, provider)
    const alone = await compareClients(stage, settings)
    const whole = await compareReaches('extension', 'bare', stage, settings)
    lines.push(ratioLine({ name: 'isolation: a page by findMany', database: provider, ...alone }, TARGET))
    lines.push(ratioLine({ name: 'isolation: a request for it', database: provider, ...whole }, TARGET))
  }
  return lines
}

async function compareClients(stage: Stage, settings: Settings) {
  const database = await openDatabase(readConfig(stage.env).database, silentLog)
  const [extension, bare] = [pageOf(reachBy('extension', database)), pageOf(reachBy('bare', database))]
  const ratio = await compareCalls(
    () => extension(0),
    () => bare(0),
    settings,
  )
  await database.close()
  return ratio
}
