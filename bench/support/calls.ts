import { setImmediate as nextTurn } from 'node:timers/promises'
import { inTurns } from './compare.ts'
import type { Ratio } from './compare.ts'
import type { Round } from './load.ts'
import type { Settings } from './settings.ts'

const AT_ONCE = 8

/** The call with this number. Its result is not looked at: see that it is right before. */
export type Call = (number: number) => Promise<unknown>

/** Two functions of this process, in turns, several calls of each at once. */
export function compareCalls(ours: Call, floor: Call, settings: Settings): Promise<Ratio> {
  return inTurns(
    settings,
    () => round(ours, settings.roundSeconds),
    () => round(floor, settings.roundSeconds),
  )
}

async function round(call: Call, seconds: number): Promise<Round> {
  const [began, cpuBefore] = [performance.now(), process.cpuUsage()]
  const end = began + seconds * 1_000
  let requests = 0
  const keepCalling = async () => {
    while (performance.now() < end) {
      await call(requests++)
      // A call that is answered within one turn would let nobody else have a turn.
      if (requests % 64 === 0) await nextTurn()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, keepCalling))
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    requests,
    perSecond: requests / ((performance.now() - began) / 1_000),
    cpuPerRequest: (user + system) / 1_000_000 / requests,
  }
}
