import type { Context, Origin } from '../../context.ts'
import { neighbourhoodOf } from '../../platform/http/network.ts'
import type { Services } from '../../services.ts'
import { adminMail } from './emails.ts'
import { announceAlerts, raiseAlert } from './raise-alert.ts'
import { THRESHOLDS } from './thresholds.ts'
import { webhookBody } from './webhook-body.ts'

const DAY = 24 * 60 * 60_000

/** Failed sign-ins from one network: no user's, so no alert of a user's, but a word to the administrators. */
const NETWORK_KIND = 'network.repeated-failures'

/**
 * Counts a failed sign-in or re-authentication, for the account that it was aimed at and for the network that it came from, and warns where
 * it is one too many. It happens behind the answer's back: neither what it takes nor that it fails can be seen from
 * outside, so an address with an account looks like one without.
 */
export function noteFailure({ services, origin }: Pick<Context, 'services' | 'origin'>, userId: string | null): void {
  services.background.run('alerts.note-failure', async () => {
    const { limits } = services
    if (userId !== null && (await limits.fills(THRESHOLDS.failuresOfAccount, { userId })))
      await warnOwner(services, origin, userId)
    const network = { ipAddress: origin.ipAddress }
    if (!(await limits.fills(THRESHOLDS.failuresOfNetwork, network))) return
    // Told once for what a provider gives to one customer: a stranger with a thousand networks is one stranger.
    const neighbourhood = { userId: services.keys.mac('limit-keys', neighbourhoodOf(origin.ipAddress)) }
    if (await limits.fills(THRESHOLDS.toldOfNetwork, neighbourhood)) await warnAdmins(services, origin)
  })
}

async function warnOwner(services: Services, origin: Origin, userId: string): Promise<void> {
  const day = services.now().toISOString().slice(0, 10)
  const raised = await services.database.systemDb.$transaction(async (tx) => {
    const user = await tx.user.findUnique({ where: { id: userId }, select: { id: true, email: true } })
    if (!user) return null
    const onceKey = `login.repeated-failures:${day}`
    return raiseAlert(services, tx, { kind: 'login.repeated-failures', user, onceKey, origin })
  })
  announceAlerts(services, [raised])
}

async function warnAdmins({ config, database, outbox, audit, metrics, now }: Services, origin: Origin): Promise<void> {
  const at = now()
  const options = { expiresAt: new Date(at.getTime() + DAY) }
  const publicHost = config.publicUrl.host
  const title = 'Many failed sign-ins from one network'
  const lines = [`Network: ${neighbourhoodOf(origin.ipAddress)}`, `Kind: ${NETWORK_KIND}`]
  const message = `${THRESHOLDS.failuresOfNetwork.max} sign-ins from one network failed within an hour.`
  await database.systemDb.$transaction(async (tx) => {
    for (const to of config.adminEmails)
      await outbox.enqueue(tx, adminMail({ to, title: `Alert: ${title}`, lines, at, publicHost }), options)
    const { deviceName } = origin
    const body = webhookBody({ kind: NETWORK_KIND, id: null, userId: null, message, deviceName, createdAt: at })
    await outbox.enqueueCall(tx, { body }, options)
    const event = { action: NETWORK_KIND, userId: null, success: false }
    await tx.auditEntry.create({ data: audit.row(event, origin) })
  })
  metrics.alert(NETWORK_KIND)
  outbox.wake()
}
