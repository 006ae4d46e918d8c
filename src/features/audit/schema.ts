import { queryFromInfo } from '@pothos/plugin-prisma'
import { AppError } from '../../errors.ts'
import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { jsonFromText } from '../../schema/json-value.ts'
import { keysetPage, keysetWhere } from '../../schema/keyset.ts'
import type { AuditEntry, Prisma } from '../../generated/sqlite/client.ts'
import { selectIn } from '../../schema/selection.ts'
import { pageArgs } from '../../schema/page-args.ts'

// A page needs these for its cursors.
const ALWAYS = { id: true, timestamp: true } as const

const AuditEntryRef = builder.prismaNode('AuditEntry', {
  description: 'One line of the security log: who did what, to what, from where.',
  id: { field: 'id', description: '`audit_<uuid>`.' },
  nullable: true,
  select: ALWAYS,
  fields: (t) => ({
    action: t.exposeString('action', { description: "'login.succeeded', 'record.read', ..." }),
    tableName: t.exposeString('tableName', { nullable: true, description: 'The table that was read or written.' }),
    recordId: t.exposeID('recordId', {
      nullable: true,
      description:
        "The row's bare uuid, when it was one row (`record_` and a record's uuid are its id); those of several stand in details.",
    }),
    success: t.exposeBoolean('success', { description: 'False for a try that was refused; details hold the reason.' }),
    ipAddress: t.exposeString('ipAddress', { nullable: true, description: 'The address that the request came from.' }),
    userAgent: t.exposeString('userAgent', { nullable: true, description: 'The browser, in its own words.' }),
    deviceName: t.exposeString('deviceName', {
      nullable: true,
      description: "The browser in short: 'Chrome on macOS'.",
    }),
    details: t.field({
      type: 'JSON',
      nullable: true,
      select: { details: true },
      description: 'What else there is to know: the method and reason of a sign-in, the number and ids of rows.',
      resolve: ({ details }) => (details === null ? null : jsonFromText(details)),
    }),
    timestamp: t.expose('timestamp', { type: 'DateTime', description: 'When it happened.' }),
  }),
})

const AuditEntryEdge = builder.edgeObject({
  name: 'AuditEntryEdge',
  type: AuditEntryRef,
  nodeNullable: false,
  description: 'One line of a page of the log.',
})

const AuditEntryConnection = builder.connectionObject(
  {
    name: 'AuditEntryConnection',
    type: AuditEntryRef,
    edgesNullable: { list: false, items: false },
    description: 'A page of the security log.',
  },
  AuditEntryEdge,
)

builder.queryField('securityAudit', (t) =>
  t.field({
    ...guarded('Query.securityAudit', { limit: 'account' }),
    type: AuditEntryConnection,
    description: "The user's own activity, newest first.",
    args: { action: t.arg.string({ description: "Only lines of this action: 'login.failed'." }), ...pageArgs },
    resolve: (_root, args, context, info) => {
      const asked = queryFromInfo({ context, info, typeName: 'AuditEntry', path: ['edges', 'node'] })
      const query = selectIn<Prisma.AuditEntrySelect>(asked, ALWAYS)
      return keysetPage(
        args,
        ({ timestamp, id }: AuditEntry) => ({ at: timestamp, id }),
        ({ take, order, ...bounds }) =>
          context.db.auditEntry.findMany({
            ...query,
            where: { AND: [actionFilter(args.action), ...keysetWhere('timestamp', { take, order, ...bounds })] },
            orderBy: [{ timestamp: order }, { id: order }],
            take,
          }),
      )
    },
  }),
)

function actionFilter(action: string | null | undefined): { action?: string } {
  if (action === undefined) return {}
  if (action !== null && /^[A-Za-z-]{1,40}(\.[A-Za-z-]{1,40})?$/.test(action)) return { action }
  throw new AppError('BAD_INPUT', "action: the name of an action, such as 'login.failed'; leave it out for all.", {
    field: 'action',
  })
}
