import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { AuthMethod, ViewerSession, ViewerUser } from '../../viewer.ts'
import { announceAlerts } from '../alerts/raise-alert.ts'
import { deviceOf, setDeviceCookie } from '../devices/device-cookie.ts'
import { meetDevice } from '../devices/meet-device.ts'
import { setSessionCookie } from '../sessions/session-cookie.ts'
import { startSession } from '../sessions/start-session.ts'

/** What a method proved: that the caller reads this mail address, or holds a key of this account. */
export type Proof = { account: { email: string } | { userId: string }; remember: boolean }

export type CompletedSignIn = { kind: 'SignedIn'; user: ViewerUser; session: ViewerSession }

/** No sign-in, and why, for the log alone: another request was first, or the account may not be made any more. */
export type NotSignedIn = { kind: 'NotSignedIn'; reason: 'used' | 'sign-up-closed' }

/**
 * The one end of every sign-in method. `prove` uses up what the method proved by, in the transaction that finds or makes
 * the account, starts the session and writes the log: a process that dies in between leaves everything as it was. It
 * gives null where another request was first. Afterwards the browser has its cookies.
 */
export async function completeSignIn(
  context: Context,
  method: AuthMethod,
  prove: (tx: SystemTx) => Promise<Proof | null>,
): Promise<CompletedSignIn | NotSignedIn> {
  const { services } = context
  // The second would leave the first one's session behind, with a cookie that nobody keeps.
  if (context.issued) throw new AppError('BAD_INPUT', 'One sign-in in a request: send the next in its own.')

  const done = await services.database.systemDb.$transaction(async (tx) => {
    const proof = await prove(tx)
    if (!proof) return 'used'
    const account = await findOrMakeAccount(context, tx, proof.account)
    if (!account) return 'sign-up-closed'
    const { user } = account
    const device = deviceOf(context, user.email)
    const { remember } = proof
    const started = await startSession(context, tx, { userId: user.id, method, remember, deviceHash: device.hash })
    await logSignIn(context, tx, method, account, started.session)
    return { user, device, started, alert: await meetDevice(context, tx, account, device) }
  })
  if (typeof done === 'string') return { kind: 'NotSignedIn', reason: done }

  const { user, device, started, alert } = done
  context.issued = { user, session: started.session }
  setSessionCookie(context, started)
  setDeviceCookie(context, device)
  announceAlerts(services, [alert])
  services.metrics.signIn(method, 'succeeded')
  return { kind: 'SignedIn', user, session: started.session }
}

type Account = { user: ViewerUser; isNewUser: boolean }

async function findOrMakeAccount(
  { services }: Context,
  tx: SystemTx,
  account: Proof['account'],
): Promise<Account | null> {
  const now = services.now()
  if ('userId' in account) {
    const user = await tx.user.update({ where: { id: account.userId }, data: { lastLoginAt: now } })
    return { user: { ...user, encryptionEnabled: await isEncrypted(tx, user.id) }, isNewUser: false }
  }
  const { email } = account
  if (!mayMakeAccount(services.config, email) && !(await tx.user.findUnique({ where: { email } }))) return null
  const newId = uuidv7({ msecs: now.getTime() })
  const user = await tx.user.upsert({
    where: { email },
    create: { id: newId, email, createdAt: now, lastLoginAt: now },
    update: { lastLoginAt: now },
  })
  const isNewUser = user.id === newId
  if (isNewUser) await tx.recordUsage.create({ data: { userId: user.id } })
  const encryptionEnabled = !isNewUser && (await isEncrypted(tx, user.id))
  return { user: { ...user, encryptionEnabled }, isNewUser }
}

// Read beside the account, not with it: an upsert that includes a relation is two statements and no longer one.
async function isEncrypted(tx: SystemTx, userId: string): Promise<boolean> {
  const keys = await tx.encryptionKeys.findUnique({ where: { userId }, select: { encryptionEnabled: true } })
  return keys?.encryptionEnabled ?? false
}

/** Whether a first sign-in may make an account. A closed server lets its administrators in. */
export function mayMakeAccount(config: Context['services']['config'], email: string): boolean {
  return config.signUp === 'open' || config.adminEmails.includes(email)
}

async function logSignIn(
  context: Context,
  tx: SystemTx,
  method: AuthMethod,
  { user, isNewUser }: Account,
  session: ViewerSession,
): Promise<void> {
  const { audit } = context.services
  const about = { userId: user.id, sessionId: session.id }
  const events = [
    ...(isNewUser ? [{ ...about, action: 'account.created', tableName: 'users', recordId: user.id }] : []),
    { ...about, action: 'login.succeeded', tableName: 'sessions', recordId: session.id, details: { method } },
  ]
  await tx.auditEntry.createMany({ data: events.map((event) => audit.row(event, context.origin)) })
}
