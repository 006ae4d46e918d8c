import type { Context } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { RecoveryRequest } from '../../generated/sqlite/client.ts'
import { noteFailure } from '../alerts/note-failure.ts'
import { beginAssertion } from '../passkeys/begin-ceremony.ts'
import type { BegunCeremony } from '../passkeys/begin-ceremony.ts'
import { keepCounter, refuseCopy, verifyOwnAssertion } from '../passkeys/own-assertion.ts'
import type { AssertionInput } from '../passkeys/own-assertion.ts'
import { mailProvedOfLate } from '../sessions/level.ts'
import { renewSession, takeUpRenewed } from '../sessions/renew-session.ts'
import { requireViewer } from '../sessions/signed-in.ts'
import type { SignedInContext } from '../sessions/signed-in.ts'
import { expectSetUp, expectUnlocked } from './availability.ts'
import { inTurn, logRefused } from './in-turn.ts'
import type { Turn } from './in-turn.ts'
import { release } from './release.ts'
import { findOpenRequest, recoveryNotOpen } from './requests.ts'
import type { Proved } from './verify-recovery.ts'

/**
 * Begins to prove by one of the viewer's passkeys, within an open request. REAUTHENTICATION_REQUIRED unless the session
 * has shown of late that its owner reads the account's mail: a passkey alone opens nothing that it could not open before.
 */
export async function beginPasskeyRecovery(context: Context): Promise<BegunCeremony> {
  requireViewer(context)
  await inTurn(context, 'begin-passkey', (turn) => openRequest(context, turn))
  return beginAssertion(context, 'RECOVERY')
}

/**
 * Ends it. The session is renewed and stands at STRONG. A passkey that opens the keys releases its slot to the session;
 * one that does not releases nothing, and leaves the request as it was: the client says what is still locked.
 */
export async function completePasskeyRecovery(context: Context, input: AssertionInput): Promise<Proved> {
  requireViewer(context)
  // Before the challenge is used up: what is missing here can be mended, and the ceremony need not begin anew.
  await inTurn(context, 'complete-passkey', (turn) => openRequest(context, turn))
  const log = async (reason: string) => {
    await logRefused(context, 'complete-passkey', `passkey: ${reason}`)
    noteFailure(context, context.viewer.user.id)
  }
  const assertion = await verifyOwnAssertion(context, 'RECOVERY', input, log)
  const done = await inTurn(context, 'complete-passkey', async (turn) => {
    const open = await openRequest(context, turn)
    if (!(await keepCounter(context, turn.tx, assertion))) return null
    const proved = await releaseByPasskey(turn, open, assertion.passkey.id)
    return { proved, renewed: await renewSession(context, turn.tx, 'PASSKEY') }
  })
  if (!done) throw await refuseCopy(context, assertion, log)
  takeUpRenewed(context, done.renewed)
  return done.proved
}

async function openRequest({ services, viewer }: SignedInContext, { tx, userId, now }: Turn): Promise<RecoveryRequest> {
  const request = await findOpenRequest(tx, userId, now)
  if (!request) throw recoveryNotOpen()
  await expectUnlocked(tx, { userId, method: 'PASSKEY', now })
  await expectSetUp(tx, { userId, method: 'PASSKEY', now })
  if (mailProvedOfLate(viewer.session, services.now(), services.config.lifetimes.freshMs)) return request
  const minutes = services.config.lifetimes.freshMs / 60_000
  throw new AppError(
    'REAUTHENTICATION_REQUIRED',
    `This needs, beside the passkey, a proof by mail from the last ${minutes} minutes. Prove it by requestReauthenticationCode, then repeat the call.`,
    { level: 'FRESH', methods: ['MAGIC_LINK'] },
  )
}

async function releaseByPasskey(turn: Turn, open: RecoveryRequest, passkeyId: string): Promise<Proved> {
  const { tx, userId, now } = turn
  const slot = await tx.keySlot.findFirst({ where: { userId, kind: 'PASSKEY', passkeyId } })
  if (!slot) {
    await turn.log('recovery.verified', open, { method: 'PASSKEY', passkeyId })
    return { request: { ...open, seenAt: now }, slot: null, givesKeys: true }
  }
  const request = await release(turn, open, { method: 'PASSKEY' })
  await turn.log('recovery.released', request, { method: 'PASSKEY', slotId: slot.id, passkeyId })
  return { request, slot, givesKeys: true }
}
