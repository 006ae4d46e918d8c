import type { Context } from '../../context.ts'
import { hashToken, isToken } from '../../platform/crypto/tokens.ts'
import type { ConfirmationRequired, SignedIn } from '../sign-in/sign-in-result.ts'
import { heldChallenges } from './challenge-cookie.ts'
import { whyDead } from './magic-link.ts'
import { redeem } from './redeem.ts'
import { refuse } from './refuse.ts'

/**
 * Redeems the token of a link. In the browser that asked for it, at once; in another one only with `confirm`, which
 * stands for a button that a person pressed. Without it nothing is used up, so that a mail scanner burns no link.
 */
export async function verifyMagicLink(
  context: Context,
  input: { token: string; confirm: boolean },
): Promise<SignedIn | ConfirmationRequired> {
  const { services } = context
  if (!isToken(input.token)) throw await refuse(context, { code: 'LINK_INVALID', reason: 'malformed' })
  const link = await services.database.systemDb.magicLink.findUnique({ where: { tokenHash: hashToken(input.token) } })
  const dead = whyDead(link, services.now())
  if (!link || dead)
    throw await refuse(context, { code: 'LINK_INVALID', reason: dead ?? 'unknown', email: link?.email })

  const askedHere = heldChallenges(context).includes(link.challengeHash)
  if (!askedHere && !input.confirm) {
    const { email, createdAt, deviceName, ipAddress } = link
    await logConfirmation(context, email)
    return { kind: 'ConfirmationRequired', email, requestedAt: createdAt, deviceName, ipAddress }
  }
  const redeemed = await redeem(context, link, { askedHere })
  if (redeemed.kind === 'SignedIn') return redeemed
  throw await refuse(context, { code: 'LINK_INVALID', reason: redeemed.reason, email: link.email })
}

async function logConfirmation({ services, origin }: Context, email: string): Promise<void> {
  const account = await services.database.systemDb.user.findUnique({ where: { email }, select: { id: true } })
  const event = { action: 'login.confirmation-asked', userId: account?.id ?? null, details: { method: 'MAGIC_LINK' } }
  await services.audit.commit([services.audit.row(event, origin)])
}
