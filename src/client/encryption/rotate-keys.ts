import type { Ask } from '../ask.ts'
import { isLatchkeyError } from '../errors.ts'
import { RotateKeysDocument, type PasskeyFieldsFragment, type RotateKeysInput } from '../generated/graphql.ts'
import { bareId } from '../../shared/encryption/contexts.ts'
import { readAccountKeys, toPasskeyId, toSlotInput, type AccountKeys } from './account-keys.ts'
import { sendRing } from './lost-answers.ts'
import { findPasskey } from './passkey-unlock.ts'
import { insistOnStrength } from './passphrase.ts'
import { proveWithPrf } from './prove-with-prf.ts'
import { confirmCodes, type CodeSteps } from './setup.ts'
import type { PasskeyAtHand } from './vault.ts'
import type { VaultSession } from './vault-session.ts'

/** What opens the old master key: the passphrase, or a recovery code with the slot that recovery has released. */
export type OldSecret = { passphrase: string } | { recovery: RecoveryCode }
/** `slot` as the server gave it. */
export type RecoveryCode = { slot: ReleasedSlot; code: string }
export type ReleasedSlot = { id: string; envelope: string }

/** What a rotation of everything asks of the person. */
export type RotateEverything = OldSecret &
  Pick<CodeSteps, 'showCodes'> &
  Partial<Pick<CodeSteps, 'typeBack'>> & {
    /** The passphrase from now on; the old one where it is left out. */
    newPassphrase?: string
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
  | { kind: 'Rotated'; passkeysLost: string[] }
  | { kind: 'RotatedElsewhere' }
  | { kind: 'CalledOff'; at: keyof CodeSteps }

/** Puts a new record key and a new pair in force. The master key stays, and with it every way to unlock. */
export async function rotateRecordKey(ask: Ask, session: VaultSession): Promise<KeysRotated> {
  // What another device did before is taken up first: this rotation is made from what is in force.
  await session.use(() => session.follow())
  const { keys } = await readAccountKeys(ask)
  const made = await session.use((vault) => vault.rotateRecordKey({ keys }))
  const isSent = await sendKeys(ask, { ...made, ringRevision: keys.ringRevision })
  await session.follow()
  return isSent ? { kind: 'Rotated', passkeysLost: [] } : { kind: 'RotatedElsewhere' }
}

/** Puts everything anew in force: the master key, and each way to open it. */
export async function rotateMasterKey(
  ask: Ask,
  session: VaultSession,
  { newPassphrase, touchPasskey, ...everything }: RotateEverything,
): Promise<KeysRotated> {
  const account = withReleased(await readAccountKeys(ask), everything)
  // A wrong secret is found out before anything is asked of the person.
  await session.unlock(account, openerOf(everything))
  if (newPassphrase !== undefined) await insistOnStrength(newPassphrase, account.email)
  const passphrase = newPassphrase ?? ('passphrase' in everything ? everything.passphrase : undefined)
  if (passphrase === undefined) throw new TypeError('newPassphrase: after a recovery a new one must be chosen.')

  const { passkeys, lost } = await touchEach(ask, account, touchPasskey)
  const { keys, email } = account
  const opener = openerOf(everything)
  const { codes, slots, ...ring } = await session
    .use((vault) => vault.rotateMasterKey({ keys, opener, email, passphrase, passkeys }))
    .finally(() => wipe(passkeys))
  const calledOffAt = await confirmCodes(everything, codes)
  if (calledOffAt) return { kind: 'CalledOff', at: calledOffAt }

  const { ringRevision, slotsRevision } = keys
  const input = { ...ring, ringRevision, slotsRevision, slots: slots.map(toSlotInput) }
  if (!(await sendKeys(ask, input))) {
    await session.follow()
    return { kind: 'RotatedElsewhere' }
  }
  await session.unlock(await readAccountKeys(ask), { kind: 'PASSPHRASE', passphrase })
  return { kind: 'Rotated', passkeysLost: lost }
}

/** The opener for the old master key. A new object each time: a vault may wipe what it is given. */
export function openerOf(secret: OldSecret) {
  return 'passphrase' in secret
    ? ({ kind: 'PASSPHRASE', passphrase: secret.passphrase } as const)
    : ({ kind: 'RECOVERY_CODE', code: secret.recovery.code } as const)
}

/** The account's keys with the slot that recovery released, which the server does not give otherwise. */
export function withReleased(account: AccountKeys, secret: OldSecret): AccountKeys {
  if ('passphrase' in secret) return account
  const { id, envelope } = secret.recovery.slot
  const released = { id: bareId(id), kind: 'RECOVERY_CODE', passkeyId: null, envelope } as const
  return { ...account, keys: { ...account.keys, slots: [...account.keys.slots, released] } }
}

/** False when the keys were changed by somebody else since they were read. */
async function sendKeys(ask: Ask, input: RotateKeysInput): Promise<boolean> {
  try {
    await sendRing(ask, input.encryptedPrivateKey, () => ask(RotateKeysDocument, { input }))
    return true
  } catch (error) {
    if (isLatchkeyError(error, 'CONFLICT')) return false
    throw error
  }
}

/** Touches the passkeys that unlock and are at hand, and names those that are not. */
async function touchEach(ask: Ask, { keys }: AccountKeys, touchPasskey: RotateEverything['touchPasskey']) {
  const passkeys: PasskeyAtHand[] = []
  const lost: string[] = []
  try {
    for (const { passkeyId } of keys.slots) {
      if (passkeyId === null) continue
      const output = touchPasskey ? await touch(ask, toPasskeyId(passkeyId), touchPasskey) : null
      if (output) passkeys.push({ passkeyId, prf: output })
      else lost.push(toPasskeyId(passkeyId))
    }
  } catch (error) {
    wipe(passkeys)
    throw error
  }
  return { passkeys, lost }
}

async function touch(
  ask: Ask,
  id: string,
  touchPasskey: NonNullable<RotateEverything['touchPasskey']>,
): Promise<Uint8Array | null> {
  const passkey = await findPasskey(ask, id)
  if (!passkey || !(await touchPasskey(passkey))) return null
  const touched = await proveWithPrf(ask, { credentialId: passkey.credentialId })
  return touched.kind === 'Touched' ? touched.output : null
}

function wipe(passkeys: readonly PasskeyAtHand[]): void {
  for (const { prf } of passkeys) prf.fill(0)
}
