/** The kinds of slots: the ways to open an account's master key. */
export const SLOT_KINDS = ['PASSPHRASE', 'PASSKEY', 'RECOVERY_CODE', 'SECURITY_QUESTIONS'] as const
export type SlotKind = (typeof SLOT_KINDS)[number]

/** The one field of a record that is encrypted for its owner alone. */
const RECORD_FIELD = 'encryptedData'

// The first part is the version of these formats.
const written = (...parts: readonly (string | number)[]): string => [1, ...parts].join('|')

/**
 * What an envelope belongs to, as its `ctx` names it: whoever moves it elsewhere, or brings an old one back, is found
 * out. Ids are bare UUIDs, without the prefix that the API's ids have (`bareId`).
 */
export const contextOf = {
  /** `generation` counts the master keys of the account, from 1. */
  slot: (user: string, slot: string, kind: SlotKind, generation: number) => written(user, slot, kind, generation),
  /** `revision` counts the writes of the ring, from 1. */
  ring: (user: string, revision: number, generation: number) => written(user, 'ring', revision, generation),
  /** `revision` is the record's own, once the envelope is written: 1 for a new record, one more than the last for a change. */
  record: (user: string, record: string, revision: number) => written(user, record, RECORD_FIELD, revision),
} as const

/**
 * The revision that a record's context names; null when it names another user, record or field. A record whose title
 * alone was changed since stands at a higher revision than its envelope.
 */
export function revisionIn(ctx: string, user: string, record: string): number | null {
  const revision = Number(ctx.split('|').at(-1))
  return Number.isSafeInteger(revision) && revision > 0 && ctx === contextOf.record(user, record, revision)
    ? revision
    : null
}

/** The UUID in an id of the API: `record_<uuid>` or the uuid alone. */
export function bareId(id: string): string {
  return id.slice(id.indexOf('_') + 1)
}
