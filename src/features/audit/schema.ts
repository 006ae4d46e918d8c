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
    args: {
      action: t.arg.string({ description: "Only lines of this action: 'login.failed'." }),
      actions: t.arg.stringList({
        description: "Only lines of these actions, where a star stands for any word: ['login.*', 'session.deleted'].",
      }),
      except: t.arg.stringList({
        description: "No lines of these actions: ['*.read'] leaves out what was only read.",
      }),
      success: t.arg.boolean({ description: 'False: only tries that were refused. True: only what was done.' }),
      ...pageArgs,
    },
    resolve: (_root, args, context, info) => {
      const asked = queryFromInfo({ context, info, typeName: 'AuditEntry', path: ['edges', 'node'] })
      const query = selectIn<Prisma.AuditEntrySelect>(asked, ALWAYS)
      const filters = filtersIn(args)
      return keysetPage(
        args,
        ({ timestamp, id }: AuditEntry) => ({ at: timestamp, id }),
        ({ take, order, ...bounds }) =>
          context.db.auditEntry.findMany({
            ...query,
            where: { AND: [...filters, ...keysetWhere('timestamp', { take, order, ...bounds })] },
            orderBy: [{ timestamp: order }, { id: order }],
            take,
          }),
      )
    },
  }),
)

type Filters = {
  action?: string | null | undefined
  actions?: readonly string[] | null | undefined
  except?: readonly string[] | null | undefined
  success?: boolean | null | undefined
}

const MAX_PATTERNS = 20

function filtersIn({ action, actions, except, success }: Filters): Prisma.AuditEntryWhereInput[] {
  return [
    actionFilter(action),
    ...(actions ? [{ OR: anyOf('actions', actions) }] : []),
    ...(except ? [{ NOT: { OR: anyOf('except', except) } }] : []),
    ...(typeof success === 'boolean' ? [{ success }] : []),
  ]
}

function anyOf(field: 'actions' | 'except', patterns: readonly string[]): Prisma.AuditEntryWhereInput[] {
  if (patterns.length >= 1 && patterns.length <= MAX_PATTERNS)
    return patterns.map((pattern) => patternFilter(field, pattern))
  throw new AppError('BAD_INPUT', `${field}: 1 to ${MAX_PATTERNS} actions; leave it out for all.`, { field })
}

function patternFilter(field: 'actions' | 'except', pattern: string): Prisma.AuditEntryWhereInput {
  const [, subject, deed] = /^(\*|[A-Za-z-]{1,40})\.(\*|[A-Za-z-]{1,40})$/.exec(pattern) ?? []
  if (subject === undefined || deed === undefined || pattern === '*.*') {
    throw new AppError('BAD_INPUT', `${field}: names of actions, such as 'login.failed', 'login.*' or '*.read'.`, {
      field,
    })
  }
  if (subject === '*') return { action: { endsWith: `.${deed}` } }
  return { action: deed === '*' ? { startsWith: `${subject}.` } : pattern }
}

function actionFilter(action: string | null | undefined): { action?: string } {
  if (action === undefined) return {}
  if (action !== null && /^[A-Za-z-]{1,40}(\.[A-Za-z-]{1,40})?$/.test(action)) return { action }
  throw new AppError('BAD_INPUT', "action: the name of an action, such as 'login.failed'; leave it out for all.", {
    field: 'action',
  })
}
