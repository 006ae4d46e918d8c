import type { CryptoKey } from 'jose'
import { toBase64url } from '../../shared/encryption/base64url.ts'
import { LatchkeyError } from '../errors.ts'
import { randomBytes, wipe } from './bytes.ts'
import { inTurns } from './in-turns.ts'
import { jsonOf } from './json-of.ts'
import { locked } from './locked.ts'
import { openRecord, sealJsonToPublicKey, sealRecord } from './record-envelopes.ts'
import type { OpenedRecord } from './record-envelopes.ts'
import { importMasterKey, makeRing, openRing, renewRing } from './ring.ts'
import type { Ring } from './ring.ts'
import { openSlots, provePasskey, sealForCodes, sealForPasskey, sealForPassphrase, sealForQuestions } from './slots.ts'
import { verifierOfCodeIn, verifierOfTwo } from './slots.ts'
import type { HighWaterMark, Opened, Opener, Place, SealedKeys, Unlocked, Vault } from './vault.ts'

type Input<TName extends keyof Vault> = Parameters<Vault[TName]>[0]
type Answer<TName extends keyof Vault> = ReturnType<Vault[TName]>

/** What an unlocked vault holds. */
type Keys = Unlocked & {
  user: string
  master: CryptoKey
  ring: Ring
  /** The newest writing that was seen of each record. A server that gives an older one back is found out. */
  newest: Map<string, number>
}

// Web Crypto works on threads of its own: some calls have to wait for it at any time, and not all of a large batch.
const AT_ONCE = 32
const MASTER_KEY_BYTES = 32
const SALT_BYTES = 32

/** A vault in this process. */
export function makeVault(): Vault {
  return new KeyHolder()
}

class KeyHolder implements Vault {
  #keys: Keys | null = null
  // Locking ends what is under way too: it finds another number here than when it began.
  #locks = 0

  async make({ user, email, passphrase, generation, ringRevision }: Input<'make'>): Answer<'make'> {
    insistOnId(user)
    insistOnCount(generation, 'generation')
    insistOnCount(ringRevision, 'ringRevision')
    const keySalt = toBase64url(randomBytes(SALT_BYTES))
    return withNewMaster(async (bytes, master) => {
      const ring = await makeRing(master, { user, ringRevision, generation })
      const owner = { user, generation }
      const slot = await sealForPassphrase(bytes, owner, { email, passphrase, keySalt })
      const { slots, codes } = await sealForCodes(bytes, owner)
      return { ...ring, keySalt, slots: [slot, ...slots], codes }
    })
  }

  async unlock({ user, keys, opener, seen }: Input<'unlock'>): Answer<'unlock'> {
    insistOnId(user)
    const began = this.#locks
    return wiping(secretsOf(opener), async () => {
      insistOnAge(keys, seen)
      const bytes = await openSlots(keys, user, opener)
      const master = await wiping([bytes], () => importMasterKey(bytes))
      return this.#takeUp(began, user, master, keys, await openRing(master, keys, user))
    })
  }

  async follow({ keys, seen }: Input<'follow'>): Answer<'follow'> {
    const began = this.#locks
    const { user, master, ...held } = this.#unlocked()
    insistOnAge(keys, seen)
    insistOnMaster(keys, held)
    return this.#takeUp(began, user, master, keys, await openRing(master, keys, user))
  }

  async lock(): Promise<void> {
    this.#keys = null
    this.#locks += 1
  }

  async state(): Answer<'state'> {
    return this.#keys && unlockedOf(this.#keys)
  }

  async encrypt(items: Input<'encrypt'>): Answer<'encrypt'> {
    const began = this.#locks
    const { ring, user } = this.#unlocked()
    items.forEach(insistOnPlace)
    const envelopes = await inTurns(items, AT_ONCE, async ({ value, verified = true, ...place }) =>
      sealAnew(ring, user, place, { json: jsonOf(value), verified }),
    )
    this.#insistOnNoLockSince(began)
    return envelopes
  }

  async decrypt(items: Input<'decrypt'>): Answer<'decrypt'> {
    const opened = await this.#open(items)
    return opened.map((item): Opened =>
      item ? { ok: true, value: item.value, verified: item.verified } : { ok: false },
    )
  }

  async reencrypt(items: Input<'reencrypt'>): Answer<'reencrypt'> {
    const began = this.#locks
    const { ring, user } = this.#unlocked()
    const opened = await this.#open(items)
    const pairs = items.map((item, index) => ({ place: nextOf(item), opened: opened[index] ?? null }))
    const envelopes = await inTurns(
      pairs,
      AT_ONCE,
      async (pair) => pair.opened && sealAnew(ring, user, pair.place, pair.opened),
    )
    this.#insistOnNoLockSince(began)
    return envelopes
  }

  async rotateRecordKey({ keys }: Input<'rotateRecordKey'>): Answer<'rotateRecordKey'> {
    const began = this.#locks
    const { user, master, ...held } = this.#unlocked()
    insistOnMaster(keys, held)
    const place = { user, ringRevision: keys.ringRevision + 1, generation: keys.generation }
    const renewed = await renewRing(master, keys, user, master, place)
    this.#insistOnNoLockSince(began)
    return renewed
  }

  async rotateMasterKey(input: Input<'rotateMasterKey'>): Answer<'rotateMasterKey'> {
    const { keys, opener, email, passphrase, passkeys } = input
    const secrets = [...secretsOf(opener), ...passkeys.map(({ prf }) => prf)]
    return this.#withMaster(keys, opener, secrets, async (oldBytes, user) => {
      const old = await importMasterKey(oldBytes)
      for (const passkey of passkeys) await provePasskey(keys, user, passkey)
      const owner = { user, generation: keys.generation + 1 }
      const keySalt = toBase64url(randomBytes(SALT_BYTES))
      return withNewMaster(async (bytes, master) => {
        const ring = await renewRing(old, keys, user, master, { ...owner, ringRevision: keys.ringRevision + 1 })
        const slots = [await sealForPassphrase(bytes, owner, { email, passphrase, keySalt })]
        for (const { passkeyId, prf } of passkeys) {
          slots.push(await sealForPasskey(bytes, owner, { passkeyId, prf, again: prf }))
        }
        const ofCodes = await sealForCodes(bytes, owner)
        return { ...ring, keySalt, slots: [...slots, ...ofCodes.slots], codes: ofCodes.codes }
      })
    })
  }

  async sealForPassphrase(input: Input<'sealForPassphrase'>): Answer<'sealForPassphrase'> {
    const { keys, opener, email, passphrase } = input
    return this.#withMaster(keys, opener, secretsOf(opener), async (master, user) => {
      const keySalt = toBase64url(randomBytes(SALT_BYTES))
      const owner = { user, generation: keys.generation }
      return { slot: await sealForPassphrase(master, owner, { email, passphrase, keySalt }), keySalt }
    })
  }

  async sealForPasskey(input: Input<'sealForPasskey'>): Answer<'sealForPasskey'> {
    const { keys, opener, ...passkey } = input
    const secrets = [...secretsOf(opener), passkey.prf, passkey.again]
    return this.#withMaster(keys, opener, secrets, (master, user) =>
      sealForPasskey(master, { user, generation: keys.generation }, passkey),
    )
  }

  async sealForCodes({ keys, opener }: Input<'sealForCodes'>): Answer<'sealForCodes'> {
    return this.#withMaster(keys, opener, secretsOf(opener), (master, user) =>
      sealForCodes(master, { user, generation: keys.generation }),
    )
  }

  async sealForQuestions({ keys, opener, answers }: Input<'sealForQuestions'>): Answer<'sealForQuestions'> {
    return this.#withMaster(keys, opener, secretsOf(opener), (master, user) =>
      sealForQuestions(master, { user, generation: keys.generation }, answers),
    )
  }

  async verifierOfCode({ user, code }: Input<'verifierOfCode'>): Answer<'verifierOfCode'> {
    insistOnId(user)
    return verifierOfCodeIn(code, user)
  }

  async verifierOfAnswers({ user, ...two }: Input<'verifierOfAnswers'>): Answer<'verifierOfAnswers'> {
    insistOnId(user)
    return verifierOfTwo(two, user)
  }

  #unlocked(): Keys {
    if (!this.#keys) throw locked()
    return this.#keys
  }

  #insistOnNoLockSince(began: number): void {
    if (this.#locks !== began) throw locked()
  }

  /** Puts opened keys in force; not over newer ones, which another call may have opened meanwhile. */
  #takeUp(began: number, user: string, master: CryptoKey, sealed: SealedKeys, ring: Ring): Unlocked {
    this.#insistOnNoLockSince(began)
    const before = this.#keys?.user === user ? this.#keys : null
    insistOnAge(sealed, before)
    const { generation, ringRevision, keyId } = sealed
    this.#keys = { user, master, ring, keyId, generation, ringRevision, newest: before?.newest ?? new Map() }
    return unlockedOf(this.#keys)
  }

  /** Opens all at once, then judges one after the other: which of two writings of one record is the newer is no race. */
  async #open(items: readonly (Place & { envelope: string })[]): Promise<(OpenedRecord | null)[]> {
    const began = this.#locks
    const { ring, user, newest } = this.#unlocked()
    // Which records there are is what the server says: one that cannot be is marked, as one that does not open.
    const open = async (item: (typeof items)[number]) =>
      isPlace(item) ? openRecord(ring, user, item, item.envelope) : null
    const opened = await inTurns(items, AT_ONCE, open)
    this.#insistOnNoLockSince(began)
    return items.map(({ record }, index) => judge(newest, record, opened[index] ?? null))
  }

  /** Opens the master key of the account that is unlocked, and wipes it, and the secrets, when the work is done. */
  async #withMaster<TResult>(
    keys: SealedKeys,
    opener: Opener,
    secrets: readonly Uint8Array[],
    work: (master: Uint8Array, user: string) => Promise<TResult>,
  ): Promise<TResult> {
    const began = this.#locks
    return wiping(secrets, async () => {
      const { user, ...held } = this.#unlocked()
      insistOnAge(keys, held)
      const master = await openSlots(keys, user, opener)
      const result = await wiping([master], () => work(master, user))
      this.#insistOnNoLockSince(began)
      return result
    })
  }
}

/** Refuses what is older than what was seen, and remembers what is newer. */
function judge(newest: Map<string, number>, record: string, opened: OpenedRecord | null): OpenedRecord | null {
  if (!opened) return null
  const before = newest.get(record) ?? 0
  // Anybody can write for the public key: such an envelope neither makes the owner's own look old nor stands in its place.
  if (!opened.verified) return opened.revision > before ? opened : null
  if (opened.revision < before) return null
  newest.set(record, opened.revision)
  return opened
}

/** Encrypts; what was made for the public key stays so, for nobody has vouched for it by a rotation. */
function sealAnew(
  ring: Ring,
  user: string,
  place: Place,
  { json, verified }: Pick<OpenedRecord, 'json' | 'verified'>,
): Promise<string> {
  return verified ? sealRecord(ring, user, place, json) : sealJsonToPublicKey(ring.publicKey, user, place, json)
}

const nextOf = ({ record, revision }: Place): Place => ({ record, revision: revision + 1 })

async function withNewMaster<TResult>(
  work: (bytes: Uint8Array, master: CryptoKey) => Promise<TResult>,
): Promise<TResult> {
  const bytes = randomBytes(MASTER_KEY_BYTES)
  return wiping([bytes], async () => work(bytes, await importMasterKey(bytes)))
}

async function wiping<TResult>(secrets: readonly Uint8Array[], work: () => Promise<TResult>): Promise<TResult> {
  try {
    return await work()
  } finally {
    wipe(...secrets)
  }
}

const secretsOf = (opener: Opener): Uint8Array[] => (opener.kind === 'PASSKEY' ? [opener.prf] : [])

const unlockedOf = ({ keyId, generation, ringRevision }: Unlocked): Unlocked => ({ keyId, generation, ringRevision })

function insistOnAge(keys: HighWaterMark, seen: HighWaterMark | null): void {
  if (!isCount(keys.generation) || !isCount(keys.ringRevision)) {
    throw new LatchkeyError('KEYS_REFUSED', 'generation and ringRevision are not whole numbers from 1.')
  }
  if (seen && (keys.generation < seen.generation || keys.ringRevision < seen.ringRevision)) {
    throw new LatchkeyError('KEYS_ROLLED_BACK', 'These keys are older than what this device has seen before.')
  }
}

/** The same for whoever would open the keys with the master key that is held. */
function insistOnMaster(keys: HighWaterMark, held: HighWaterMark): void {
  insistOnAge(keys, held)
  if (keys.generation > held.generation) {
    throw new LatchkeyError('MASTER_KEY_CHANGED', 'Another device has changed the master key. Unlock again.')
  }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0

function insistOnCount(value: number, field: string): void {
  if (!isCount(value)) throw new LatchkeyError('BAD_INPUT', `${field}: a whole number from 1.`, { field })
}

const isPlace = ({ record, revision }: Place): boolean => isId(record) && isCount(revision)

function insistOnPlace({ record, revision }: Place): void {
  insistOnId(record)
  insistOnCount(revision, 'revision')
}

function insistOnId(id: string): void {
  if (!isId(id)) throw new LatchkeyError('BAD_INPUT', 'id: a UUID in lower case, without a prefix.', { field: 'id' })
}

// What an envelope belongs to is written with its ids: one that holds more than an id could name something else.
const isId = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
