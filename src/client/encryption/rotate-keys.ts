import type { Ask } from '../ask.ts'
import { RotateKeysDocument } from '../generated/graphql.ts'
import { readAccountKeys } from './account-keys.ts'
import { listPasskeys } from './passkey-unlock.ts'
import { insistOnStrength } from './passphrase.ts'
import { renewMasterKey, sendKeys, type KeysRotated, type RenewalSteps } from './renew-master-key.ts'
import type { VaultSession } from './vault-session.ts'

/** What a rotation of everything asks of the person. */
export type RotateEverything = RenewalSteps & {
  /** Opens the old master key. */
  passphrase: string
  /** The passphrase from now on; the old one where it is left out. */
  newPassphrase?: string
}

/** Puts a new record key and a new pair in force. The master key stays, and with it every way to unlock. */
export async function rotateRecordKey(ask: Ask, session: VaultSession): Promise<KeysRotated> {
  // What another device did before is taken up first: this rotation is made from what is in force.
  await session.use(() => session.follow())
  const { keys } = await readAccountKeys(ask)
  const made = await session.use((vault) => vault.rotateRecordKey({ keys }))
  const input = { ...made, ringRevision: keys.ringRevision }
  const isSent = await sendKeys(ask, made.encryptedPrivateKey, () => ask(RotateKeysDocument, { input }))
  await session.follow()
  return isSent ? { kind: 'Rotated', passkeysLost: [], questionsLost: false } : { kind: 'RotatedElsewhere' }
}

/** Puts everything anew in force: the master key, and each way to open it. */
export async function rotateMasterKey(
  ask: Ask,
  session: VaultSession,
  { passphrase, newPassphrase, ...steps }: RotateEverything,
): Promise<KeysRotated> {
  const account = await readAccountKeys(ask)
  const opener = () => ({ kind: 'PASSPHRASE', passphrase }) as const
  // A wrong secret is found out before anything is asked of the person.
  await session.unlock(account, opener())
  if (newPassphrase !== undefined) await insistOnStrength(newPassphrase, account.email)
  return renewMasterKey(ask, session, {
    account,
    opener,
    passphrase: newPassphrase ?? passphrase,
    passkeys: steps.touchPasskey ? await listPasskeys(ask) : [],
    hasQuestions: account.status.securityQuestionsSet,
    steps,
    send: (input) => ask(RotateKeysDocument, { input }),
  })
}
