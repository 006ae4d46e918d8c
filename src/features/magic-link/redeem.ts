import type { Context } from '../../context.ts'
import type { MagicLink } from '../../generated/sqlite/client.ts'
import { completeSignIn } from '../sign-in/complete-sign-in.ts'
import type { NotSignedIn } from '../sign-in/complete-sign-in.ts'
import type { SignedIn } from '../sign-in/sign-in-result.ts'
import { clearChallenges } from './challenge-cookie.ts'
import { consumeOnce } from './magic-link.ts'

/**
 * Uses the link up and signs in. The device is remembered only where it is the one that asked to be: another one that
 * confirms was not meant.
 */
export async function redeem(
  context: Context,
  link: MagicLink,
  { askedHere }: { askedHere: boolean },
): Promise<SignedIn | NotSignedIn> {
  const result = await completeSignIn(context, 'MAGIC_LINK', async (tx) => {
    const consumed = await consumeOnce(tx, link.id, context.services.now())
    return consumed && { account: { email: link.email }, remember: link.rememberDevice && askedHere }
  })
  if (result.kind === 'NotSignedIn') return result
  clearChallenges(context)
  return { ...result, redirectTo: link.redirectTo }
}
