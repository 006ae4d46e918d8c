import type { TestApp } from '../../support/app.ts'
import type { Answer, Visitor } from '../../support/browser-like.ts'
import {
  allSlots,
  newKid,
  newPublicKey,
  random,
  recordEnvelope,
  ringEnvelope,
  slotInput,
} from '../../support/envelopes.ts'
import type { Jwk, SlotInput } from '../../support/envelopes.ts'
import { signIn } from '../../support/people.ts'
import type { Person } from '../../support/people.ts'
import { made as makeRecord, newId, rowId } from '../records/support.ts'
import type { RecordNode } from '../records/support.ts'

const ROTATION = 'fromKeyId toKeyId recordsLeft startedAt finishedAt'
const FIELDS = `enabled biometricAvailable recoveryCodesLeft securityQuestionsSet createdAt generation ringRevision rotation { ${ROTATION} }`

export const STATUS = `{ encryptionStatus { ${FIELDS} } }`
export const KEYS =
  '{ encryptionKeys { encryptedPrivateKey publicKey keySalt keyId ringRevision slotsRevision generation slots { id kind passkeyId envelope createdAt } } }'
export const SETUP = `mutation ($input: SetupEncryptionInput!) { status: setupEncryption(input: $input) { ${FIELDS} } }`
export const ENABLE = `mutation ($input: EnableBiometricUnlockInput!) { status: enableBiometricUnlock(input: $input) { ${FIELDS} } }`
export const DISABLE_BIOMETRIC = `mutation ($id: ID!) { status: disableBiometricUnlock(passkeyId: $id) { ${FIELDS} } }`
export const CHANGE = `mutation ($input: ChangePassphraseInput!) { status: changePassphrase(input: $input) { ${FIELDS} } }`
export const ROTATE = `mutation ($input: RotateKeysInput!) { status: rotateKeys(input: $input) { ${FIELDS} } }`
export const CODES = `mutation ($input: RegenerateRecoveryCodesInput!) { status: regenerateRecoveryCodes(input: $input) { ${FIELDS} } }`
export const DISABLE = `mutation { status: disableEncryption { ${FIELDS} } }`
export const TO_REENCRYPT =
  'query ($first: Int, $after: ID) { recordsToReencrypt(first: $first, after: $after) { id revision encryptedData } }'
export const REENCRYPT = `mutation ($input: [ReencryptRecordInput!]!) { reencryptRecords(input: $input) { records { id revision keyId encryptedData } conflicts rotation { ${ROTATION} } } }`

export type Rotation = {
  fromKeyId: string
  toKeyId: string
  recordsLeft: number
  startedAt: string
  finishedAt: string | null
}
export type Status = {
  enabled: boolean
  biometricAvailable: boolean
  recoveryCodesLeft: number
  securityQuestionsSet: boolean
  createdAt: string | null
  generation: number
  ringRevision: number
  rotation: Rotation | null
}
export type Keys = {
  encryptedPrivateKey: string
  publicKey: Jwk
  keySalt: string
  keyId: string
  ringRevision: number
  slotsRevision: number
  generation: number
  slots: { id: string; kind: string; passkeyId: string | null; envelope: string; createdAt: string }[]
}
export type Reencrypted = {
  reencryptRecords: {
    records: { id: string; revision: number; keyId: string; encryptedData: string }[]
    conflicts: string[]
    rotation: Rotation
  }
}
export type ToReencrypt = { recordsToReencrypt: { id: string; revision: number; encryptedData: string }[] }

/** A person's keys as their clients know them. */
export type Held = { userId: string; kid: string; publicKey: Jwk; generation: number; ringRevision: number }

export type SetupInput = { encryptedPrivateKey: string; publicKey: Jwk; keySalt: string; slots: SlotInput[] }

/** What setupEncryption takes for an account whose counts stand so. */
export function setupInput(
  userId: string,
  { generation, ringRevision, kid }: Omit<Held, 'userId' | 'publicKey'>,
): SetupInput {
  return {
    encryptedPrivateKey: ringEnvelope({ userId, ringRevision, generation, kid }),
    publicKey: newPublicKey(),
    keySalt: random(32),
    slots: allSlots(userId, generation),
  }
}

/** The same for the first time. */
export function firstSetup(userId: string, kid = newKid()): SetupInput {
  return setupInput(userId, { generation: 1, ringRevision: 1, kid })
}

export type Encrypted = Person & { held: Held; input: SetupInput }

/** Switches encryption on for somebody. */
export async function switchOn(person: Person): Promise<Encrypted> {
  const userId = rowId(person.userId)
  const kid = newKid()
  const input = firstSetup(userId, kid)
  await statusOf(person.browser.graphql(SETUP, { input }))
  return { ...person, input, held: { userId, kid, publicKey: input.publicKey, generation: 1, ringRevision: 1 } }
}

/** Somebody who is signed in, and whose encryption is on. */
export async function withEncryption(app: TestApp): Promise<Encrypted> {
  return switchOn(await signIn(app))
}

/** The status in an answer that must not be a refusal. */
export async function statusOf(asked: Promise<Answer>): Promise<Status> {
  const { data, errors } = await asked
  const { status, encryptionStatus } = (data ?? {}) as { status?: Status; encryptionStatus?: Status } // as asked above
  const found = status ?? encryptionStatus
  if (!found) throw new Error(`Encryption was refused: ${JSON.stringify(errors)}`)
  return found
}

export async function keysOf(browser: Visitor): Promise<Keys | null> {
  const { data, errors } = await browser.graphql<{ encryptionKeys: Keys | null }>(KEYS)
  if (!data) throw new Error(`encryptionKeys was refused: ${JSON.stringify(errors)}`)
  return data.encryptionKeys
}

export type RotateInput = {
  encryptedPrivateKey: string
  publicKey: Jwk
  ringRevision: number
  slots?: SlotInput[]
}

/** The next keys of somebody, and what rotateKeys takes for them. */
export function nextKeys(
  held: Held,
  { full = false, publicKey = held.publicKey } = {},
): { held: Held; input: RotateInput } {
  const generation = held.generation + (full ? 1 : 0)
  const next = { ...held, kid: newKid(), publicKey, generation, ringRevision: held.ringRevision + 1 }
  const input = {
    encryptedPrivateKey: ringEnvelope(next),
    publicKey,
    ringRevision: held.ringRevision,
    ...(full && { slots: allSlots(held.userId, generation) }),
  }
  return { held: next, input }
}

/** Rotates somebody's keys, and gives those that are then in force. */
export async function rotated(
  browser: Visitor,
  held: Held,
  options: { full?: boolean; publicKey?: Jwk } = {},
): Promise<Held> {
  const next = nextKeys(held, options)
  await statusOf(browser.graphql(ROTATE, { input: next.input }))
  return next.held
}

/** A new encryptedData of a record, for the revision after the one that it has. */
export function envelopeFor({ userId, kid }: Held, id: string, revision: number): string {
  return recordEnvelope({ userId, id: rowId(id), revision, kid })
}

/** Makes records that are encrypted under somebody's key. */
export async function encryptedRecords(browser: Visitor, held: Held, count: number): Promise<RecordNode[]> {
  const records: RecordNode[] = []
  for (let number = 0; number < count; number++) {
    const id = newId()
    records.push(await makeRecord(browser, { id, encryptedData: envelopeFor(held, id, 1) }))
  }
  return records
}

/** What reencryptRecords takes for records as they were read. */
export function anew(held: Held, records: readonly { id: string; revision: number }[]) {
  return records.map(({ id, revision }) => ({ id, revision, encryptedData: envelopeFor(held, id, revision + 1) }))
}

/** A passkey slot. */
export function passkeySlot({ userId, generation }: Held, passkeyId: string, id?: string): SlotInput {
  return slotInput({ userId, kind: 'PASSKEY', generation, passkeyId, ...(id !== undefined && { id }) })
}
