import type { Context, Origin } from '../../context.ts'
import { hashToken, makeToken } from '../../platform/crypto/tokens.ts'
import type { SystemTx } from '../../platform/db/types.ts'
import type { AuthMethod, ViewerSession } from '../../viewer.ts'
import { toViewerSession } from './to-viewer-session.ts'

type Proof = { userId: string; method: AuthMethod; remember: boolean; deviceHash: string }

/** A session that began or was renewed, and the token for its cookie, which is stored nowhere. */
export type StartedSession = { session: ViewerSession; token: string; maxAgeMs: number }

/**
 * Gives the browser a session for the user. A live session of the same user keeps its row and changes its token, so
 * that the old token is dead; a session of another user in this browser ends. A token that came with the request is
 * never adopted.
 */
export async function startSession(context: Context, tx: SystemTx, proof: Proof): Promise<StartedSession> {
  const { now, config } = context.services
  const startedAt = now()
  const maxAgeMs = proof.remember ? config.lifetimes.rememberedSessionMs : config.lifetimes.sessionMs
  const token = makeToken()
  const columns = {
    ...provedNow(context, proof.method, startedAt),
    tokenHash: hashToken(token),
    authMethod: proof.method,
    remembered: proof.remember,
    deviceHash: proof.deviceHash,
    expiresAt: new Date(startedAt.getTime() + maxAgeMs),
  }
  const held = context.viewer?.session
  if (held) {
    const renewed = await tx.session.updateManyAndReturn({
      where: { id: held.id, userId: proof.userId },
      data: columns,
    })
    if (renewed[0]) return { session: toViewerSession(renewed[0]), token, maxAgeMs }
    await endReplaced(context, tx, held)
  }
  const session = await tx.session.create({
    data: { ...columns, userId: proof.userId, createdAt: startedAt },
  })
  return { session: toViewerSession(session), token, maxAgeMs }
}

/** What raises a session: a method of signing in, or a recovery of the account's keys, which stands for a strong one. */
export type ProvedBy = AuthMethod | 'RECOVERY'

type Proved = Origin & {
  provedAt: Date
  lastActivityAt: Date
  strongProvedAt?: Date | null
  mailProvedAt?: Date | null
}

/** The columns of a session that a proof sets: what was proved, when, where from, and by what browser. */
export function provedNow({ viewer, origin }: Context, by: ProvedBy, at: Date): Proved {
  // Older proofs go on counting only where they were made: this one moves the session to where it comes from.
  const older = viewer && !viewer.moved ? {} : { strongProvedAt: null, mailProvedAt: null }
  const proved = by === 'MAGIC_LINK' ? { mailProvedAt: at } : { strongProvedAt: at }
  return { ...origin, provedAt: at, lastActivityAt: at, ...older, ...proved }
}

/** The browser now belongs to another account's session: the one that it held ends, and its owner can read why. */
async function endReplaced({ services, origin }: Context, tx: SystemTx, held: ViewerSession): Promise<void> {
  const { count } = await tx.session.deleteMany({ where: { id: held.id } })
  if (count === 0) return
  const about = { userId: held.userId, sessionId: held.id, tableName: 'sessions', recordId: held.id }
  const event = { ...about, action: 'session.deleted', details: { reason: 'replaced' } }
  await tx.auditEntry.create({ data: services.audit.row(event, origin) })
}
