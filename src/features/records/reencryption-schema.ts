import { queryFromInfo } from '@pothos/plugin-prisma'
import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { encodeNodeId, rowIdOf } from '../../schema/node-id.ts'
import { KeyRotationRef } from '../encryption/schema.ts'
import { BATCH, recordsToReencrypt } from './records-to-reencrypt.ts'
import type { RecordToReencrypt } from './records-to-reencrypt.ts'
import { reencryptRecords } from './reencrypt-records.ts'
import type { Reencrypted } from './reencrypt-records.ts'
import { recordColumns, RecordRef } from './schema.ts'

const RecordToReencryptRef = builder.objectRef<RecordToReencrypt>('RecordToReencrypt').implement({
  description: 'A record whose encryptedData names a retired key.',
  fields: (t) => ({
    id: t.id({ description: 'The id of the record.', resolve: ({ id }) => encodeNodeId('Record', id) }),
    revision: t.exposeInt('revision', { description: 'The revision of the record.' }),
    encryptedData: t.exposeString('encryptedData', { description: 'What must be encrypted anew.' }),
  }),
})

const ReencryptRecordInput = builder.inputType('ReencryptRecordInput', {
  description: 'A record, encrypted anew.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The id of the record.' }),
    revision: t.int({ required: true, description: 'The revision that it was read at.' }),
    encryptedData: t.string({
      required: true,
      description: 'The envelope under the key in force, made for the next revision.',
    }),
  }),
})

const ReencryptRecordsPayload = builder.objectRef<Reencrypted>('ReencryptRecordsPayload').implement({
  description: 'What was written, and what was not.',
  fields: (t) => ({
    records: t.field({
      type: [RecordRef],
      description: 'The records that were written.',
      resolve: ({ records }) => records,
    }),
    conflicts: t.idList({
      description: 'Records that someone else wrote first: read them again. Also those that are gone.',
      resolve: ({ conflicts }) => conflicts.map((id) => encodeNodeId('Record', id)),
    }),
    rotation: t.field({
      type: KeyRotationRef,
      description: 'The newest rotation, as it stands now.',
      resolve: ({ rotation }) => rotation,
    }),
  }),
})

const most = `${BATCH.records} records, and ${BATCH.bytes.toLocaleString('en')} bytes of encryptedData`

builder.queryFields((t) => ({
  recordsToReencrypt: t.field({
    ...guarded('Query.recordsToReencrypt', { limit: 'reencryption' }),
    type: [RecordToReencryptRef],
    description: `The next of the user's records whose encryptedData names a retired key. At most ${most}: what reencryptRecords takes.`,
    args: {
      first: t.arg.int({ defaultValue: BATCH.records, description: 'How many: 1 to 100.' }),
      after: t.arg.id({ description: 'Only records after this one: the last that was given before.' }),
    },
    resolve: (_root, { first, after }, context) =>
      recordsToReencrypt(context, {
        first: first ?? BATCH.records,
        after: after == null ? null : rowIdOf('Record', after),
      }),
  }),
}))

builder.mutationFields((t) => ({
  reencryptRecords: t.field({
    ...guarded('Mutation.reencryptRecords', { limit: 'reencryption' }),
    type: ReencryptRecordsPayload,
    description: `Writes records anew under the key in force, each if it still stands at its revision. At most ${most} at once; an empty list only notes that the rotation is finished, when it is. A fault in one envelope refuses the whole call: ENVELOPE_INVALID, KEY_ROTATED. NOT_FOUND when the keys were never rotated.`,
    args: { input: t.arg({ type: [ReencryptRecordInput], required: true, description: 'The records.' }) },
    resolve: (_root, { input }, context, info) =>
      reencryptRecords(
        context,
        input.map((item) => ({ ...item, id: rowIdOf('Record', item.id) })),
        recordColumns(queryFromInfo({ context, info, typeName: 'Record', path: ['records'] })),
      ),
  }),
}))
