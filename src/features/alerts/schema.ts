import { queryFromInfo } from '@pothos/plugin-prisma'
import type { Prisma, SecurityAlert } from '../../generated/sqlite/client.ts'
import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { keysetPage, keysetWhere } from '../../schema/keyset.ts'
import { rowIdOf } from '../../schema/node-id.ts'
import { pageArgs } from '../../schema/page-args.ts'
import { selectIn } from '../../schema/selection.ts'
import { acknowledgeAlert } from './acknowledge-alert.ts'
import { watchAlerts } from './watch-alerts.ts'

const ALWAYS = {
  id: true,
  kind: true,
  message: true,
  ipAddress: true,
  deviceName: true,
  createdAt: true,
  acknowledgedAt: true,
} as const

const SecurityAlertRef = builder.prismaNode('SecurityAlert', {
  description: 'A warning about the account: a new device, a new place, failed sign-ins, unusual reads.',
  id: { field: 'id', description: '`alert_<uuid>`.' },
  nullable: true,
  select: ALWAYS,
  fields: (t) => ({
    kind: t.exposeString('kind', {
      description:
        "'passkey.added', 'passkey.removed', 'passkey.copied', 'login.new-device', 'login.new-location', 'login.repeated-failures', 'records.unusual-access', 'encryption.enabled', 'encryption.unlock-added', 'encryption.passphrase-changed', 'encryption.codes-replaced', 'encryption.keys-rotated', 'encryption.disabled', ... Branch on this; a kind never changes its meaning, and new ones come.",
    }),
    message: t.exposeString('message', { description: 'What happened, in plain words that may be shown as they are.' }),
    ipAddress: t.exposeString('ipAddress', {
      nullable: true,
      description: 'The address that it came from.',
    }),
    deviceName: t.exposeString('deviceName', {
      nullable: true,
      description: "The browser that it came from: 'Chrome on macOS'.",
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it happened.' }),
    acknowledgedAt: t.expose('acknowledgedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the user said to have seen it, by acknowledgeAlert or the link in the mail; null until then.',
    }),
  }),
})

const SecurityAlertEdge = builder.edgeObject({
  name: 'SecurityAlertEdge',
  type: SecurityAlertRef,
  nodeNullable: false,
  description: 'One alert of a page.',
})

const SecurityAlertConnection = builder.connectionObject(
  {
    name: 'SecurityAlertConnection',
    type: SecurityAlertRef,
    edgesNullable: { list: false, items: false },
    description: 'A page of alerts.',
  },
  SecurityAlertEdge,
)

builder.queryField('securityAlerts', (t) =>
  t.field({
    ...guarded('Query.securityAlerts', { limit: 'account' }),
    type: SecurityAlertConnection,
    description: "The user's alerts, the newest first. They are kept as long as the security log.",
    args: pageArgs,
    resolve: (_root, args, context, info) => {
      const asked = queryFromInfo({ context, info, typeName: 'SecurityAlert', path: ['edges', 'node'] })
      const query = selectIn<Prisma.SecurityAlertSelect>(asked, ALWAYS)
      return keysetPage(
        args,
        ({ createdAt, id }: SecurityAlert) => ({ at: createdAt, id }),
        ({ take, order, ...bounds }) =>
          context.db.securityAlert.findMany({
            ...query,
            where: { AND: keysetWhere('createdAt', { take, order, ...bounds }) },
            orderBy: [{ createdAt: order }, { id: order }],
            take,
          }),
      )
    },
  }),
)

builder.mutationFields((t) => ({
  acknowledgeAlert: t.field({
    ...guarded('Mutation.acknowledgeAlert', { limit: 'account' }),
    type: SecurityAlertRef,
    description:
      "Notes that the user has seen an alert. Doing so again changes nothing. NOT_FOUND for one that is gone, or another user's.",
    args: { id: t.arg.id({ required: true, description: 'The id of the alert.' }) },
    resolve: (_root, { id }, context) => acknowledgeAlert(context, rowIdOf('SecurityAlert', id)),
  }),
}))

builder.subscriptionField('securityAlert', (t) =>
  t.field({
    ...guarded('Subscription.securityAlert', { limit: 'account' }),
    type: SecurityAlertRef,
    description:
      "The user's alerts as they happen, in whatever process, over server-sent events (POST with `Accept: text/event-stream`). At most five streams for a session: QUOTA_EXCEEDED. The stream ends with UNAUTHENTICATED when its session is revoked or expires. It completes without an error when the session has proved itself anew, which changes its cookie, and when the server stops: begin it again. After a break, `securityAlerts` holds what was missed.",
    subscribe: (_root, _args, context) => watchAlerts(context),
    // What ends a stream comes through it as its last event: thrown here, it reaches the caller as any refusal does.
    resolve: (event) => {
      if (event instanceof Error) throw event
      return event
    },
  }),
)
