import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { cpuSeconds } from './process-use.ts'
import type { Server } from './servers.ts'
import type { Stage } from './stage.ts'

const CONNECTIONS = 32
const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

/** What is asked, again and again, by the user of a stage. */
export type Question = { query: string; headers: Readonly<Record<string, string>> }

/** What a round came to. */
export type Round = { requests: number; perSecond: number; cpuPerRequest: number | null }

/** A question with the headers that the web page of a signed-in user sends. */
export function ask(stage: Stage, query: string): Question {
  return {
    query,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json, application/json',
      Origin: stage.env['PUBLIC_URL'] ?? '',
      'User-Agent': CHROME,
      Cookie: `__Host-latchkey-session=${stage.token}`,
    },
  }
}

/** One answer, which must be without errors. */
export async function answerOf({ url }: Server, question: Question): Promise<string> {
  const body = JSON.stringify({ query: question.query })
  const response = await fetch(new URL('/graphql', url), { method: 'POST', headers: question.headers, body })
  const text = await response.text()
  if (response.status === 200 && text.startsWith('{"data":{') && !text.includes('"errors"')) return text
  throw new Error(`Expected an answer without errors, got ${response.status}: ${text.slice(0, 500)}`)
}

/**
 * Asks for some time, or so many times, from 32 connections of another process. Each answer must be the one that was
 * given before the round.
 */
export async function load(
  server: Server,
  question: Question,
  length: { seconds: number } | { requests: number },
): Promise<Round> {
  const expected = await answerOf(server, question)
  const before = cpuSeconds(server.pid)
  const result = await autocannon(server.url, question, expected, length)
  const after = cpuSeconds(server.pid)
  const requests = result['2xx']
  const wrong = { ...pick(result, ['non2xx', 'errors', 'timeouts', 'mismatches']), none: requests === 0 ? 1 : 0 }
  if (Object.values(wrong).some((count) => count > 0)) throw new Error(`Wrong answers: ${JSON.stringify(wrong)}`)
  if ((await answerOf(server, question)) !== expected) throw new Error('The answer after the round is another.')
  return {
    requests,
    perSecond: requests / result.duration,
    cpuPerRequest: before === null || after === null ? null : (after - before) / requests,
  }
}

type Result = Record<'2xx' | 'non2xx' | 'errors' | 'timeouts' | 'mismatches' | 'duration', number>

function pick<Key extends string>(result: Record<Key, number>, keys: Key[]): Record<string, number> {
  return Object.fromEntries(keys.map((key) => [key, result[key]]))
}

async function autocannon(url: URL, { query, headers }: Question, expected: string, length: object): Promise<Result> {
  // Linux takes no argument of more than 128 KiB: so large an answer is looked at before the round and after it alone.
  const expectedArgs = expected.length < 100_000 ? ['-E', expected] : []
  const amount = 'seconds' in length ? ['-d', String(length.seconds)] : ['-a', String(Reflect.get(length, 'requests'))]
  const program = createRequire(import.meta.url).resolve('autocannon/autocannon.js')
  const headerArgs = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`])
  const child = spawn(
    process.execPath,
    [program, '--json', '-n', '-c', String(CONNECTIONS), ...amount, '-m', 'POST', ...headerArgs,
      '-b', JSON.stringify({ query }), ...expectedArgs, new URL('/graphql', url).href],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  ) // prettier-ignore
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()))
  await once(child, 'close')
  if (!output.startsWith('{')) throw new Error(`autocannon did not answer: ${errors || output}`)
  return JSON.parse(output) as Result // what --json prints
}
