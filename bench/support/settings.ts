/** What a run measures, and how long it takes for it. */
export type Settings = {
  chosen: readonly string[]
  quick: boolean
  postgresUrl: string | null
  redisUrl: string | null
  /** Pairs of rounds, and how long each round lasts. */
  pairs: number
  roundSeconds: number
  /** Requests before the first round: code that runs often is compiled anew, and slow machines take long to get there. */
  warmUp: number
  users: number
  recordsPerUser: number
  /** For sign-in. */
  fewUsers: number
  manyUsers: number
  /** For memory. */
  warmUpRequests: number
  requests: number
  starts: number
}

const FULL = {
  pairs: 5,
  roundSeconds: 2,
  warmUp: 4_000,
  users: 1_000,
  recordsPerUser: 1_000,
  fewUsers: 1_000,
  manyUsers: 1_000_000,
  warmUpRequests: 20_000,
  requests: 200_000,
  starts: 10,
}

const QUICK = {
  ...FULL,
  pairs: 3,
  roundSeconds: 1,
  warmUp: 1_000,
  users: 100,
  manyUsers: 100_000,
  warmUpRequests: 2_000,
  requests: 8_000,
  starts: 3,
}

/** Reads the command line. Throws for what it does not know, and names what it does. */
export function settingsFrom(args: readonly string[], env: NodeJS.ProcessEnv, known: readonly string[]): Settings {
  const quick = args.includes('--quick')
  const chosen = args.filter((argument) => argument !== '--quick')
  const unknown = chosen.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`Unknown: ${unknown.join(', ')}. Known: --quick, ${known.join(', ')}.`)
  return {
    ...(quick ? QUICK : FULL),
    quick,
    chosen: chosen.length > 0 ? chosen : known,
    postgresUrl: env['TEST_POSTGRES_URL'] || null,
    redisUrl: env['TEST_REDIS_URL'] || null,
  }
}
