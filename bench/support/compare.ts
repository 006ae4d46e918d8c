import { answerOf, load } from './load.ts'
import type { Question, Round } from './load.ts'
import type { Server } from './servers.ts'
import type { Settings } from './settings.ts'
import { spreadOf } from './spread.ts'
import type { Spread } from './spread.ts'

/** The throughput of one thing as a part of another's: 0.8 is 20 % less. */
export type Ratio = { ratio: Spread; cpuRatio: Spread | null; detail: string }

/** Two servers under the same load, in turns. Their answers must be the same. */
export async function compareServers(
  ours: Server,
  floor: Server,
  question: Question,
  settings: Settings,
): Promise<Ratio> {
  const [answer, expected] = [await answerOf(ours, question), await answerOf(floor, question)]
  if (answer !== expected) throw new Error(`The answers differ:\n${answer.slice(0, 400)}\n${expected.slice(0, 400)}`)
  for (const server of [ours, floor]) await load(server, question, { requests: settings.warmUp })
  const round = (server: Server) => load(server, question, { seconds: settings.roundSeconds })
  return inTurns(
    settings,
    () => round(ours),
    () => round(floor),
  )
}

/** Pairs of rounds, one of each; which comes first changes. The first pair warms up, and does not count. */
export async function inTurns(
  { pairs }: Settings,
  ours: () => Promise<Round>,
  floor: () => Promise<Round>,
): Promise<Ratio> {
  const rounds: { ours: Round; floor: Round }[] = []
  for (let pair = 0; pair <= pairs; pair++) {
    const first = pair % 2 === 0 ? await ours() : await floor()
    const second = pair % 2 === 0 ? await floor() : await ours()
    if (pair > 0) rounds.push(pair % 2 === 0 ? { ours: first, floor: second } : { ours: second, floor: first })
  }
  const cpuRatios = rounds.flatMap(({ ours: { cpuPerRequest: a }, floor: { cpuPerRequest: b } }) =>
    a && b ? [b / a] : [],
  )
  return {
    ratio: spreadOf(rounds.map((pair) => pair.ours.perSecond / pair.floor.perSecond)),
    cpuRatio: cpuRatios.length > 0 ? spreadOf(cpuRatios) : null,
    detail: `${rateOf(rounds.map((pair) => pair.ours))} against ${rateOf(rounds.map((pair) => pair.floor))}`,
  }
}

function rateOf(rounds: readonly Round[]): string {
  const { median } = spreadOf(rounds.map(({ perSecond }) => perSecond))
  const cpu = spreadOf(rounds.map(({ cpuPerRequest }) => cpuPerRequest ?? Number.NaN)).median
  return `${Math.round(median)}/s${Number.isNaN(cpu) ? '' : ` (${(cpu * 1_000).toFixed(3)} ms)`}`
}
