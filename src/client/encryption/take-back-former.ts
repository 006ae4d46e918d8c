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
import { toSealedKeys } from './account-keys.ts'
import { wipe } from './bytes.ts'
import { readRecoveryCode } from './recovery-codes.ts'
import { patiently } from './reencrypt-records.ts'
import type { Opened, Opener, SealedKeys, Vault } from './vault.ts'
import type { VaultSession } from './vault-session.ts'

/** What the keys that a fresh start gave up encrypted is encrypted with the new ones; `unreadable` are records that neither open. */
export type TakenBack = { kind: 'TakenBack'; records: number; unreadable: string[] }

/** What was found again. */
export type SecretFound = { passphrase: string } | { code: string }

type Work = {
  ask: Ask
  session: VaultSession
  /** For the former keys alone, one ring after the other. It is locked when they have served. */
  former: Vault
  found: SecretFound
  signal?: AbortSignal | undefined
  onProgress?: TakingBack['onProgress'] | undefined
}

export type TakingBack = {
  signal?: AbortSignal
  /** Called with the number of records that are taken back so far. */
  onProgress?: (progress: { records: number }) => void
}

/** `wrote` is told of each record once it is written. */
type Pass = Work & { wrote: () => void }

type Place = { record: string; revision: number; envelope: string }

const PAGE = 50
// Somebody may write each record just then; what is still overtaken after so many passes is left for another call.
const MOST_PASSES = 5

/**
 * Opens the keys that fresh starts gave up, each ring that opens by what was found, the newest first, and encrypts what they
 * open anew, each record only at the revision that it was read at. Cut off, it is called again: what was done is not done
 * twice. Null where no former keys are kept. SECRET_WRONG where none of them opens; the keys in force must be unlocked.
 */
export async function takeBackFormer(work: Work): Promise<TakenBack | null> {
  const { ask, session, former, found } = work
  if ('code' in found) wipe(readRecoveryCode(found.code)) // a slip is told before anything is sent
  const { me, formerKeys } = await ask(FormerKeysDocument, {})
  if (!me || formerKeys.length === 0) return null
  const user = bareId(me.id)
  let written = 0
  const wrote = (): void => {
    written += 1
    work.onProgress?.({ records: written })
  }
  const taken = { records: 0, unreadable: [] as string[], rings: 0 }
  let refusal: unknown
  try {
    for (const ring of formerKeys) {
      try {
        await openRing(former, user, toSealedKeys(ring), found)
      } catch (error) {
        if (!isClosed(error)) throw error
        // One ring that is damaged does not keep the others shut.
        if (refusal === undefined || isLatchkeyError(error, 'KEYS_REFUSED')) refusal = error
        continue
      }
      if (taken.rings === 0) await session.use(() => session.follow())
      taken.rings += 1
      const { records, unreadable } = await takeBackBy({ ...work, wrote })
      // What this ring leaves, those before it have left as well.
      taken.records += records
      taken.unreadable = unreadable
    }
  } finally {
    await former.lock()
  }
  if (taken.rings === 0) throw refusal
  return { kind: 'TakenBack', records: taken.records, unreadable: taken.unreadable }
}

/** Locked first: a ring that was given up earlier is older than the one that the vault held. */
async function openRing(former: Vault, user: string, keys: SealedKeys, found: SecretFound): Promise<void> {
  const opener: Opener =
    'code' in found ? { kind: 'RECOVERY_CODE', code: found.code } : { kind: 'PASSPHRASE', passphrase: found.passphrase }
  await former.lock()
  await former.unlock({ user, keys, opener, seen: null })
}

const isClosed = (error: unknown): boolean =>
  isLatchkeyError(error, 'SECRET_WRONG') || isLatchkeyError(error, 'KEYS_REFUSED')

/** What the ring that is open now opens. */
async function takeBackBy(work: Pass): Promise<Pick<TakenBack, 'records' | 'unreadable'>> {
  let records = 0
  for (let passes = 1; ; passes++) {
    const { written, overtaken, unreadable } = await passOnce(work)
    records += written
    if (overtaken === 0 || passes === MOST_PASSES) return { records, unreadable }
  }
}

async function passOnce(work: Pass) {
  const unreadable: string[] = []
  let [written, overtaken] = [0, 0]
  let after: string | null = null
  do {
    const { edges, pageInfo } = await readPage(work, after)
    const records = edges.map(({ node }) => node)
    for (const { id, place, opened } of await openByFormer(work, records)) {
      if (!opened.ok) unreadable.push(id)
      else if (await writeAnew(work, { id, place, opened })) {
        written += 1
        work.wrote()
      } else overtaken += 1
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
  { id, place, opened }: { id: string; place: Place; opened: Extract<Opened, { ok: true }> },
): Promise<boolean> {
  const { record, revision } = place
  const next = { record, revision: revision + 1 }
  // What anybody may have written stays so: nobody vouches for it by taking it back.
  const { value, verified } = opened
  const [encryptedData] = await session.use((vault) => vault.encrypt([{ ...next, value, verified }]))
  if (encryptedData === undefined) throw new Error('The vault gave no envelope.')
  try {
    await patiently({ signal }, () => ask(UpdateRecordDocument, { input: { id, revision, encryptedData } }, { signal }))
    return true
  } catch (error) {
    if (isLatchkeyError(error, 'CONFLICT') || isLatchkeyError(error, 'NOT_FOUND')) return false
    throw error
  }
}
