import type { Context } from '../../context.ts'
import type { MagicLink } from '../../generated/sqlite/client.ts'
import { digitsIn, isCode, MAX_CODE_TRIES } from '../sign-in/six-digits.ts'
import type { SignedIn } from '../sign-in/sign-in-result.ts'
import { heldChallenges } from './challenge-cookie.ts'
import { whyDead } from './magic-link.ts'
import { redeem } from './redeem.ts'
import { refuse } from './refuse.ts'

/**
 * Redeems the six digits of a mail in the browser that asked for it. A try is counted in the database before anything
 * is compared, so that neither parallel tries nor a restart give a guesser a sixth.
 */
export async function verifyMagicCode(context: Context, input: { code: string }): Promise<SignedIn> {
  const code = digitsIn(input.code)
  const links = await linksOfThisBrowser(context)
  const [newest] = links
  if (!newest) throw await refuse(context, { code: 'CODE_INVALID', reason: 'not-asked-here' })
  if (code === null) throw await refuse(context, { code: 'CODE_INVALID', reason: 'malformed', email: newest.email })

  let reason: string = whyDead(newest, context.services.now()) ?? 'too-many-tries'
  for (const link of links) {
    const counted = await countTry(context, link)
    if (!counted) continue
    reason = 'wrong'
    if (!isCode(context.services.keys, { purpose: 'sign-in', id: link.id }, counted.codeHash, code)) continue
    const redeemed = await redeem(context, counted, { askedHere: true })
    if (redeemed.kind === 'SignedIn') return redeemed
    reason = redeemed.reason
    break
  }
  throw await refuse(context, { code: 'CODE_INVALID', reason, email: newest.email })
}

async function linksOfThisBrowser(context: Context): Promise<MagicLink[]> {
  const challenges = heldChallenges(context)
  if (challenges.length === 0) return []
  return context.services.database.systemDb.magicLink.findMany({
    where: { challengeHash: { in: challenges } },
    orderBy: { createdAt: 'desc' },
  })
}

// Null when the link is used or too old, or its code has been tried too often.
async function countTry({ services }: Context, link: MagicLink): Promise<MagicLink | null> {
  const [counted] = await services.database.systemDb.magicLink.updateManyAndReturn({
    where: { id: link.id, consumedAt: null, expiresAt: { gt: services.now() }, codeTries: { lt: MAX_CODE_TRIES } },
    data: { codeTries: { increment: 1 } },
  })
  return counted ?? null
}
