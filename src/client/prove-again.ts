import type { LatchkeyError } from './errors.ts'
import type { AuthLevel, AuthMethod } from './generated/graphql.ts'
import type { Answer, Sender } from './send.ts'

/** What a refused operation needs. */
export type NeededProof = {
  /** The level that the session must reach. */
  level: AuthLevel
  /** The methods that would reach it, the preferred first. */
  methods: readonly AuthMethod[]
}

/** Asks for a proof, once for all operations that wait for it. True: it was given, and they are worth repeating. */
export type AskForProof = (needed: NeededProof) => boolean | Promise<boolean>

const LEVELS: readonly AuthLevel[] = ['SESSION', 'FRESH', 'STRONG']

/** Asking that is under way, or was the last. */
type Asking = { level: AuthLevel; outcome: Promise<boolean>; endedAt: number }

/**
 * A sender that asks for a proof when an operation is refused for want of one, and then sends the operation once more.
 * Operations that are refused at the same time share one asking. What it gives in the end is the server's last answer.
 */
export function provingAgain(send: Sender, ask: AskForProof): Sender {
  const proofs = shareProofs(ask)
  return async (query, variables, signal) => {
    const sentAt = proofs.now()
    const answer = await send(query, variables, signal)
    const needed = neededProof(answer.errors)
    if (!needed || !isRepeatable(query, answer)) return answer
    const proved = await untilAborted(proofs.prove(needed, sentAt), signal)
    return proved ? send(query, variables, signal) : answer
  }
}

function shareProofs(ask: AskForProof) {
  let moment = 0
  let current: Asking | null = null
  let last: Asking | null = null

  function begin(needed: NeededProof): Asking {
    const outcome = Promise.resolve().then(() => ask(needed))
    const asking: Asking = { level: needed.level, outcome, endedAt: 0 }
    const end = (): void => {
      asking.endedAt = moment += 1
      current = null
      last = asking
    }
    outcome.then(end, end)
    return asking
  }

  return {
    now: () => (moment += 1),
    /** The outcome of an asking that answers for this operation: the one under way, one that came between, or a new one. */
    async prove(needed: NeededProof, sentAt: number): Promise<boolean> {
      // A proof that is being asked for and would not do: the next question waits for it, so that only one is open.
      while (current && !reaches(current, needed)) await current.outcome.catch(() => false)
      // Sent before the last asking ended, so its refusal knows nothing of that.
      if (!current && last && last.endedAt > sentAt && reaches(last, needed)) return last.outcome
      current ??= begin(needed)
      return current.outcome
    },
  }
}

function reaches({ level }: Asking, needed: NeededProof): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(needed.level)
}

/** The strongest proof that an answer was refused for; undefined when it was refused for none. */
function neededProof(errors: readonly LatchkeyError[]): NeededProof | undefined {
  const needed = errors.flatMap(({ code, level, methods }) =>
    code === 'REAUTHENTICATION_REQUIRED' && level ? [{ level, methods: methods ?? [] }] : [],
  )
  return needed.sort((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level))[0]
}

/**
 * Whether an operation can be sent again without doing anything twice. A query always can. A mutation can when its one
 * field itself was refused; where the refusal stands inside its answer, or beside another field, something was done.
 */
export function isRepeatable(query: string, { errors }: Answer<unknown>): boolean {
  if (!/\bmutation\b/.test(query)) return true
  return errors.every(({ path }) => path?.length === 1) && hasOneField(query)
}

/** True for a document whose operation has exactly one field, and that without fragments, which could hold more. */
function hasOneField(query: string): boolean {
  const operation = withoutTexts(query).slice(withoutTexts(query).search(/\bmutation\b/))
  let [depth, parentheses, names] = [0, 0, '']
  for (const letter of operation) {
    if (letter === '(') parentheses += 1
    if (letter === ')') parentheses -= 1
    if (parentheses > 0 || letter === ')') continue
    if (letter === '}') depth -= 1
    if (letter === '}' && depth === 0) break
    if (depth === 1) names += letter === '{' ? ' ' : letter
    if (letter === '{') depth += 1
  }
  if (names.includes('...')) return false
  return (names.replace(/@\s*\w+/g, ' ').match(/\w+(\s*:\s*\w+)?/g) ?? []).length === 1
}

/** A document without its comments and texts, in which braces may stand. */
function withoutTexts(query: string): string {
  return query.replace(/"""[^]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*/g, ' ')
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error) // what the caller gave, as `fetch` throws it
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
