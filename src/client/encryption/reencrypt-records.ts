import { bareId } from '../../shared/encryption/contexts.ts'
import type { Ask } from '../ask.ts'
import { isLatchkeyError, LatchkeyError } from '../errors.ts'
import {
  EncryptionStatusDocument,
  RecordsToReencryptDocument,
  ReencryptRecordsDocument,
  type RecordsToReencryptQuery,
  type ReencryptRecordInput,
} from '../generated/graphql.ts'
import { pause } from '../pause.ts'
import type { KeyRotation } from './account-keys.ts'
import type { VaultSession } from './vault-session.ts'

/** How far it is. `done` stays below `total` where records do not open. */
export type RotationProgress = { done: number; total: number }

export type RotationOptions = {
  onProgress?: (progress: RotationProgress) => void
  /** Calls it off between two batches. What was done stays; any unlocked device takes up the rest. */
  signal?: AbortSignal
}

/** `unreadable` are the records that do not open: they are left as they are, and so the rotation stays open. */
export type Reencrypted = { rotation: KeyRotation; unreadable: string[] }

type Work = RotationOptions & { ask: Ask; session: VaultSession; total: number }
type Pass = { written: number; conflicts: number; isRotated: boolean }
type OldRecord = RecordsToReencryptQuery['recordsToReencrypt'][number]

// What the server takes in one call.
const BATCH = { records: 100, letters: 256 * 1024 } as const
// A pass writes nothing when every record of it was written by somebody else at that moment.
const MOST_IDLE_PASSES = 5
// Nothing is written with a retired key, so that the records can only become fewer. Those of one page are no fault: the
// keys may have been rotated again, which its first batch tells.
const MARGIN = 100
// Other devices may rotate meanwhile; more often than that is a server that plays games.
const MOST_ROTATIONS = 4

/** Encrypts with the current key whatever is still encrypted with a retired one, and closes the rotation. */
export async function reencryptRecords(work: Work): Promise<Reencrypted> {
  const unreadable = new Set<string>()
  let { total } = work
  let [writtenInAll, rotations] = [0, 0]
  for (let idle = 0; idle < MOST_IDLE_PASSES;) {
    const { written, conflicts, isRotated } = await passOnce({ ...work, total }, unreadable)
    writtenInAll += written
    insistOnBound(writtenInAll, total)
    if (isRotated) {
      rotations += 1
      if (rotations > MOST_ROTATIONS) throw refused('says again and again that the keys were rotated')
      total = await recordsLeft(work)
      writtenInAll = 0
    }
    // From the rotation on nothing is written with a retired key, so that one pass which loses no race meets all.
    if (conflicts === 0) break
    idle = written > 0 ? 0 : idle + 1
  }
  const { rotation } = await send(work, [])
  return { rotation, unreadable: [...unreadable] }
}

/** Walks once through the work that is left, in the order of the ids, so that nothing is met twice. */
async function passOnce(work: Work, unreadable: Set<string>): Promise<Pass> {
  const pass: Pass = { written: 0, conflicts: 0, isRotated: false }
  let met = 0
  for (let after: string | null = null; ;) {
    const records: OldRecord[] = await nextRecords(work, after)
    after = records.at(-1)?.id ?? null
    if (after === null) return pass
    met += records.length
    insistOnBound(met, work.total)
    for (const batch of batchesOf(await reencrypt(work, records, unreadable))) {
      try {
        const { records: written, conflicts } = await send(work, batch)
        pass.written += written.length
        pass.conflicts += conflicts.length
      } catch (error) {
        if (!isLatchkeyError(error, 'KEY_ROTATED')) throw error
        await work.session.follow() // another device has rotated again: the rest is for the next pass
        return { ...pass, conflicts: pass.conflicts + batch.length, isRotated: true }
      }
    }
  }
}

/** A server that goes on with records for ever is left. */
function insistOnBound(records: number, total: number): void {
  if (records > total + MARGIN) throw refused(`gives more records to encrypt anew than the ${total} that it counted`)
}

const refused = (what: string) => new LatchkeyError('KEYS_REFUSED', `The server ${what}. Try again later.`)

async function recordsLeft(work: Work): Promise<number> {
  const { encryptionStatus } = await patiently(work, () =>
    work.ask(EncryptionStatusDocument, {}, { signal: work.signal }),
  )
  return encryptionStatus.rotation?.recordsLeft ?? 0
}

async function nextRecords(work: Work, after: string | null): Promise<OldRecord[]> {
  const variables = { first: BATCH.records, after }
  const { recordsToReencrypt } = await patiently(work, () =>
    work.ask(RecordsToReencryptDocument, variables, { signal: work.signal }),
  )
  // A server that goes round in a circle is not followed.
  return recordsToReencrypt.filter(({ id }) => after === null || id > after)
}

async function reencrypt(
  { session }: Work,
  records: readonly OldRecord[],
  unreadable: Set<string>,
): Promise<ReencryptRecordInput[]> {
  const open = records.filter(({ id }) => !unreadable.has(id))
  if (open.length === 0) return []
  const places = open.map(({ id, revision, encryptedData }) => ({
    record: bareId(id),
    revision,
    envelope: encryptedData,
  }))
  const envelopes = await session.use((vault) => vault.reencrypt(places))
  return open.flatMap(({ id, revision }, at) => {
    const envelope = envelopes[at] ?? null
    if (envelope !== null) return [{ id, revision, encryptedData: envelope }]
    unreadable.add(id)
    return []
  })
}

function batchesOf(inputs: readonly ReencryptRecordInput[]): ReencryptRecordInput[][] {
  const batches: ReencryptRecordInput[][] = []
  let letters = 0
  for (const input of inputs) {
    const last = batches.at(-1)
    letters += input.encryptedData.length
    if (last && last.length < BATCH.records && letters <= BATCH.letters) last.push(input)
    else {
      batches.push([input])
      letters = input.encryptedData.length
    }
  }
  return batches
}

async function send(work: Work, input: ReencryptRecordInput[]) {
  const { reencryptRecords: answer } = await patiently(work, () =>
    work.ask(ReencryptRecordsDocument, { input }, { signal: work.signal }),
  )
  const { total, onProgress } = work
  onProgress?.({ done: Math.max(0, total - answer.rotation.recordsLeft), total })
  return answer
}

/** Waits where the server asks to. */
export async function patiently<T>(
  { signal }: { signal?: AbortSignal | undefined },
  call: () => Promise<T>,
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted()
    try {
      return await call()
    } catch (error) {
      if (!isLatchkeyError(error, 'RATE_LIMITED')) throw error
      await pause(error.retryAfter * 1_000, signal)
    }
  }
}
