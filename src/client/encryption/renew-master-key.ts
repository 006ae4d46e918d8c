import type { Ask } from '../ask.ts'
import { isLatchkeyError } from '../errors.ts'
import type { KeySlotInput, PasskeyFieldsFragment } from '../generated/graphql.ts'
import { readAccountKeys, toPasskeyId, toSlotInput, type AccountKeys } from './account-keys.ts'
import { sendRing } from './lost-answers.ts'
import { proveWithPrf } from './prove-with-prf.ts'
import { confirmCodes, type CodeSteps } from './setup.ts'
import type { MadeKeys, Opener, PasskeyAtHand } from './vault.ts'
import type { VaultSession } from './vault-session.ts'

/** The steps of whatever puts a new master key in force. */
export type RenewalSteps = Pick<CodeSteps, 'showCodes'> &
  Partial<Pick<CodeSteps, 'typeBack'>> & {
    /**
     * Asked for each passkey that unlocks, before the browser asks for a touch of it: false leaves it out, and it
     * unlocks no more. Without this all are left out.
     */
    touchPasskey?: (passkey: PasskeyFieldsFragment) => boolean | Promise<boolean>
  }

/**
 * New keys are in force; or why they are not. RotatedElsewhere: another device has changed the keys, or the ways to
 * unlock them, since these were made. Nothing of them is in force, and codes that were shown are void.
 */
export type KeysRotated =
  | {
      kind: 'Rotated'
      /** The ids of passkeys that unlock no more. */
      passkeysLost: string[]
      /** Whether there were security questions. They went with the old master key, and must be set anew. */
      questionsLost: boolean
    }
  | { kind: 'RotatedElsewhere' }
  | { kind: 'CalledOff'; at: keyof CodeSteps }

export type Renewal = {
  /** With the slot that the opener opens. */
  account: Pick<AccountKeys, 'user' | 'email' | 'keys'>
  /** What opens the old master key: a new one for each call, for a vault wipes what it is given. */
  opener: () => Opener
  /** Found strong by whoever calls. */
  passphrase: string
  /** The account's. */
  passkeys: readonly PasskeyFieldsFragment[]
  /** The one of them that has been touched already; its output is wiped. */
  touched?: PasskeyAtHand | undefined
  hasQuestions: boolean
  steps: RenewalSteps
  send: (keys: RenewedKeys) => Promise<unknown>
}

/** What the server is sent, and the revisions that it was made from. */
export type RenewedKeys = Omit<MadeKeys, 'slots' | 'codes'> & {
  slots: KeySlotInput[]
  ringRevision: number
  slotsRevision: number
}

/**
 * Puts a new master key in force and seals every way to open it anew, in a vault that is unlocked. New codes are shown
 * before anything is sent. Afterwards the vault is unlocked by the new keys.
 */
export async function renewMasterKey(ask: Ask, session: VaultSession, renewal: Renewal): Promise<KeysRotated> {
  const { account, opener, passphrase, hasQuestions, steps, send } = renewal
  const { email, keys } = account
  const { passkeys, lost } = await touchEach(ask, renewal)
  const { codes, slots, ...ring } = await session
    .use((vault) => vault.rotateMasterKey({ keys, opener: opener(), email, passphrase, passkeys }))
    .finally(() => wipe(passkeys))
  const calledOffAt = await confirmCodes(steps, codes)
  if (calledOffAt) return { kind: 'CalledOff', at: calledOffAt }

  const { ringRevision, slotsRevision } = keys
  const sent = { ...ring, ringRevision, slotsRevision, slots: slots.map(toSlotInput) }
  const isSent = await sendKeys(ask, sent.encryptedPrivateKey, () => send(sent))
  if (!isSent) {
    await session.follow()
    return { kind: 'RotatedElsewhere' }
  }
  await session.unlock(await readAccountKeys(ask), { kind: 'PASSPHRASE', passphrase })
  return { kind: 'Rotated', passkeysLost: lost, questionsLost: hasQuestions }
}

/** Sends a ring. False when the keys were changed by somebody else since they were read. */
export async function sendKeys(ask: Ask, ring: string, send: () => Promise<unknown>): Promise<boolean> {
  try {
    await sendRing(ask, ring, send)
    return true
  } catch (error) {
    if (isLatchkeyError(error, 'CONFLICT')) return false
    throw error
  }
}

/** Touches the passkeys that unlock and are at hand, and names those that are not. */
async function touchEach(ask: Ask, { account, passkeys: known, touched, steps }: Renewal) {
  const passkeys: PasskeyAtHand[] = touched ? [touched] : []
  const lost: string[] = []
  try {
    for (const { passkeyId } of account.keys.slots) {
      if (passkeyId === null || passkeyId === touched?.passkeyId) continue
      const passkey = known.find(({ id }) => id === toPasskeyId(passkeyId))
      const output = passkey && (await steps.touchPasskey?.(passkey)) ? await touch(ask, passkey) : null
      if (output) passkeys.push({ passkeyId, prf: output })
      else lost.push(toPasskeyId(passkeyId))
    }
  } catch (error) {
    wipe(passkeys)
    throw error
  }
  return { passkeys, lost }
}

async function touch(ask: Ask, { credentialId }: PasskeyFieldsFragment): Promise<Uint8Array | null> {
  const touched = await proveWithPrf(ask, { credentialId })
  return touched.kind === 'Touched' ? touched.output : null
}

function wipe(passkeys: readonly PasskeyAtHand[]): void {
  for (const { prf } of passkeys) prf.fill(0)
}
