import { v7 as uuidv7 } from 'uuid'
import type { Context } from '../../context.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { AuthMethod, ViewerUser } from '../../viewer.ts'
import { startSession } from '../sessions/start-session.ts'
import type { StartedSession } from '../sessions/start-session.ts'

/** What a method proved: that the caller reads this mail address, or holds a key of its account. */
type Proof = { email: string; method: AuthMethod; remember: boolean }

export type CompletedSignIn = { user: ViewerUser; started: StartedSession; isNewUser: boolean }

/**
 * The one end of every sign-in method: finds the account or makes it, starts the session, and writes the log, all in
 * the caller's transaction. Null when the address has no account and sign-up is closed.
 */
export async function completeSignIn(context: Context, tx: SystemTx, proof: Proof): Promise<CompletedSignIn | null> {
  const account = await findOrMakeAccount(context, tx, proof.email)
  if (!account) return null
  const { user, isNewUser } = account
  const started = await startSession(context, tx, { userId: user.id, method: proof.method, remember: proof.remember })
  await logSignIn(context, tx, proof.method, account, started)
  return { user, started, isNewUser }
}

type Account = { user: ViewerUser; isNewUser: boolean }

async function findOrMakeAccount({ services }: Context, tx: SystemTx, email: string): Promise<Account | null> {
  const now = services.now()
  if (!mayMakeAccount(services.config, email) && !(await tx.user.findUnique({ where: { email } }))) return null
  const newId = uuidv7({ msecs: now.getTime() })
  const user = await tx.user.upsert({
    where: { email },
    create: { id: newId, email, createdAt: now, lastLoginAt: now },
    update: { lastLoginAt: now },
  })
  const isNewUser = user.id === newId
  if (isNewUser) await tx.recordUsage.create({ data: { userId: user.id } })
  return { user, isNewUser }
}

/** Whether a first sign-in may make an account. A closed server lets its administrators in. */
export function mayMakeAccount(config: Context['services']['config'], email: string): boolean {
  return config.signUp === 'open' || config.adminEmails.includes(email)
}

async function logSignIn(
  context: Context,
  tx: SystemTx,
  method: AuthMethod,
  account: Account,
  started: StartedSession,
): Promise<void> {
  const { audit } = context.services
  const about = { userId: account.user.id, sessionId: started.session.id }
  const events = [
    ...(account.isNewUser
      ? [{ ...about, action: 'account.created', tableName: 'users', recordId: account.user.id }]
      : []),
    { ...about, action: 'login.succeeded', tableName: 'sessions', recordId: started.session.id, details: { method } },
  ]
  await tx.auditEntry.createMany({ data: events.map((event) => audit.row(event, context.origin)) })
}
