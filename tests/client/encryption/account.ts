import { onTestFinished } from 'vitest'
import { v7 as uuidv7 } from 'uuid'
import { makeVault } from '../../../src/client/encryption/make-vault.ts'
import type { MadeKeys, NewSlot, Opener, SealedKeys, SealedSlot, Vault } from '../../../src/client/encryption/vault.ts'
import { headerOf } from '../../support/second-reader.ts'

export const EMAIL = 'ada@example.com'
export const PASSPHRASE = 'tarnish gopher quilt envelope'

/** An account with its keys, as a server would keep them, and a vault that is locked. */
export type Account = { user: string; vault: Vault; made: MadeKeys; keys: SealedKeys }

export async function makeAccount(): Promise<Account> {
  const user = uuidv7()
  const vault = makeVault()
  onTestFinished(() => vault.lock())
  const made = await vault.make({ user, email: EMAIL, passphrase: PASSPHRASE, generation: 1, ringRevision: 1 })
  return { user, vault, made, keys: sealedKeys(made, { generation: 1, ringRevision: 1 }) }
}

/** The same, unlocked. By a code, which costs no rounds of PBKDF2. */
export async function unlockedAccount(): Promise<Account> {
  const account = await makeAccount()
  const { user, keys, vault } = account
  await vault.unlock({ user, keys, opener: codeOf(account.made), seen: null })
  return account
}

export const byPassphrase = (passphrase = PASSPHRASE): Opener => ({ kind: 'PASSPHRASE', passphrase })

export const codeOf = ({ codes }: Pick<MadeKeys, 'codes'>, index = 0): Opener => ({
  kind: 'RECOVERY_CODE',
  code: codes[index] ?? '',
})

/** What a server gives back for what it was sent. */
export function sealedKeys(
  made: Omit<MadeKeys, 'codes'>,
  counts: { generation: number; ringRevision: number },
): SealedKeys {
  const { encryptedPrivateKey, publicKey, keySalt, slots } = made
  const keyId = headerOf(encryptedPrivateKey).kid ?? ''
  return { encryptedPrivateKey, publicKey, keySalt, keyId, ...counts, slots: slots.map(sealedSlot) }
}

export const sealedSlot = ({ id, kind, envelope, passkeyId = '' }: NewSlot): SealedSlot => ({
  id,
  kind,
  envelope,
  passkeyId: passkeyId || null,
})

/** The keys after a rotation of the record key. */
export function rotated(
  keys: SealedKeys,
  ring: { encryptedPrivateKey: string; publicKey: SealedKeys['publicKey'] },
): SealedKeys {
  const keyId = headerOf(ring.encryptedPrivateKey).kid ?? ''
  return { ...keys, ...ring, keyId, ringRevision: keys.ringRevision + 1 }
}

/** 32 bytes as a passkey's PRF extension gives them, different for each seed. A copy each time, for they are wiped after use. */
export const prfOf = (seed: number): Uint8Array => new Uint8Array(32).fill(seed)

/** Encrypts one value. */
export async function encryptOne(vault: Vault, record: string, revision: number, value: unknown): Promise<string> {
  const [envelope] = await vault.encrypt([{ record, revision, value }])
  if (envelope === undefined) throw new Error('One envelope was expected.')
  return envelope
}

/** Opens one envelope. */
export async function decryptOne(vault: Vault, record: string, revision: number, envelope: string) {
  const [opened] = await vault.decrypt([{ record, revision, envelope }])
  if (!opened) throw new Error('One answer was expected.')
  return opened
}

/** An envelope with parts of it replaced: the header as an object, the others as bytes. */
export function forge(envelope: string, change: (parts: { header: Record<string, unknown>; bytes: Buffer[] }) => void) {
  const [head = '', ...rest] = envelope.split('.')
  const parts = {
    header: JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>,
    bytes: rest.map((part) => Buffer.from(part, 'base64url')),
  }
  change(parts)
  const header = Buffer.from(JSON.stringify(parts.header)).toString('base64url')
  return [header, ...parts.bytes.map((bytes) => bytes.toString('base64url'))].join('.')
}
