import { queryFromInfo } from '@pothos/plugin-prisma'
import { builder } from '../../schema/builder.ts'
import { guarded, needs } from '../../schema/guarded.ts'
import type { GuardedField } from '../levels.ts'
import { jsonFromText, jsonValue } from '../../schema/json-value.ts'
import { encodeNodeId, rowIdOf } from '../../schema/node-id.ts'
import { pageArgs } from '../../schema/page-args.ts'
import type { Prisma } from '../../generated/sqlite/client.ts'
import { selectIn } from '../../schema/selection.ts'
import { countRecords, listRecords } from './list-records.ts'
import type { RecordPage } from './list-records.ts'
import { MAX_BYTES, openSecret } from './record-fields.ts'
import { createRecord, deleteRecord, updateRecord } from './write-record.ts'

/**
 * The small columns are always read, and their fields resolve from the row; a field with a `select` of its own asks
 * Pothos at each row what was read, so only the large ones have one: they are read when the query asks for them.
 */
const ALWAYS = {
  id: true,
  userId: true,
  collection: true,
  title: true,
  keyId: true,
  revision: true,
  createdAt: true,
  updatedAt: true,
} as const
export const recordColumns = (query: { select?: unknown }) => selectIn<Prisma.RecordSelect>(query, ALWAYS)

export const RecordRef = builder.prismaNode('Record', {
  description: "A piece of the signed-in user's private data. No other user can ever reach it.",
  id: { resolve: ({ id }) => id, description: '`record_<uuid>`.' },
  findUnique: (id, { viewer }) => ({ userId_id: { userId: viewer?.user.id ?? '', id } }),
  nullable: true,
  select: ALWAYS,
  fields: (t) => ({
    collection: t.string({
      description: "The app's own name for a kind of record: 'notes', 'settings'.",
      resolve: ({ collection }) => collection,
    }),
    title: t.string({ nullable: true, description: 'Plain, and searchable.', resolve: ({ title }) => title }),
    data: t.field({
      type: 'JSON',
      nullable: true,
      select: { data: true },
      description: 'Any JSON, kept as it is. Whoever can read the database can read it.',
      resolve: ({ data }) => (data === null ? null : jsonFromText(data)),
    }),
    secret: t.field({
      ...needs('Record.secret'),
      type: 'JSON',
      nullable: true,
      select: { secretSealed: true },
      description:
        'Encrypted at rest by the server; readable only with a fresh proof, and REAUTHENTICATION_REQUIRED without one.',
      resolve: (record, _args, { services }) =>
        record.secretSealed === null ? null : jsonValue(openSecret(services.keys, record, record.secretSealed)),
    }),
    encryptedData: t.string({
      nullable: true,
      select: { encryptedData: true },
      description:
        'End-to-end encrypted by the client: a compact JWE that the server cannot read. The revision that its ctx names is that of its last writing: at most the one of the record.',
      resolve: ({ encryptedData }) => encryptedData,
    }),
    keyId: t.string({
      nullable: true,
      description: "The key that encryptedData is encrypted with (the JWE's kid).",
      resolve: ({ keyId }) => keyId,
    }),
    revision: t.int({
      description: 'Counts the writes, from 1. A change names the revision that it was made from.',
      resolve: ({ revision }) => revision,
    }),
    createdAt: t.field({ type: 'DateTime', description: 'When it was made.', resolve: ({ createdAt }) => createdAt }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When it was last written.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
  }),
})

const size = (field: keyof typeof MAX_BYTES) => `At most ${MAX_BYTES[field].toLocaleString('en')} bytes.`

const CreateRecordInput = builder.inputType('CreateRecordInput', {
  description: 'A new record.',
  fields: (t) => ({
    id: t.id({
      description:
        'Made by the client (UUIDv7 in lower case, with or without `record_`) when the ciphertext must be bound to it; else by the server.',
    }),
    collection: t.string({ required: true, description: '1 to 64 letters, digits and `_ - . : /`, a letter first.' }),
    title: t.string({ description: `Plain, one line. ${size('title')}` }),
    data: t.field({ type: 'JSON', description: `Plain. ${size('data')}` }),
    secret: t.field({ type: 'JSON', description: `Encrypted at rest by the server. ${size('secret')}` }),
    encryptedData: t.string({
      description: `A compact JWE, kept as it is. ${size('encryptedData')} With encryption on, ENVELOPE_INVALID and KEY_ROTATED refuse what is not made for this record, its next revision and the key in force; while it is off, ENCRYPTION_OFF what is made as for it.`,
    }),
  }),
})

const UpdateRecordInput = builder.inputType('UpdateRecordInput', {
  description: 'A change of a record. A field that is left out stays as it is; null clears it.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The record to change.' }),
    revision: t.int({
      required: true,
      description: 'The revision that the change was made from; CONFLICT when it is no longer in force.',
    }),
    title: t.string({ description: `Plain, one line. ${size('title')}` }),
    data: t.field({ type: 'JSON', description: `Plain. ${size('data')}` }),
    secret: t.field({ type: 'JSON', description: `Encrypted at rest by the server. ${size('secret')}` }),
    encryptedData: t.string({
      description: `A compact JWE, kept as it is. ${size('encryptedData')} With encryption on, ENVELOPE_INVALID and KEY_ROTATED refuse what is not made for this record, its next revision and the key in force; while it is off, ENCRYPTION_OFF what is made as for it.`,
    }),
  }),
})

const DeleteRecordInput = builder.inputType('DeleteRecordInput', {
  description: 'Which record to delete.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The record to delete.' }),
    revision: t.int({ description: 'When given, the record is deleted only at this revision.' }),
  }),
})

const DeleteRecordPayload = builder.objectRef<{ id: string }>('DeleteRecordPayload').implement({
  description: 'What was deleted.',
  fields: (t) => ({
    deletedId: t.id({
      description: 'The id of the record that is gone.',
      resolve: ({ id }) => encodeNodeId('Record', id),
    }),
  }),
})

const data = (field: GuardedField) => guarded(field, { limit: 'data' })

const RecordEdge = builder.edgeObject({
  name: 'RecordEdge',
  type: RecordRef,
  nodeNullable: false,
  description: 'One record of a page.',
})

const RecordConnection = builder.connectionObject(
  {
    name: 'RecordConnection',
    type: RecordRef,
    edgesNullable: { list: false, items: false },
    description: 'A page of records.',
    fields: (t) => ({
      totalCount: t.int({
        description: 'How many records the filters match in all. It is counted only when it is asked for.',
        // The page that `records` answers is the parent; Relay's own shape does not know its filter.
        resolve: (page, _args, context) => countRecords(context, page as unknown as RecordPage),
      }),
    }),
  },
  RecordEdge,
)

builder.queryFields((t) => ({
  record: t.prismaField({
    ...data('Query.record'),
    type: RecordRef,
    nullable: true,
    description: "One of the user's records; null when there is no such record, or it is another's.",
    args: { id: t.arg.id({ required: true, description: 'The id of the record.' }) },
    resolve: (query, _root, { id }, { db }) =>
      db.record.findFirst({ ...recordColumns(query), where: { id: rowIdOf('Record', id) } }),
  }),
  records: t.field({
    ...data('Query.records'),
    type: RecordConnection,
    description: "A page of the user's records, the newest first. Filters are ANDed.",
    args: {
      collection: t.arg.string({ description: 'Only records of this collection.' }),
      titleContains: t.arg.string({
        description: 'Only records whose title holds this text, in any case: 1 to 200 characters.',
      }),
      updatedSince: t.arg({
        type: 'DateTime',
        description: 'Only records that were written at this instant or later.',
      }),
      ...pageArgs,
    },
    resolve: (_root, args, context, info) =>
      listRecords(
        context,
        args,
        recordColumns(queryFromInfo({ context, info, typeName: 'Record', path: ['edges', 'node'] })),
      ),
  }),
}))

builder.mutationFields((t) => ({
  createRecord: t.prismaField({
    ...data('Mutation.createRecord'),
    type: RecordRef,
    description:
      'Makes a record. CONFLICT when the id is taken, TOO_LARGE or QUOTA_EXCEEDED past a limit. With encryption on, a record with encryptedData needs an id of the client.',
    args: { input: t.arg({ type: CreateRecordInput, required: true, description: 'The record.' }) },
    resolve: (query, _root, { input }, context) => createRecord(context, input, recordColumns(query)),
  }),
  updateRecord: t.prismaField({
    ...data('Mutation.updateRecord'),
    type: RecordRef,
    description: 'Changes a record that still stands at the named revision. CONFLICT names the revision in force.',
    args: { input: t.arg({ type: UpdateRecordInput, required: true, description: 'The change.' }) },
    resolve: (query, _root, { input }, context) =>
      updateRecord(context, { ...input, id: rowIdOf('Record', input.id) }, recordColumns(query)),
  }),
  deleteRecord: t.field({
    ...data('Mutation.deleteRecord'),
    type: DeleteRecordPayload,
    description: 'Deletes a record for good. NOT_FOUND when it is gone, CONFLICT when it stands at another revision.',
    args: { input: t.arg({ type: DeleteRecordInput, required: true, description: 'Which one.' }) },
    resolve: async (_root, { input }, context) => {
      const id = rowIdOf('Record', input.id)
      await deleteRecord(context, { id, revision: input.revision ?? null })
      return { id }
    },
  }),
}))
