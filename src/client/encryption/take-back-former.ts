import { bareId } from '../../shared/encryption/contexts.ts'
import type { Ask } from '../ask.ts'
import { isLatchkeyError } from '../errors.ts'
import {
  FormerKeysDocument,
  RecordsDocument,
  UpdateRecordDocument,
  type RecordFieldsFragment,
  type RecordsQuery,
} from '../generated/graphql.ts'
import { readAccountKeys, toSealedKeys } from './account-keys.ts'
import { sealToPublicKey } from './record-envelopes.ts'
import { patiently } from './reencrypt-records.ts'
import type { Opened, Vault } from './vault.ts'
import type { VaultSession } from './vault-session.ts'

/** What the keys that a fresh start gave up encrypted is encrypted with the new ones; `unreadable` are records that neither open. */
export type TakenBack = { kind: 'TakenBack'; records: number; unreadable: string[] }

type Work = {
  ask: Ask
  session: VaultSession
  /** For the former keys alone. It is locked when they have served. */
  former: Vault
  passphrase: string
  signal?: AbortSignal | undefined
}

type Place = { record: string; revision: number; envelope: string }
/** `publicKey` is the one in force, which the vault has found in its own ring. */
type Keys = { user: string; publicKey: unknown }

const PAGE = 50
// Somebody may write each record just then; what is still overtaken after so many passes is left for another call.
const MOST_PASSES = 5

/**
 * Opens the keys that a fresh start gave up, by the passphrase that was theirs, and encrypts what they open anew, each
 * record only at the revision that it was read at. Cut off, it is called again: what was done is not done twice. Null
 * where no former keys are kept. SECRET_WRONG for another passphrase; the keys in force must be unlocked.
 */
export async function takeBackFormer(work: Work): Promise<TakenBack | null> {
  const { ask, session, former, passphrase } = work
  const { me, formerKeys } = await ask(FormerKeysDocument, {})
  if (!me || !formerKeys) return null
  const user = bareId(me.id)
  try {
    const opener = { kind: 'PASSPHRASE', passphrase } as const
    await former.unlock({ user, keys: toSealedKeys(formerKeys), opener, seen: null })
    const { keys } = await readAccountKeys(ask)
    await session.use((vault) => vault.follow({ keys, seen: null }))
    let records = 0
    for (let passes = 1; ; passes++) {
      const { written, overtaken, unreadable } = await passOnce(work, { user, publicKey: keys.publicKey })
      records += written
      if (overtaken === 0 || passes === MOST_PASSES) return { kind: 'TakenBack', records, unreadable }
    }
  } finally {
    await former.lock()
  }
}

async function passOnce(work: Work, keys: Keys) {
  const unreadable: string[] = []
  let [written, overtaken] = [0, 0]
  let after: string | null = null
  do {
    const { edges, pageInfo } = await readPage(work, after)
    const records = edges.map(({ node }) => node)
    for (const { id, place, opened } of await openByFormer(work, records)) {
      if (!opened.ok) unreadable.push(id)
      else if (await writeAnew(work, keys, { id, place, opened })) written += 1
      else overtaken += 1
    }
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null
  } while (after !== null)
  return { written, overtaken, unreadable }
}

async function readPage({ ask, signal }: Work, after: string | null): Promise<RecordsQuery['records']> {
  return (await patiently({ signal }, () => ask(RecordsDocument, { first: PAGE, after }, { signal }))).records
}

/** The records that the keys in force do not open, with what the former ones make of them. */
async function openByFormer({ session, former }: Work, records: readonly RecordFieldsFragment[]) {
  const encrypted = records.flatMap(({ id, revision, encryptedData }) =>
    encryptedData === null ? [] : [{ id, place: { record: bareId(id), revision, envelope: encryptedData } }],
  )
  const now = await session.decrypt(encrypted.map(({ place }) => place))
  const closed = encrypted.filter((_, at) => !now[at]?.ok)
  const opened = await former.decrypt(closed.map(({ place }) => place))
  return closed.map((one, at) => ({ ...one, opened: opened[at] ?? ({ ok: false } as const) }))
}

/** False where the record has moved on since it was read. */
async function writeAnew(
  { ask, session, signal }: Work,
  { user, publicKey }: Keys,
  { id, place, opened }: { id: string; place: Place; opened: Extract<Opened, { ok: true }> },
): Promise<boolean> {
  const { record, revision } = place
  const next = { record, revision: revision + 1 }
  // What anybody may have written stays so: nobody vouches for it by taking it back.
  const encryptedData = opened.verified
    ? await session.encrypt(next, opened.value)
    : await sealToPublicKey(publicKey, user, next, opened.value)
  try {
    await patiently({ signal }, () => ask(UpdateRecordDocument, { input: { id, revision, encryptedData } }, { signal }))
    return true
  } catch (error) {
    if (isLatchkeyError(error, 'CONFLICT') || isLatchkeyError(error, 'NOT_FOUND')) return false
    throw error
  }
}
