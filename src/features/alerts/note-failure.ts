import type { Context, Origin } from '../../context.ts'
import { neighbourhoodOf } from '../../platform/http/network.ts'
import type { Services } from '../../services.ts'
import { adminMail } from './emails.ts'
import { announceAlerts, raiseAlert } from './raise-alert.ts'
import { NETWORK_TOLD_MS, THRESHOLDS } from './thresholds.ts'
import { webhookBody } from './webhook-body.ts'

const DAY = 24 * 60 * 60_000

/** Failed sign-ins from one network: no user's, so no alert of a user's, but a word to the administrators. */
const NETWORK_KIND = 'network.repeated-failures'

/**
 * Counts a failed sign-in or re-authentication, for the account that it was aimed at and for the network that it came from, and warns where
 * it is one too many. It happens behind the answer's back: neither what it takes nor that it fails can be seen from
 * outside, so an address with an account looks like one without. Each failure above the threshold looks whether the
 * warning was written: the process that counted the one that filled it may have died before.
 */
export function noteFailure({ services, origin }: Pick<Context, 'services' | 'origin'>, userId: string | null): void {
  services.background.run('alerts.note-failure', async () => {
    const { limits, keys } = services
    if (userId !== null && (await limits.reaches(THRESHOLDS.failuresOfAccount, { userId })))
      if (await limits.fills(THRESHOLDS.weighedOfAccount, { userId })) await warnOwner(services, origin, userId)
    if (!(await limits.reaches(THRESHOLDS.failuresOfNetwork, { ipAddress: origin.ipAddress }))) return
    // Told once for what a provider gives to one customer: a stranger with a thousand networks is one stranger.
    const neighbourhood = keys.mac('limit-keys', neighbourhoodOf(origin.ipAddress))
    if (await limits.fills(THRESHOLDS.weighedOfNetwork, { userId: neighbourhood }))
      await warnAdmins(services, origin, neighbourhood)
  })
}

async function warnOwner(services: Services, origin: Origin, userId: string): Promise<void> {
  const { systemDb } = services.database
  const now = services.now()
  const kind = 'login.repeated-failures'
  const day = now.toISOString().slice(0, 10)
  // An hour may reach over midnight, and is told of once.
  const since = new Date(Math.min(Date.parse(day), now.getTime() - THRESHOLDS.failuresOfAccount.windowMs))
  const told = await systemDb.securityAlert.findFirst({
    where: { userId, kind, createdAt: { gte: since } },
    select: { id: true },
  })
  if (told) return
  const raised = await systemDb.$transaction(async (tx) => {
    const user = await tx.user.findUnique({ where: { id: userId }, select: { id: true, email: true } })
    return user && raiseAlert(services, tx, { kind, user, onceKey: `${kind}:${day}`, origin })
  })
  announceAlerts(services, [raised])
}

async function warnAdmins(services: Services, origin: Origin, neighbourhood: string): Promise<void> {
  const { config, database, outbox, audit, metrics, now } = services
  const at = now()
  const told = await database.systemDb.auditEntry.findFirst({
    where: {
      userId: null,
      action: NETWORK_KIND,
      timestamp: { gt: new Date(at.getTime() - NETWORK_TOLD_MS) },
      recordId: neighbourhood,
    },
    select: { id: true },
  })
  if (told) return
  const options = { expiresAt: new Date(at.getTime() + DAY) }
  const publicHost = config.pagesUrl.host
  const title = 'Many failed sign-ins from one network'
  const lines = [`Network: ${neighbourhoodOf(origin.ipAddress)}`, `Kind: ${NETWORK_KIND}`]
  const message = `${THRESHOLDS.failuresOfNetwork.max} sign-ins from one network failed within an hour.`
  await database.systemDb.$transaction(async (tx) => {
    for (const to of config.adminEmails)
      await outbox.enqueue(tx, adminMail({ to, title: `Alert: ${title}`, lines, at, publicHost }), options)
    const { deviceName } = origin
    const body = webhookBody({ kind: NETWORK_KIND, id: null, userId: null, message, deviceName, createdAt: at })
    await outbox.enqueueCall(tx, { body }, options)
    const event = { action: NETWORK_KIND, userId: null, recordId: neighbourhood, success: false }
    await tx.auditEntry.create({ data: audit.row(event, origin) })
  })
  metrics.alert(NETWORK_KIND)
  outbox.wake()
}
