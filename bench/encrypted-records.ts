import { inTurns } from './support/compare.ts'
import { answerOf, ask, load } from './support/load.ts'
import { startLatchkey } from './support/servers.ts'
import type { Server } from './support/servers.ts'
import type { Settings } from './support/settings.ts'
import { providersOf, stageOn } from './support/stage.ts'
import type { Stage } from './support/stage.ts'
import { ratioLine } from './support/table.ts'
import type { Line } from './support/table.ts'

const TARGET = 0.95
const RECORDS = 100
// What a value of 1 KB makes once it is padded, encrypted and written in base64url.
const LETTERS = 3_200

/** A page of 100 records, with what a client has encrypted in them, against one with as much plain data. */
export async function measureEncryptedRecords(settings: Settings): Promise<Line[]> {
  const lines: Line[] = []
  for (const provider of providersOf(settings)) {
    const stage = await stageOn(settings, provider, { users: 1, recordsPerUser: 0 })
    const server = await startLatchkey(stage)
    const ratio = await comparePages(server, stage, settings)
    await server.stop()
    lines.push(ratioLine({ name: 'a page of 100 encrypted records', database: provider, ...ratio }, TARGET))
  }
  return lines
}

async function comparePages(server: Server, stage: Stage, settings: Settings) {
  const [encrypted, plain] = [await pageOf(server, stage, 'encryptedData'), await pageOf(server, stage, 'data')]
  for (const question of [encrypted, plain]) await load(server, question, { requests: settings.warmUp / 4 })
  const round = (question: typeof plain) => load(server, question, { seconds: settings.roundSeconds })
  return inTurns(
    settings,
    () => round(encrypted),
    () => round(plain),
  )
}

/** Writes the records of one kind, and gives the question for them. */
async function pageOf(server: Server, stage: Stage, field: 'data' | 'encryptedData') {
  const header = Buffer.from('{"alg":"A256KW","enc":"A256GCM","kid":"bench"}').toString('base64url')
  const jwe = `${header}.${'A'.repeat(54)}.${'A'.repeat(16)}.${'A'.repeat(LETTERS)}.${'A'.repeat(22)}`
  for (let number = 0; number < RECORDS; number++) {
    const input = `collection: "${field}", title: "Title ${number}", ${field}: "${jwe}"`
    await answerOf(server, ask(stage, `mutation { createRecord(input: { ${input} }) { id } }`))
  }
  const page = `records(collection: "${field}", first: ${RECORDS})`
  return ask(stage, `{ ${page} { edges { node { id collection title ${field} revision createdAt updatedAt } } } }`)
}
