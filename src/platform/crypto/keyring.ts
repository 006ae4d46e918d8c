import { createHmac, hkdfSync } from 'node:crypto'

/** One of the server's keys: 32 bytes under an id. */
export type MasterKey = { id: string; bytes: Buffer }

/** What a subkey is for. A new use takes a new purpose, so that no key serves two ends. */
export type KeyPurpose =
  | 'codes'
  | 'seal-records'
  | 'seal-key-slots'
  | 'seal-mail'
  | 'seal-webhooks'
  | 'seal-questions'
  | 'verifiers'
  | 'recovery-links'
  | 'check'
  | 'limit-keys'
  | 'device-cookies'
  | 'places'

/** The versioned server keys. The first makes new things, all of them read old ones. */
export type Keyring = {
  /** The id of the key that makes new things. */
  currentId: string
  ids: readonly string[]
  /** The 32-byte subkey for a purpose, by HKDF-SHA-256 (RFC 5869). Throws for an id that is not in the ring. */
  subkey(purpose: KeyPurpose, keyId?: string): Buffer
  /** HMAC-SHA-256 under the subkey of the current key, base64url. */
  mac(purpose: KeyPurpose, text: string, keyId?: string): string
}

export function openKeyring(masterKeys: readonly MasterKey[]): Keyring {
  const [current] = masterKeys
  if (!current) throw new Error('A keyring needs one master key at the least; none was given.')
  const byId = new Map(masterKeys.map((key) => [key.id, key.bytes]))
  const subkeys = new Map<string, Buffer>()

  const subkey = (purpose: KeyPurpose, keyId = current.id): Buffer => {
    const cacheKey = `${purpose} ${keyId}`
    const known = subkeys.get(cacheKey)
    if (known) return known
    const master = byId.get(keyId)
    if (!master) throw new UnknownKeyError(keyId)
    const derived = Buffer.from(hkdfSync('sha256', master, '', `latchkey/v1/${purpose}`, 32))
    subkeys.set(cacheKey, derived)
    return derived
  }

  return {
    currentId: current.id,
    ids: masterKeys.map((key) => key.id),
    subkey,
    mac: (purpose, text, keyId) => createHmac('sha256', subkey(purpose, keyId)).update(text).digest('base64url'),
  }
}

/** Something was sealed under a key that MASTER_KEYS no longer holds. */
export class UnknownKeyError extends Error {
  constructor(keyId: string) {
    super(
      `MASTER_KEYS holds no key "${keyId}". Put it back behind the current one, so that what it sealed can be read.`,
    )
    this.name = 'UnknownKeyError'
  }
}
