import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/platform/db/client.ts'
import { silentLog } from '../src/platform/log.ts'
import { compareCalls } from './support/calls.ts'
import { pageOf } from './support/page-of.ts'
import { reachBy } from './support/reach.ts'
import { compareReaches } from './support/reaches.ts'
import type { Settings } from './support/settings.ts'
import { recordsStage } from './support/stage.ts'
import { ratioLine } from './support/table.ts'
import type { Line } from './support/table.ts'

const TARGET = 0.8
const USERS = 50

/** What row security costs: the scoped client over the users' pool against the same client over the server's. */
export async function measureRowSecurity(settings: Settings): Promise<Line[]> {
  if (!settings.postgresUrl) return []
  const stage = await recordsStage(settings, 'postgresql')
  const { url, poolSize } = postgresqlOf(stage.env)
  // As many connections for the one client as for the other: the server gives each half of its own.
  const database = await openDatabase({ provider: 'postgresql', url, poolSize }, silentLog)
  const [whole, extension] = [pageOf(reachBy('whole', database)), pageOf(reachBy('extension', database))]
  const oneUser = await compareCalls(
    () => whole(0),
    () => extension(0),
    settings,
  )
  const manyUsers = await compareCalls(
    (call) => whole(call % USERS),
    (call) => extension(call % USERS),
    settings,
  )
  await database.close()
  const requests = await compareReaches('whole', 'extension', stage, settings)
  const line = { database: 'postgresql' }
  return [
    ratioLine({ ...line, name: 'row security: one user', ...oneUser }, TARGET),
    ratioLine({ ...line, name: 'row security: users in turns', ...manyUsers }, TARGET),
    ratioLine({ ...line, name: 'row security: a request', ...requests }, TARGET),
  ]
}

function postgresqlOf(env: Readonly<Record<string, string>>) {
  const { database } = readConfig(env)
  if (database.provider !== 'postgresql') throw new Error('The stage is not one of PostgreSQL.')
  return database
}
