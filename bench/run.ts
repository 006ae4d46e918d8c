// npm run bench [-- [--quick] [measurement ...]]
//
// How fast Latchkey is, as ratios: each number is held against a floor that is measured beside it, in turns, in the
// same run, so that it means the same on a fast machine and a slow one. A floor does the same work by hand, with the
// least that it could be done with. See MEASUREMENTS for what is measured.
//
// SQLite needs nothing. TEST_POSTGRES_URL adds PostgreSQL (its user makes and drops databases of its own), and
// TEST_REDIS_URL what goes through Redis. All of it takes about twelve minutes; --quick is a try of the programs
// themselves, with short rounds and small tables, whose numbers mean little.
//
// How to read the table:
//   measured   the median over all pairs of rounds, with the lowest and the highest
//   by CPU     the same ratio from the processor time of the server process for each request (of the database's own
//              process it tells nothing). It is the steadier of the two on a machine that does other things
//   target     what must hold; ok or missed is said of `measured`
// Answers are compared with the expected ones, in each round all of them: a wrong one ends the measurement.
// Ends with 1 when something was missed or has failed.
import { availableParallelism } from 'node:os'
import { build } from '../scripts/build.mjs'
import { endAll } from '../tests/support/process.ts'
import { settingsFrom } from './support/settings.ts'
import type { Settings } from './support/settings.ts'
import { closeStages } from './support/stage.ts'
import { printTable } from './support/table.ts'
import type { Line } from './support/table.ts'

type Measure = (settings: Settings) => Promise<Line[]>

// Loaded when their turn comes: they stand on what the build generates.
const MEASUREMENTS: Readonly<Record<string, { what: string; load: () => Promise<Measure> }>> = {
  start: {
    what: 'a second start, from the command to the first answer',
    load: async () => (await import('./start.ts')).measureStart,
  },
  me: {
    what: '{ me { id email } } with a session, against Yoga with one prepared join',
    load: async () => (await import('./me.ts')).measureMe,
  },
  records: {
    what: 'a page of 20 records, of 1,000 of a user, of 1,000,000 in all, against Yoga with two prepared statements',
    load: async () => (await import('./records.ts')).measureRecords,
  },
  isolation: {
    what: 'the scoped client against the system client with the same condition, alone and in whole requests',
    load: async () => (await import('./isolation.ts')).measureIsolation,
  },
  'row-security': {
    what: "PostgreSQL's row security: the users' pool against the server's, alone and in whole requests",
    load: async () => (await import('./row-security.ts')).measureRowSecurity,
  },
  'sign-in': {
    what: 'asking for a link and redeeming it, with 1,000,000 users against 1,000, on PostgreSQL',
    load: async () => (await import('./sign-in.ts')).measureSignIn,
  },
  encryption: {
    what: 'values of 1 KB encrypted and decrypted by a client in Node, and unlocking by passphrase',
    load: async () => (await import('./encryption.ts')).measureEncryption,
  },
  'encrypted-records': {
    what: 'a page of 100 records with encrypted contents, against one with as much plain data',
    load: async () => (await import('./encrypted-records.ts')).measureEncryptedRecords,
  },
  memory: {
    what: 'resident memory over 200,000 requests of both kinds',
    load: async () => (await import('./memory.ts')).measureMemory,
  },
}

const settings = settingsFrom(process.argv.slice(2), process.env, Object.keys(MEASUREMENTS))
tellWhatIsLeftOut(settings)
await build()
const lines: Line[] = []
const startedAt = performance.now()
for (const name of settings.chosen) lines.push(...(await measured(name)))
await endAll()
await closeStages()
console.log(`\n${availableParallelism()} cores, Node ${process.versions.node}, ${seconds(startedAt)} s\n`)
printTable(lines)
process.exit(lines.some(({ ok }) => ok === false) ? 1 : 0)

async function measured(name: string): Promise<Line[]> {
  const measurement = MEASUREMENTS[name]
  if (!measurement) throw new Error(`There is no measurement ${name}.`)
  const began = performance.now()
  process.stdout.write(`${name}: ${measurement.what} ... `)
  try {
    const measure = await measurement.load()
    const found = await measure(settings)
    console.log(`${seconds(began)} s`)
    return found
  } catch (error) {
    console.log('FAILED')
    console.error(error)
    await endAll()
    return [{ name, database: '', measured: 'failed', target: '', ok: false }]
  }
}

function tellWhatIsLeftOut({ postgresUrl, redisUrl, quick }: Settings): void {
  const left = [
    ...(postgresUrl ? [] : ['everything on PostgreSQL (set TEST_POSTGRES_URL)']),
    ...(postgresUrl && redisUrl ? [] : ['everything through Redis (set TEST_POSTGRES_URL and TEST_REDIS_URL)']),
  ]
  const words = [
    ...left.map((each) => `LEFT OUT: ${each}`),
    ...(quick ? ['QUICK: short rounds and small tables. The numbers below mean little.'] : []),
  ]
  if (words.length === 0) return
  const rule = '!'.repeat(Math.max(...words.map(({ length }) => length)))
  console.log(`\n${rule}\n${words.join('\n')}\n${rule}\n`)
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(0)
}
