import { DAY, HOUR } from './recovery-support.ts'
import type { Method, Pair } from './recovery-support.ts'

/*
 * What a server may do about the recoveries of one account, written down a second time: a handful of facts, and for each
 * step what it comes to. Time is the model's own, in ms since it began.
 */

/** The owner's two sessions. The first was begun by mail, the second by a passkey: it has shown nobody the mail. */
export type Actor = 'mail' | 'passkey'

/** What may be done, and by whom. `other` is another user, with all that the owner has sent to the server. */
export type Step =
  | { do: 'initiate'; by: Actor; method: Method }
  | { do: 'code'; by: Actor; show: 'right' | 'used' | 'unknown' | 'of another' }
  | { do: 'answers'; by: Actor; pair: Pair; show: 'right' | 'unknown' | 'of another pair' | 'of another' }
  | { do: 'touch'; by: Actor; show: 'right' | 'bad signature' | 'of another purpose' | 'unknown' }
  | { do: 'complete'; by: Actor; with: 'new keys' | 'old revision' | 'few codes' | 'former keys' }
  | { do: 'follow link'; which: 'newest' | 'former' | 'unknown' | 'fresh start' }
  | { do: 'stop'; by: Actor }
  | { do: 'wait'; ms: number }
  | { do: 'new codes'; by: Actor }
  | { do: 'set questions'; by: Actor }
  | { do: 'remove questions'; by: Actor }
  | { do: 'rotate'; by: Actor }
  | { do: 'ask to begin anew'; by: Actor; typed: 'address' | 'other' }
  | { do: 'begin anew'; by: Actor }
  | { do: 'change address' }
  | { do: 'sign in'; by: Actor }
  | { do: 'other'; what: 'initiate' | 'code' | 'answers' | 'complete' | 'touch' | 'stop' }

type Reason = 'completed' | 'cancelled' | 'too-many-tries' | 'expired' | 'superseded'

/** 'gone': a session of the owner that has ended. */
type ReleasedTo = Actor | 'gone'

export type Open = {
  method: Method
  createdAt: number
  availableAt: number
  expiresAt: number
  answered: boolean
  /** To whose session something was released. */
  releasedTo: ReleasedTo | null
  releasedAt: number | null
  /** Whether the code that was used up last was used up in this request. */
  holdsCode: boolean
  wrongAnswers: number
}
type Closed = { method: Method; createdAt: number; closedAt: number; reason: Reason }

export type Model = {
  now: number
  freshStart: { availableAt: number; expiresAt: number } | null
  freshStartStoppedAt: number | null
  /** When keys were given up. */
  formerKeys: number[]
  open: Open | null
  closed: Closed[]
  codesLeft: number
  codesUsed: number
  /** When the questions were set; null where none are. */
  questionsSetAt: number | null
  addressChangedAt: number | null
  generation: number
  ringRevision: number
  /** Whether the passkey opens the keys. */
  passkeyOpens: boolean
  alive: Record<Actor, boolean>
}

/** What a step comes to: the code of its refusal or null, and what is then handed over. */
export type Outcome = { code: string | null; released: 'code' | 'code again' | Pair | 'passkey' | null; keys: boolean }

const WEEK = 7 * DAY
/** Given-up keys are removed after so long, and a request that is over at the earliest. Nothing here goes by either. */
export const KEPT = 30 * DAY
const REFUSED = (code: string): Outcome => ({ code, released: null, keys: false })
const DONE: Outcome = { code: null, released: null, keys: false }

export const newModel = (): Model => ({
  now: 0,
  freshStart: null,
  freshStartStoppedAt: null,
  formerKeys: [],
  open: null,
  closed: [],
  codesLeft: 8,
  codesUsed: 0,
  questionsSetAt: -WEEK,
  addressChangedAt: null,
  generation: 1,
  ringRevision: 1,
  passkeyOpens: true,
  alive: { mail: true, passkey: true },
})

/** Takes a step, and says what it comes to. */
export function take(model: Model, step: Step): Outcome {
  if (step.do === 'sign in') {
    // A session anew is another session: what was released to the former one is out of its reach.
    if (model.open?.releasedTo === step.by) model.open.releasedTo = 'gone'
    model.alive[step.by] = true
    return DONE
  }
  if ('by' in step && !model.alive[step.by]) return REFUSED('UNAUTHENTICATED')
  switch (step.do) {
    case 'initiate':
      return initiate(model, step.by, step.method)
    case 'code':
      return showCode(model, step)
    case 'answers':
      return showAnswers(model, step.by, step.pair, step.show === 'right')
    case 'touch':
      return touch(model, step)
    case 'complete':
      return complete(model, step)
    case 'follow link':
      if (step.which === 'newest' && openNow(model)) return stop(model, ['request'])
      return step.which === 'fresh start' && freshStartNow(model)
        ? stop(model, ['fresh start'])
        : REFUSED('LINK_INVALID')
    case 'stop':
      return stop(model, ['request', 'fresh start'])
    case 'ask to begin anew':
      return askToBeginAnew(model, step.typed)
    case 'begin anew':
      return beginAnew(model)
    case 'wait':
      model.now += step.ms
      return DONE
    case 'new codes':
      model.codesLeft = 8
      // A way that is taken back must not have released what then puts other keys in force.
      if (model.open && model.open.releasedAt !== null) close(model, openNow(model) ? 'superseded' : 'expired')
      if (model.open) model.open.holdsCode = false
      return DONE
    case 'set questions':
      model.questionsSetAt = model.now
      return supersede(model, 'SECURITY_QUESTIONS')
    case 'remove questions':
      if (model.questionsSetAt === null) return REFUSED('NOT_FOUND')
      model.questionsSetAt = null
      return supersede(model, 'SECURITY_QUESTIONS')
    case 'rotate':
      return newKeys(model, 'superseded')
    case 'change address':
      model.addressChangedAt = model.now
      return DONE
    case 'other':
      return DONE
  }
}

/** The open request, if its time is not over. */
export const openNow = ({ open, now }: Model): Open | null => (open && open.expiresAt > now ? open : null)

function initiate(model: Model, by: Actor, method: Method): Outcome {
  const open = openNow(model)
  if (method === 'SECURITY_QUESTIONS' && changedLately(model)) return REFUSED('RECOVERY_UNAVAILABLE')
  if (open && goesOn(open, by, method)) return DONE
  if (isLocked(model, method)) return REFUSED('RECOVERY_UNAVAILABLE')
  if (method === 'RECOVERY_CODE' && model.codesLeft === 0) return REFUSED('RECOVERY_UNAVAILABLE')
  if (method === 'SECURITY_QUESTIONS' && model.questionsSetAt === null) return REFUSED('RECOVERY_UNAVAILABLE')
  const begun = [...model.closed, ...(model.open ? [model.open] : [])]
  if (begun.some((one) => one.method === method && one.createdAt + DAY > model.now)) return REFUSED('RATE_LIMITED')
  close(model, open ? 'superseded' : 'expired')
  const availableAt = model.now + (method === 'SECURITY_QUESTIONS' ? 48 * HOUR : 0)
  const expiresAt = availableAt + (method === 'SECURITY_QUESTIONS' ? WEEK : DAY)
  const fresh = { answered: false, releasedTo: null, releasedAt: null, holdsCode: false, wrongAnswers: 0 }
  model.open = { method, createdAt: model.now, availableAt, expiresAt, ...fresh }
  return DONE
}

function goesOn({ method, answered, releasedTo }: Open, by: Actor, asked: Method): boolean {
  if (asked !== 'SECURITY_QUESTIONS' || method === asked || answered) return true
  return releasedTo !== null && releasedTo !== by
}

/** What is handed out is handed to one session, which has a day for it. A wait of answers that has begun goes on. */
function release(model: Model, open: Open, by: Actor, method: Method): void {
  const aDayOn = model.now + DAY
  if (!open.answered) Object.assign(open, { availableAt: model.now, expiresAt: aDayOn })
  open.expiresAt = Math.max(open.expiresAt, aDayOn)
  Object.assign(open, { method, releasedTo: by, releasedAt: model.now })
}

function showCode(model: Model, { by, show }: Step & { do: 'code' }): Outcome {
  const open = openNow(model)
  if (!open) return REFUSED('RECOVERY_NOT_OPEN')
  if (isLocked(model, 'RECOVERY_CODE')) return REFUSED('RECOVERY_UNAVAILABLE')
  // Whose answer was lost shows the same code again, a little later.
  const isAgain = show === 'used' && open.holdsCode && open.releasedAt !== null && open.releasedAt < model.now
  if (!isAgain && (show !== 'right' || model.codesLeft === 0)) return REFUSED('PROOF_INVALID')
  if (!isAgain) {
    model.codesLeft -= 1
    model.codesUsed += 1
    open.holdsCode = true
  }
  release(model, open, by, 'RECOVERY_CODE')
  return { code: null, released: isAgain ? 'code again' : 'code', keys: true }
}

function showAnswers(model: Model, by: Actor, pair: Pair, isRight: boolean): Outcome {
  const open = openNow(model)
  if (!open || (open.method !== 'SECURITY_QUESTIONS' && !open.answered)) return REFUSED('RECOVERY_NOT_OPEN')
  if (changedLately(model)) return REFUSED('RECOVERY_UNAVAILABLE')
  if (!isRight) {
    open.wrongAnswers += 1
    if (open.wrongAnswers === 5) close(model, 'too-many-tries')
    return REFUSED('PROOF_INVALID')
  }
  open.wrongAnswers = 0
  if (!open.answered) {
    const availableAt = model.now + 48 * HOUR
    Object.assign(open, { answered: true, availableAt, expiresAt: availableAt + WEEK })
    return DONE
  }
  if (open.availableAt > model.now) return DONE
  release(model, open, by, 'SECURITY_QUESTIONS')
  return { code: null, released: pair, keys: true }
}

function touch(model: Model, { by, show }: Step & { do: 'touch' }): Outcome {
  const open = openNow(model)
  if (!open) return REFUSED('RECOVERY_NOT_OPEN')
  if (isLocked(model, 'PASSKEY')) return REFUSED('RECOVERY_UNAVAILABLE')
  if (by !== 'mail') return REFUSED('REAUTHENTICATION_REQUIRED')
  if (show === 'bad signature') return REFUSED('PASSKEY_INVALID')
  if (show !== 'right') return REFUSED('CHALLENGE_INVALID')
  if (!model.passkeyOpens) return { code: null, released: null, keys: true }
  release(model, open, by, 'PASSKEY')
  return { code: null, released: 'passkey', keys: true }
}

function complete(model: Model, { by, with: what }: Step & { do: 'complete' }): Outcome {
  if (what === 'few codes') return REFUSED('SLOTS_INVALID')
  const open = openNow(model)
  if (!open) return REFUSED('RECOVERY_NOT_OPEN')
  if (open.releasedTo !== by) return REFUSED('RECOVERY_UNPROVEN')
  if (open.method === 'SECURITY_QUESTIONS' && changedLately(model)) return REFUSED('RECOVERY_UNAVAILABLE')
  if (what === 'old revision') return REFUSED('CONFLICT')
  if (what === 'former keys') return REFUSED('ENVELOPE_INVALID')
  model.alive = { mail: false, passkey: false, [by]: true }
  return newKeys(model, 'completed')
}

function newKeys(model: Model, reason: Reason): Outcome {
  close(model, reason)
  Object.assign(model, { codesLeft: 8, questionsSetAt: null, passkeyOpens: false, freshStart: null })
  model.generation += 1
  model.ringRevision += 1
  return DONE
}

function stop(model: Model, what: ('request' | 'fresh start')[]): Outcome {
  if (what.includes('request') && openNow(model)) close(model, 'cancelled')
  if (!what.includes('fresh start') || !freshStartNow(model)) return DONE
  Object.assign(model, { freshStart: null, freshStartStoppedAt: model.now })
  return DONE
}

const freshStartNow = ({ freshStart, now }: Model) => (freshStart && freshStart.expiresAt > now ? freshStart : null)

function askToBeginAnew(model: Model, typed: 'address' | 'other'): Outcome {
  if (typed !== 'address') return REFUSED('BAD_INPUT')
  if (freshStartNow(model)) return DONE
  const { freshStartStoppedAt: stoppedAt, now } = model
  if (stoppedAt !== null && stoppedAt + WEEK > now) return REFUSED('RECOVERY_UNAVAILABLE')
  model.freshStart = { availableAt: now + WEEK, expiresAt: now + 2 * WEEK }
  return DONE
}

function beginAnew(model: Model): Outcome {
  const freshStart = freshStartNow(model)
  if (!freshStart) return REFUSED('RECOVERY_NOT_OPEN')
  if (freshStart.availableAt > model.now) return REFUSED('RECOVERY_UNAVAILABLE')
  model.formerKeys.push(model.now)
  return newKeys(model, 'superseded')
}

function supersede(model: Model, method: Method): Outcome {
  if (model.open?.method === method) close(model, 'superseded')
  return DONE
}

function close(model: Model, reason: Reason): void {
  if (!model.open) return
  const { method, createdAt } = model.open
  model.closed.push({ method, createdAt, closedAt: model.now, reason })
  model.open = null
}

const isLocked = ({ closed, now }: Model, method: Method): boolean =>
  closed.some(
    (one) =>
      one.method === method &&
      (one.reason === 'cancelled' || one.reason === 'too-many-tries') &&
      one.closedAt + WEEK > now,
  )

const changedLately = ({ questionsSetAt, addressChangedAt, now }: Model): boolean =>
  [questionsSetAt, addressChangedAt].some((at) => at !== null && at + WEEK > now)

/** Both are EXPIRED to whoever asks. */
export const wordFor = (reason: string): string => (reason === 'superseded' ? 'expired' : reason)

/** What can be held against the rows: a request whose time is over counts as closed, whoever closes it and when. */
export function outline(model: Model) {
  const open = openNow(model)
  const over = model.open && !open ? [{ ...model.open, reason: 'expired' }] : []
  const closed = [...model.closed, ...over].filter(({ createdAt }) => createdAt + KEPT > model.now)
  return {
    open: open && {
      method: open.method,
      answered: open.answered,
      releasedTo: open.releasedTo,
      wrongAnswers: open.wrongAnswers,
    },
    closed: closed.map(({ method, reason }) => ({ method, reason: wordFor(reason) })),
    codesLeft: model.codesLeft,
    questions: model.questionsSetAt !== null,
    generation: model.generation,
    ringRevision: model.ringRevision,
    passkeyOpens: model.passkeyOpens,
    freshStart: freshStartNow(model) !== null,
    formerKeys: model.formerKeys.filter((at) => at + KEPT > model.now).length,
    alive: model.alive,
  }
}
