import { v7 as uuidv7 } from 'uuid'
import { bareId } from '../../shared/encryption/contexts.ts'
import type { Ask } from '../ask.ts'
import { isLatchkeyError, LatchkeyError } from '../errors.ts'
import {
  CreateRecordDocument,
  DeleteRecordDocument,
  RecordDocument,
  RecordsDocument,
  RecordWithSecretDocument,
  UpdateRecordDocument,
  type CreateRecordInput,
  type RecordFieldsFragment,
  type RecordsQuery,
  type RecordsQueryVariables,
  type UpdateRecordInput,
} from '../generated/graphql.ts'
import { ciphertextRefused } from './app-keys.ts'
import { locked } from './locked.ts'
import { changed, fieldsIn, isFields, partsOf, type Fields, type PartNames, type Parts } from './parts.ts'
import { reportFault } from './report-fault.ts'
import { isSameJson } from './same-json.ts'
import type { VaultSession } from './vault-session.ts'

/** A field of an app's type. */
type FieldOf<T> = keyof T & string

export type CollectionFields<T> = {
  /** Readable by the user alone. They are encrypted together, on this device. */
  encrypted?: readonly FieldOf<T>[]
  /** Encrypted at rest by the server, and read with a FRESH proof: `getSealed`. */
  sealed?: readonly FieldOf<T>[]
}

/**
 * What became of the encrypted fields. NONE: none is encrypted in the record; those that were written before they were
 * declared are in `value` as the server gave them, in clear. OPEN: they are in `value`. UNVERIFIED: they are, but anybody
 * who has the public key may have written them, or the server for those that still lie there in clear, until they are
 * written here. LOCKED: the keys at hand do not
 * open them, or the unlocking has failed; unlocking may. UNREADABLE: they were changed, belong elsewhere or are old: they are never written back.
 */
export type KeyState = 'NONE' | 'OPEN' | 'UNVERIFIED' | 'LOCKED' | 'UNREADABLE'

/** A value of the app's, with what the server knows of it. Fields that were never written, or are not open, are absent. */
export type Item<T> = {
  id: string
  revision: number
  value: Partial<T>
  keyState: KeyState
  createdAt: string
  updatedAt: string
  /** What a change is made from: the record as it came, and its encrypted fields; null where they are not open. */
  origin: { record: RecordFieldsFragment; opened: Fields | null }
}

/** A field that is `undefined` is taken away. */
export type Changes<T> = { [TField in keyof T]?: T[TField] | undefined }

export type ItemPage<T> = {
  items: Item<T>[]
  pageInfo: RecordsQuery['records']['pageInfo']
  totalCount: number
}
export type PageOptions = Omit<RecordsQueryVariables, 'collection'>

/** Somebody else changed the item since it was read: merge, and update `current`. */
export class ItemConflict<T> extends LatchkeyError {
  /** The item as it stands now. */
  readonly current: Item<T>

  constructor(current: Item<T>, cause: unknown) {
    super('CONFLICT', 'The item was changed since it was read. `current` is how it stands now.', {
      currentRevision: current.revision,
      cause,
    })
    this.current = current
  }
}

export type Collection<T extends object> = {
  /** Keeps a new value. ENCRYPTION_LOCKED when it has encrypted fields and the keys are locked. */
  create(value: T): Promise<Item<T>>
  /**
   * Changes the fields that are named. A field that was plain before it was declared moves to its part with the first
   * change of that part, and no longer lies in clear. CIPHERTEXT_REFUSED for an encrypted field of an item that is UNREADABLE.
   * An `ItemConflict` when somebody else changed it; a rotation of keys that came between is none.
   */
  update(item: Item<T>, changes: Changes<T>): Promise<Item<T>>
  /** One item; null when there is none of this id. */
  get(id: string): Promise<Item<T> | null>
  /** One page, the newest first. The next: `{ after: page.pageInfo.endCursor }` while `hasNextPage`. */
  page(options?: PageOptions): Promise<ItemPage<T>>
  /** All that fit, a page at a time as they are read. */
  all(filter?: Pick<PageOptions, 'titleContains' | 'updatedSince'>): AsyncGenerator<Item<T>, void, undefined>
  /** The sealed fields. Refused with REAUTHENTICATION_REQUIRED unless the session is FRESH. */
  getSealed(item: Pick<Item<T>, 'id'>): Promise<Partial<T>>
  /** Deletes an item that nobody changed since it was read. */
  delete(item: Item<T>): Promise<void>
}

const PAGE_SIZE = 50

/** The records of one collection as plain values of the app's. */
export function openCollection<T extends object>(
  ask: Ask,
  session: VaultSession,
  collection: string,
  { encrypted = [], sealed = [] }: CollectionFields<T> = {},
): Collection<T> {
  const names: PartNames = { encrypted: new Set(encrypted), sealed: new Set(sealed) }
  const twice = encrypted.find((name) => names.sealed.has(name))
  if (twice !== undefined) throw new TypeError(`${collection}: the field ${twice} is declared encrypted and sealed.`)
  const reader = readItems<T>(session, names, load)

  async function create(value: T): Promise<Item<T>> {
    const id = uuidv7()
    const parts = partsOf(value, names)
    const record = await session.keepingUp(async () => {
      const input: CreateRecordInput = {
        id: `record_${id}`,
        collection,
        ...plainInput(parts),
        ...(parts.sealed && { secret: parts.sealed }),
        ...(parts.encrypted && { encryptedData: await session.encrypt({ record: id, revision: 1 }, parts.encrypted) }),
      }
      const { createRecord } = await ask(CreateRecordDocument, { input })
      return insistOnKept(createRecord, input, 1)
    })
    return reader.read(record)
  }

  async function update(item: Item<T>, changes: Changes<T>): Promise<Item<T>> {
    const parts = partsOf(changes, names)
    let base = parts.encrypted ? await reader.openForChange(item) : item
    const edit = await editOf(base, parts)
    if (!edit) return item
    for (let tries = 1; ; tries++) {
      try {
        return await send(base, edit)
      } catch (error) {
        if (!isLatchkeyError(error, 'CONFLICT')) throw error
        const current = await found(item.id, error)
        if (edit.secret !== undefined) throw new ItemConflict(current, error)
        if (holds(current, base, edit)) return current // sent before, and the answer was lost
        if (tries === MOST_TRIES || !isStillFor(edit, current, base)) throw new ItemConflict(current, error)
        base = current
      }
    }
  }

  async function send({ id, revision }: Item<T>, { encrypted: fields, ...edit }: Edit): Promise<Item<T>> {
    const record = await session.keepingUp(async () => {
      const encryptedData = fields && (await session.encrypt({ record: bareId(id), revision: revision + 1 }, fields))
      const input: UpdateRecordInput = { id, revision, ...edit, ...(encryptedData !== undefined && { encryptedData }) }
      const { updateRecord } = await ask(UpdateRecordDocument, { input })
      return insistOnKept(updateRecord, input, revision + 1)
    })
    return reader.read(record)
  }

  /** What an update sends: the parts that change, each whole. Null when none does. */
  async function editOf({ id, origin: { record, opened } }: Item<T>, changes: Parts): Promise<Edit | null> {
    const edit: Edit = {}
    // What lies there in clear since before its field was declared, and is now written where it belongs.
    const toEncrypt = changes.encrypted ? inClear(record, names.encrypted) : {}
    const moved = { ...toEncrypt, ...(changes.sealed && inClear(record, names.sealed)) }
    const title = Object.hasOwn(moved, 'title') ? null : changes.title
    if (title !== undefined && title !== record.title) edit.title = title
    const before = fieldsIn(record.data)
    const data = changed(before, { ...changes.data, ...takenAway(moved) })
    if (!isSameJson(data ?? {}, before)) edit.data = data
    if (changes.encrypted) {
      const fields = changed({ ...toEncrypt, ...opened }, changes.encrypted)
      if (!isSameJson(fields ?? {}, opened ?? {})) edit.encrypted = fields
    }
    if (changes.sealed) {
      edit.secret = changed(await sealedBefore(id, changes.sealed), changes.sealed)
    }
    return Object.keys(edit).length > 0 ? edit : null
  }

  /** The sealed fields that a change leaves as they are; they need not be read where it names all. */
  async function sealedBefore(id: string, changes: Fields): Promise<Fields> {
    const areAllNamed = sealed.every((name) => Object.hasOwn(changes, name))
    return areAllNamed ? {} : readSecret(id)
  }

  async function readSecret(id: string): Promise<Fields> {
    const { record } = await ask(RecordWithSecretDocument, { id })
    if (!record) throw notFound()
    return { ...inClear(record, names.sealed), ...fieldsIn(record.secret) }
  }

  /** Whether an item is as another was, with an edit made: what it is encrypted with apart. */
  function holds({ origin: now }: Item<T>, { origin: before }: Item<T>, edit: Edit): boolean {
    const { title = before.record.title, data = before.record.data, encrypted: fields = before.opened } = edit
    if (title !== now.record.title || !isSameJson(data, now.record.data)) return false
    const isUntouched = edit.encrypted === undefined && before.record.encryptedData === now.record.encryptedData
    return isUntouched || (now.opened !== null && isSameJson(fields ?? {}, now.opened))
  }

  /** Whether an edit that was made of one item is still one of another, read later. */
  function isStillFor(edit: Edit, current: Item<T>, base: Item<T>): boolean {
    if (holds(current, base, {})) return true
    const [{ record: now, opened }, { record: before, opened: openedBefore }] = [current.origin, base.origin]
    // What does not open may have been encrypted anew, or changed: an edit of plain parts leaves it as it stands.
    if (edit.encrypted !== undefined || (opened && openedBefore)) return false
    const isSameTitle = edit.title === undefined || now.title === before.title
    return isSameTitle && (edit.data === undefined || isSameJson(now.data, before.data))
  }

  async function get(id: string): Promise<Item<T> | null> {
    const record = await load(id)
    return record && reader.read(record)
  }

  async function load(id: string): Promise<RecordFieldsFragment | null> {
    const { record } = await ask(RecordDocument, { id })
    if (!record || record.collection !== collection) return null
    if (bareId(record.id) !== bareId(id)) throw notKept('another record than the one that was asked for')
    return record
  }

  async function found(id: string, cause: unknown): Promise<Item<T>> {
    const current = await get(id)
    if (!current) throw cause
    return current
  }

  async function page(options: PageOptions = {}): Promise<ItemPage<T>> {
    const { records } = await ask(RecordsDocument, { ...options, collection })
    const items = await reader.readAll(records.edges.map(({ node }) => node))
    return { items, pageInfo: records.pageInfo, totalCount: records.totalCount }
  }

  async function* all(
    filter: Pick<PageOptions, 'titleContains' | 'updatedSince'> = {},
  ): AsyncGenerator<Item<T>, void, undefined> {
    let after: string | null = null
    do {
      const { items, pageInfo }: ItemPage<T> = await page({ ...filter, first: PAGE_SIZE, after })
      yield* items
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null
    } while (after !== null)
  }

  async function remove(item: Item<T>): Promise<void> {
    let { revision } = item
    for (let tries = 1; ; tries++) {
      try {
        await ask(DeleteRecordDocument, { input: { id: item.id, revision } })
        return
      } catch (error) {
        if (!isLatchkeyError(error, 'CONFLICT')) throw error
        const current = await found(item.id, error)
        if (tries === MOST_TRIES || !holds(current, item, {})) throw new ItemConflict(current, error)
        revision = current.revision
      }
    }
  }

  const getSealed = async ({ id }: Pick<Item<T>, 'id'>): Promise<Partial<T>> => {
    const fields = Object.entries(await readSecret(id)).filter(([name]) => names.sealed.has(name))
    return Object.fromEntries(fields) as Partial<T> // what this app, or an older one, has written
  }

  return { create, update, get, page, all, getSealed, delete: remove }
}

/** The parts that an update sends. */
type Edit = { title?: string | null; data?: Fields | null; secret?: Fields | null; encrypted?: Fields | null }

// A rotation writes a record once. Whoever is met more often is somebody at work.
const MOST_TRIES = 4

/** The declared fields that a record holds in clear, its title among them. */
function inClear(record: PlainParts, declared: ReadonlySet<string>): Fields {
  return Object.fromEntries(plainEntries(record).filter(([name]) => declared.has(name)))
}

function plainEntries({ title, data }: PlainParts): (readonly [string, unknown])[] {
  return [...Object.entries(fieldsIn(data)), ...(title === null ? [] : [['title', title] as const])]
}

type PlainParts = Pick<RecordFieldsFragment, 'title' | 'data'>

const takenAway = (fields: Fields): Fields =>
  Object.fromEntries(Object.keys(fields).map((name) => [name, undefined] as const))

function plainInput({ title, data }: Parts) {
  return { ...(title !== undefined && { title }), ...(data && { data }) }
}

/** A server that answers a write with something else has not kept it, or would hide what it kept. */
function insistOnKept(
  record: RecordFieldsFragment,
  { id, encryptedData }: Pick<UpdateRecordInput | CreateRecordInput, 'id' | 'encryptedData'>,
  revision: number,
): RecordFieldsFragment {
  const isKept =
    record.id === id &&
    record.revision === revision &&
    (encryptedData === undefined || record.encryptedData === encryptedData)
  if (!isKept) throw notKept('another record than the one that was written')
  return record
}

const notKept = (what: string) => new LatchkeyError('UNEXPECTED_ANSWER', `The server answered with ${what}.`)
const notFound = () => new LatchkeyError('NOT_FOUND', 'There is no such record, or it is not yours.', { field: 'id' })

/** Reads records as items of the app's, and opens what is encrypted in them. */
function readItems<T extends object>(
  session: VaultSession,
  names: PartNames,
  load: (id: string) => Promise<RecordFieldsFragment | null>,
) {
  // The newest revision that was read of each record.
  const newest = new Map<string, number>()
  // Keys that were followed once and still do not open: a record that is damaged is not asked about at each reading.
  const hopeless = new Set<string>()

  async function readAll(records: readonly RecordFieldsFragment[]): Promise<Item<T>[]> {
    const first = await open(records)
    const opened = await followed(records, first)
    return Promise.all(records.map((record, at) => current(record, opened[at] ?? UNREADABLE)))
  }

  /** An answer that was overtaken by another holds an old record, which does not open any more: it is read again. */
  async function current(record: RecordFieldsFragment, part: OpenedPart): Promise<Item<T>> {
    const { id, revision } = record
    const seen = newest.get(id) ?? 0
    if (part.keyState === 'OPEN') newest.set(id, Math.max(seen, revision))
    if (part.keyState !== 'UNREADABLE' || revision >= seen) return itemOf(record, part)
    const loaded = await load(id)
    if (!loaded || loaded.revision <= revision) return itemOf(record, part)
    const [again] = await open([loaded])
    return itemOf(loaded, again ?? UNREADABLE)
  }

  async function open(records: readonly RecordFieldsFragment[]): Promise<OpenedPart[]> {
    const envelopes = records.flatMap(({ id, revision, encryptedData }) =>
      encryptedData === null ? [] : [{ record: bareId(id), revision, envelope: encryptedData }],
    )
    const opened = envelopes.length > 0 ? await openIfPossible(envelopes) : null
    let next = 0
    return records.map(({ encryptedData }): OpenedPart => {
      if (encryptedData === null) return NONE
      if (!opened) return LOCKED
      const one = opened[next++]
      if (!one?.ok || !isFields(one.value)) return UNREADABLE
      return { keyState: one.verified ? 'OPEN' : 'UNVERIFIED', fields: one.value }
    })
  }

  /** Null where the keys are not at hand. Whatever keeps them away, what is plain can be read. */
  async function openIfPossible(envelopes: Parameters<VaultSession['decrypt']>[0]) {
    try {
      return (await session.isReady()) ? await session.decrypt(envelopes) : null
    } catch (error) {
      if (!isLatchkeyError(error)) reportFault(error)
      return null
    }
  }

  /** Where something does not open that is under another key than the current one, another device may have rotated. */
  async function followed(records: readonly RecordFieldsFragment[], opened: OpenedPart[]): Promise<OpenedPart[]> {
    const { state } = session
    if (state.kind === 'LOCKED') return opened
    const isNew = ({ keyId }: RecordFieldsFragment, at: number) =>
      opened[at]?.keyState === 'UNREADABLE' && keyId !== null && keyId !== state.keyId && !hopeless.has(keyId)
    const unknown = records.filter(isNew)
    if (unknown.length === 0) return opened
    try {
      await session.follow()
    } catch {
      // Whatever keeps the newer keys away, it is no fault of these records, and the others can be read.
      return records.map((record, at) => (isNew(record, at) ? LOCKED : (opened[at] ?? UNREADABLE)))
    }
    const again = await open(records)
    for (const [at, { keyId }] of records.entries()) {
      if (again[at]?.keyState === 'UNREADABLE' && keyId !== null) hopeless.add(keyId)
    }
    return again
  }

  function itemOf(record: RecordFieldsFragment, { keyState, fields }: OpenedPart): Item<T> {
    const { id, revision, createdAt, updatedAt } = record
    const isPlain = ([name]: readonly [string, unknown]) => !names.encrypted.has(name) && !names.sealed.has(name)
    const kept = Object.entries(fields ?? {}).filter(([name]) => !names.sealed.has(name))
    // Not where the part is closed: what is in it may be newer.
    const clear = fields ? inClear(record, names.encrypted) : {}
    const isMixed = Object.keys(clear).some((name) => !Object.hasOwn(fields ?? {}, name))
    const value = {
      ...clear,
      ...inClear(record, names.sealed),
      ...Object.fromEntries([...kept, ...plainEntries(record).filter(isPlain)]),
    }
    return {
      id,
      revision,
      // Copied, so that what an app does with its value changes nothing of what a change is made from.
      value: structuredClone(value) as Partial<T>, // what this app, or an older one, has written
      keyState: isMixed && keyState === 'OPEN' ? 'UNVERIFIED' : keyState,
      createdAt,
      updatedAt,
      origin: { record, opened: fields },
    }
  }

  async function read(record: RecordFieldsFragment): Promise<Item<T>> {
    const [item] = await readAll([record])
    if (!item) throw new Error('One record makes one item.')
    return item
  }

  /** An item whose encrypted fields are to be written. ENCRYPTION_LOCKED, CIPHERTEXT_REFUSED where that must not be. */
  async function openForChange(item: Item<T>): Promise<Item<T>> {
    // A list goes on without the keys; whoever writes is told why they are not at hand.
    if (item.keyState === 'LOCKED' && !(await session.isReady())) throw locked()
    const open = item.keyState === 'LOCKED' ? await read(item.origin.record) : item
    if (open.keyState === 'UNREADABLE') throw ciphertextRefused()
    if (open.keyState === 'LOCKED') throw locked()
    return open
  }

  return { readAll, read, openForChange }
}

type OpenedPart = { keyState: KeyState; fields: Fields | null }
const NONE: OpenedPart = { keyState: 'NONE', fields: {} }
const LOCKED: OpenedPart = { keyState: 'LOCKED', fields: null }
const UNREADABLE: OpenedPart = { keyState: 'UNREADABLE', fields: null }
