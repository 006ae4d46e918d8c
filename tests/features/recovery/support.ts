import { answered, codesOwner } from '../../attacks/recovery-support.ts'
import type { Owner } from '../../attacks/recovery-support.ts'
import type { TestApp } from '../../support/app.ts'
import { setupInput } from '../encryption/support.ts'
import type { Held, SetupInput } from '../encryption/support.ts'
import { newKid } from '../../support/envelopes.ts'

const FRESH_START = 'freshStart { createdAt availableAt expiresAt deviceName ipAddress } formerKeysUntil'
const COUNTS =
  'enabled biometricAvailable recoveryCodesLeft securityQuestionsSet generation ringRevision rotation { toKeyId }'

export const FRESH_STATUS = `{ recoveryStatus { ${FRESH_START} } }`
export const REQUEST_FRESH_START = `mutation ($confirmation: String!) { recoveryStatus: requestFreshStart(confirmation: $confirmation) { ${FRESH_START} } }`
export const COMPLETE_FRESH_START = `mutation ($input: SetupEncryptionInput!) { status: completeFreshStart(input: $input) { ${COUNTS} } }`
export const FORMER_KEYS =
  '{ formerKeys { encryptedPrivateKey publicKey keySalt keyId ringRevision slotsRevision generation slots { id kind passkeyId envelope createdAt } } }'

export type FreshStatus = {
  recoveryStatus: {
    freshStart: { createdAt: string; availableAt: string; expiresAt: string; deviceName: string } | null
    formerKeysUntil: string | null
  }
}

/** Somebody who has asked for a fresh start. */
export async function requested(app: TestApp, owner?: Owner): Promise<Owner> {
  const asking = owner ?? (await codesOwner(app))
  answered(await asking.browser.graphql(REQUEST_FRESH_START, { confirmation: asking.email }))
  return asking
}

export async function freshStatus({ browser }: Pick<Owner, 'browser'>): Promise<FreshStatus['recoveryStatus']> {
  return answered(await browser.graphql<FreshStatus>(FRESH_STATUS)).recoveryStatus
}

/** What completeFreshStart takes, and the keys that are then in force. */
export function freshKeys({ userId, generation, ringRevision }: Held): { input: SetupInput; held: Held } {
  const next = { generation: generation + 1, ringRevision: ringRevision + 1, kid: newKid() }
  const input = setupInput(userId, next)
  return { input, held: { userId, publicKey: input.publicKey, ...next } }
}

/** Lets time pass for a fresh start, by the database's clock: its instants move into the past, but the one it is known by. */
export async function letFreshStartPass({ services }: TestApp, userId: string, ms: number): Promise<void> {
  const { freshStart } = services.database.systemDb
  const { availableAt, expiresAt } = await freshStart.findUniqueOrThrow({ where: { userId } })
  const earlier = (at: Date) => new Date(at.getTime() - ms)
  await freshStart.update({
    where: { userId },
    data: { availableAt: earlier(availableAt), expiresAt: earlier(expiresAt) },
  })
}

/** Does what was asked for, its wait over. */
export async function begunAnew(app: TestApp, owner: Owner): Promise<Held> {
  await letFreshStartPass(app, owner.held.userId, 7 * 24 * 60 * 60_000)
  const { input, held } = freshKeys(owner.held)
  answered(await owner.browser.graphql(COMPLETE_FRESH_START, { input }))
  return held
}
