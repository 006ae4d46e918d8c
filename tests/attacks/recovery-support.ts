import { v7 as uuidv7 } from 'uuid'
import type { TestApp } from '../support/app.ts'
import type { Answer, Visitor } from '../support/browser-like.ts'
import { allSlots, newKid, newPublicKey, random, ringEnvelope, slotEnvelope } from '../support/envelopes.ts'
import type { Jwk, SlotInput } from '../support/envelopes.ts'
import { signIn } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import { switchOn } from '../features/encryption/support.ts'
import type { Encrypted, Held } from '../features/encryption/support.ts'

/*
 * People who recover their keys, and people who should not. The server sees verifiers and envelopes; those here are
 * random bytes of the right form, and the verifiers of codes and answers are known by position and by pair.
 */

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const REQUEST = 'id method state createdAt availableAt expiresAt'
const SLOT = 'id kind passkeyId envelope'
const PAYLOAD = `request { ${REQUEST} } slot { ${SLOT} } keys { encryptedPrivateKey keyId generation ringRevision slots { id kind envelope } }`
const STATUS = `methods recoveryCodesLeft questions questionsSalt request { ${REQUEST} }`
const COUNTS = 'enabled generation ringRevision recoveryCodesLeft securityQuestionsSet'

export const RECOVERY_STATUS = `{ recoveryStatus { ${STATUS} } }`
export const INITIATE = `mutation ($method: RecoveryMethod!) { request: initiateRecovery(input: { method: $method }) { ${REQUEST} } }`
export const VERIFY_RECOVERY = `mutation ($input: VerifyRecoveryInput!) { payload: verifyRecovery(input: $input) { ${PAYLOAD} } }`
export const BEGIN_PASSKEY = 'mutation { begun: beginPasskeyRecovery { challengeId options expiresAt } }'
export const COMPLETE_PASSKEY = `mutation ($challengeId: ID!, $response: JSON!) { payload: completePasskeyRecovery(input: { challengeId: $challengeId, response: $response }) { ${PAYLOAD} } }`
export const COMPLETE = `mutation ($input: CompleteRecoveryInput!) { status: completeRecovery(input: $input) { ${COUNTS} } }`
export const CANCEL = 'mutation ($token: String!) { cancelRecovery(token: $token) }'
export const CANCEL_OPEN = 'mutation { cancelOpenRecovery }'
export const SET_QUESTIONS = `mutation ($input: SetSecurityQuestionsInput!) { status: setSecurityQuestions(input: $input) { ${STATUS} } }`
export const REMOVE_QUESTIONS = `mutation { status: removeSecurityQuestions { ${STATUS} } }`

export const ASK_TO_BEGIN_ANEW =
  'mutation ($confirmation: String!) { status: requestFreshStart(confirmation: $confirmation) { freshStart { createdAt availableAt expiresAt } } }'
export const BEGIN_ANEW = `mutation ($input: SetupEncryptionInput!) { status: completeFreshStart(input: $input) { ${COUNTS} } }`
export const FORMER_KEYS = '{ formerKeys { encryptedPrivateKey keyId generation slots { id kind envelope } } }'

export type Method = 'RECOVERY_CODE' | 'SECURITY_QUESTIONS' | 'PASSKEY'
export type Pair = '0-1' | '0-2' | '1-2'
export const PAIRS: readonly Pair[] = ['0-1', '0-2', '1-2']

export type RequestShown = {
  id: string
  method: Method
  state: 'WAITING' | 'READY' | 'COMPLETED' | 'CANCELLED' | 'EXPIRED'
  createdAt: string
  availableAt: string
  expiresAt: string
}
export type Payload = {
  request: RequestShown
  slot: { id: string; kind: string; passkeyId: string | null; envelope: string } | null
  keys: { encryptedPrivateKey: string; keyId: string; generation: number; ringRevision: number } | null
}
export type RecoveryStatus = {
  methods: Method[]
  recoveryCodesLeft: number
  questions: string[]
  questionsSalt: string | null
  request: RequestShown | null
}

/** The questions of somebody: what was sent, and what answering each pair shows to the server. */
export type Questions = { slots: Readonly<Record<Pair, SlotInput>>; verifiers: Readonly<Record<Pair, string>> }

/** Somebody whose encryption is on, with the eight verifiers of the codes. */
export type Owner = Encrypted & { codes: string[] }

export const WORDS = ['What was the first street?', 'Who taught you to swim?', 'What did the cat eat?']

/** What setSecurityQuestions takes for the keys that somebody holds. */
export function questionsInput({ userId, generation }: Held, questions: readonly string[] = WORDS) {
  const made = PAIRS.map((pair) => {
    const id = uuidv7()
    const kind = 'SECURITY_QUESTIONS' as const
    const verifier = random(32)
    const slot = { id: `keyslot_${id}`, kind, envelope: slotEnvelope({ userId, id, kind, generation }), verifier }
    return { pair, slot }
  })
  const input = {
    questions,
    salt: random(32),
    pairs: made.map(({ pair, slot }) => ({ ...indexesOf(pair), slot })),
  }
  const slots = Object.fromEntries(made.map(({ pair, slot }) => [pair, slot])) as Record<Pair, SlotInput> // of all three
  const verifiers = { '0-1': '', '0-2': '', '1-2': '' }
  for (const { pair, slot } of made) verifiers[pair] = slot.verifier
  return { input, questions: { slots, verifiers } }
}

/** The two indexes that a pair is written as in the API. */
export function indexesOf(pair: Pair): { first: number; second: number } {
  const [first, second] = pair.split('-').map(Number)
  return { first: first ?? 0, second: second ?? 0 }
}

/** Somebody whose encryption is on. */
export async function codesOwner(app: TestApp, person?: Person): Promise<Owner> {
  const owner = await switchOn(person ?? (await signIn(app)))
  return { ...owner, codes: codesIn(owner.input.slots) }
}

/** The verifiers of the codes among slots. */
export const codesIn = (slots: readonly SlotInput[]): string[] =>
  slots.flatMap(({ kind, verifier }) => (kind === 'RECOVERY_CODE' && verifier ? [verifier] : []))

/** The same, who set questions so long ago that they may be used. */
export async function questionsOwner(app: TestApp, person?: Person): Promise<Owner & { questions: Questions }> {
  const owner = await codesOwner(app, person)
  const { input, questions } = questionsInput(owner.held)
  answered(await owner.browser.graphql(SET_QUESTIONS, { input }))
  await passTime(app, owner.held.userId, 7 * DAY)
  return { ...owner, questions }
}

/** An answer that must not be a refusal. */
export function answered<Data>({ data, errors }: Answer<Data>): Data {
  if (data && errors.length === 0) return data
  throw new Error(`It was refused: ${JSON.stringify(errors)}`)
}

export async function initiate(browser: Visitor, method: Method): Promise<RequestShown> {
  return answered(await browser.graphql<{ request: RequestShown }>(INITIATE, { method })).request
}

export const askToInitiate = (browser: Visitor, method: Method) =>
  browser.graphql<{ request: RequestShown }>(INITIATE, { method })

/** Shows a code's verifier. */
export const showCode = (browser: Visitor, verifier: string) =>
  browser.graphql<{ payload: Payload }>(VERIFY_RECOVERY, { input: { verifier } })

/** Shows the verifier of two answers. */
export const showAnswers = (browser: Visitor, pair: Pair, verifier: string) =>
  browser.graphql<{ payload: Payload }>(VERIFY_RECOVERY, { input: { verifier, ...indexesOf(pair) } })

export const cancelBy = (browser: Visitor, token: string) =>
  browser.graphql<{ cancelRecovery: boolean }>(CANCEL, { token })

export async function recoveryStatus(browser: Visitor): Promise<RecoveryStatus> {
  return answered(await browser.graphql<{ recoveryStatus: RecoveryStatus }>(RECOVERY_STATUS)).recoveryStatus
}

export type CompleteInput = {
  encryptedPrivateKey: string
  publicKey: Jwk
  keySalt: string
  ringRevision: number
  slots: SlotInput[]
}

/** What completeRecovery takes, and the keys that are then in force. */
export function newKeys(held: Held): { input: CompleteInput; held: Held; codes: string[] } {
  const [kid, publicKey] = [newKid(), newPublicKey()]
  const next = { ...held, kid, publicKey, generation: held.generation + 1, ringRevision: held.ringRevision + 1 }
  const slots = allSlots(held.userId, next.generation)
  const { ringRevision } = held
  const input = { encryptedPrivateKey: ringEnvelope(next), publicKey, keySalt: random(32), ringRevision, slots }
  return { input, held: next, codes: codesIn(slots) }
}

/** A browser with the cookies of another: a second tab, or the same session at another process. */
export function tabOf(browser: Visitor, app: TestApp): Visitor {
  const tab = app.browser()
  for (const [name, value] of browser.cookies) tab.cookies.set(name, value)
  return tab
}

/** The newest link that stops a recovery, of the mails to an address; waits until so many mails with one have come. */
export async function cancelTokenOf(app: TestApp, email: string, count = 1): Promise<string> {
  const { text } = await app.mailbox.latest(email, count, (mail) => CANCEL_LINK.test(mail.text))
  return CANCEL_LINK.exec(text)?.[1] ?? ''
}

/** The link that stops a recovery, in a mail. Its token is the first group. */
export const CANCEL_LINK = /\/auth\/cancel-recovery#([\w-]{43})/

/** The time of the database's clock, asked past the server. */
export async function databaseTime({ services }: TestApp): Promise<Date> {
  const { provider, systemDb } = services.database
  const text =
    provider === 'postgresql'
      ? 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms'
      : "SELECT (julianday('now') - 2440587.5) * 86400000 AS ms"
  const [row] = await systemDb.$queryRawUnsafe<{ ms: number }[]>(text)
  return new Date(Math.round(row?.ms ?? NaN))
}

const INSTANTS = {
  recoveryRequest: ['createdAt', 'availableAt', 'expiresAt', 'answeredAt', 'releasedAt', 'closedAt'],
  securityQuestions: ['setAt'],
  freshStart: ['createdAt', 'availableAt', 'expiresAt'],
  formerKeys: ['givenUpAt', 'removeAt'],
  user: ['emailChangedAt'],
} as const

/**
 * Lets time pass for a person's recoveries, all that goes by the database's clock: each instant moves so far into the
 * past. Their sessions stay as they are.
 */
export async function passTime({ services }: TestApp, userId: string, ms: number): Promise<void> {
  const earlier = (row: object, names: readonly string[]) =>
    Object.fromEntries(
      Object.entries(row)
        .filter((entry): entry is [string, Date] => names.includes(entry[0]) && entry[1] instanceof Date)
        .map(([name, at]) => [name, new Date(at.getTime() - ms)]),
    )
  await services.database.systemDb.$transaction(async (tx) => {
    const where = { userId }
    for (const row of await tx.recoveryRequest.findMany({ where })) {
      await tx.recoveryRequest.update({ where: { id: row.id }, data: earlier(row, INSTANTS.recoveryRequest) })
    }
    for (const row of await tx.securityQuestions.findMany({ where }))
      await tx.securityQuestions.update({ where, data: earlier(row, INSTANTS.securityQuestions) })
    for (const row of await tx.freshStart.findMany({ where }))
      await tx.freshStart.update({ where, data: earlier(row, INSTANTS.freshStart) })
    for (const row of await tx.formerKeys.findMany({ where }))
      await tx.formerKeys.update({ where: { id: row.id }, data: earlier(row, INSTANTS.formerKeys) })
    // That a fresh start was stopped stands in the log alone.
    const stopped = { ...where, action: 'recovery.cancelled', tableName: 'fresh_starts' }
    for (const row of await tx.auditEntry.findMany({ where: stopped }))
      await tx.auditEntry.update({ where: { id: row.id }, data: { timestamp: new Date(row.timestamp.getTime() - ms) } })
    const user = await tx.user.findUniqueOrThrow({ where: { id: userId } })
    if (user.emailChangedAt) await tx.user.update({ where: { id: userId }, data: earlier(user, INSTANTS.user) })
  })
}

/** The open request of somebody, as the database has it. */
export const openRequest = ({ services }: TestApp, userId: string) =>
  services.database.systemDb.recoveryRequest.findFirst({ where: { userId, isOpen: true } })

/** Every request of somebody, the oldest first. */
export const requestsOf = ({ services }: TestApp, userId: string) =>
  services.database.systemDb.recoveryRequest.findMany({ where: { userId }, orderBy: { createdAt: 'asc' } })

/** All of an account that a refused call must leave as it was. */
export async function standing({ services }: TestApp, userId: string) {
  const { systemDb } = services.database
  const where = { userId }
  const byId = { id: 'asc' } as const
  const [keys, slots, rotations, usage, questions, requests, freshStarts, formerKeys, sessions] = await Promise.all([
    systemDb.encryptionKeys.findMany({ where }),
    systemDb.keySlot.findMany({ where, orderBy: byId }),
    systemDb.keyRotation.findMany({ where, orderBy: byId }),
    systemDb.recordUsage.findMany({ where }),
    systemDb.securityQuestions.findMany({ where }),
    systemDb.recoveryRequest.findMany({ where, orderBy: byId }),
    systemDb.freshStart.findMany({ where }),
    systemDb.formerKeys.findMany({ where, orderBy: byId }),
    systemDb.session.findMany({ where, orderBy: byId, omit: { lastActivityAt: true } }),
  ])
  return { keys, slots, rotations, usage, questions, requests, freshStarts, formerKeys, sessions }
}

/** How many lines of the security log tell of an action. */
export const logged = ({ services }: TestApp, userId: string, action: string) =>
  services.database.systemDb.auditEntry.count({ where: { userId, action } })
